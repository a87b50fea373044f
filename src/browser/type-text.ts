/** @file Types like a person, key by key, so that pages which listen to keys see them. */

import type { CDPSession, Page } from "playwright-core";
import type { ActionError } from "../core/action.ts";
import { fieldValue, isWholeValue, sliderValue } from "./field-values.ts";
import { locateOn, refuse, report } from "./hand.ts";
import type { Named } from "./hand.ts";
import { mainDocument } from "./page-world.ts";
import type { PageDocument } from "./page-world.ts";
import { setSlider } from "./slider.ts";

/** For longer texts: this many characters at both ends are typed as keys, the rest between them at once. */
const EDGE = 20;
const ALL_BY_KEYS = 80;

/** Replaces the text or the value of an element; with `enter`, then presses Enter. */
export async function typeInto(
  page: Page,
  text: string,
  named: Named,
  enter: boolean,
): Promise<ActionError | null> {
  const error = await fill(page, text, named);
  if (error === null && enter) await page.keyboard.press("Enter");
  return error;
}

async function fill(page: Page, text: string, named: Named): Promise<ActionError | null> {
  const { document, index } = named.target;
  const at = await locateOn(named);
  if ("error" in at) return at.error;
  const no = (why: string | null) => (why === null ? null : refuse(`"${named.name}" ${why}`));
  switch (at.takes) {
    case "whole": {
      const read = fieldValue(at.type, text);
      return no("why" in read ? read.why : await document.call("setValue", index, read.value));
    }
    case "range": {
      const state = await document.call("sliderState", index);
      const read = sliderValue(text, state!.min, state!.max);
      return no("why" in read ? read.why : await document.call("setValue", index, String(read.value)));
    }
    case "slider":
      return no(await setSlider(page, document, index, text));
    case "select":
      return no("is a drop-down: use Select Dropdown Option");
    case "file":
      return no("takes a file, and there are none to give");
    case "nothing":
    case "one of several":
      return no("is not a field");
    case "line":
    case "lines":
    case "rich":
    case "inside":
      await page.mouse.click(at.spot.x, at.spot.y);
      return no(await typeIn(page, document, index, "all", text));
  }
}

/** Types at the end of an element, over what is selected in it, or, without an element, where the caret is. */
export async function insert(page: Page, text: string, named: Named | null): Promise<ActionError | null> {
  if (!named) {
    const why = await typeIn(page, await mainDocument(page), null, "here", text);
    return why === null ? null : refuse(why);
  }
  const { document, index } = named.target;
  const selected = await document.call("hasSelection", index);
  const at = await locateOn(named);
  if ("error" in at) return at.error;
  if (!["line", "lines", "rich", "inside"].includes(at.takes))
    return report(named.name, {
      reason: "not_actionable",
      why: isWholeValue(at.type) ? "takes a value as a whole: use Type" : "is not a field",
    });
  if (!selected) await page.mouse.click(at.spot.x, at.spot.y);
  const why = await typeIn(page, document, index, selected ? "here" : "end", text);
  return why === null ? null : refuse(`"${named.name}" ${why}`);
}

async function typeIn(
  page: Page,
  document: PageDocument,
  index: number | null,
  where: "all" | "end" | "here",
  text: string,
): Promise<string | null> {
  const begun = await document.call("beginTyping", index, where);
  if ("why" in begun) return begun.why;
  if (begun.keys !== "") await page.keyboard.press(begun.keys);
  const lines = text.replace(/\r\n?/g, "\n");
  // A field of one line takes pasted line breaks as blanks, and those at the end not at all.
  const typed = begun.lines || index === null ? lines : lines.replace(/\n+$/, "").replace(/[\n\t]+/g, " ");
  if (typed === "" && where === "all") await page.keyboard.press("Delete");
  else await typeKeys(page, typed);
  // The page may have gone because of what the keys did.
  return document.gone ? null : document.call("checkTyping", typed);
}

/** Types a text into whatever has the focus. */
async function typeKeys(page: Page, text: string): Promise<void> {
  const characters = [...new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text)].map(
    ({ segment }) => segment,
  );
  if (characters.length <= ALL_BY_KEYS) return typeEach(page, characters);
  await typeEach(page, characters.slice(0, EDGE));
  for (const [i, line] of characters.slice(EDGE, -EDGE).join("").split("\n").entries()) {
    if (i > 0) await page.keyboard.press("Shift+Enter");
    if (line !== "") await page.keyboard.insertText(line);
  }
  await typeEach(page, characters.slice(-EDGE));
}

/** Characters that Playwright has a key for. */
const KEYED = /^[ -~]$/;

async function typeEach(page: Page, characters: readonly string[]): Promise<void> {
  let session: CDPSession | null = null;
  let run = "";
  const flush = async () => {
    if (run !== "") await page.keyboard.type(run);
    run = "";
  };
  for (const character of characters) {
    if (KEYED.test(character)) {
      run += character;
      continue;
    }
    await flush();
    // `Enter` alone would send the message in many chats; with Shift it is a line break everywhere.
    if (character === "\n") await page.keyboard.press("Shift+Enter");
    else if (character === "\t") await page.keyboard.insertText("\t");
    else await pressCharacter((session ??= await page.context().newCDPSession(page)), character);
  }
  await flush();
  await session?.detach();
}

/** DevTools does not take a longer text with a key. */
const KEY_TEXT_UNITS = 4;

/** A key that only some keyboards have. */
async function pressCharacter(session: CDPSession, character: string): Promise<void> {
  const text = character.length <= KEY_TEXT_UNITS ? { text: character, unmodifiedText: character } : {};
  await session.send("Input.dispatchKeyEvent", {
    type: "text" in text ? "keyDown" : "rawKeyDown",
    key: character,
    ...text,
  });
  if (!("text" in text)) await session.send("Input.insertText", { text: character });
  await session.send("Input.dispatchKeyEvent", { type: "keyUp", key: character });
}
