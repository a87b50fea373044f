/** @file Carries out one action on a page. The agent's mistakes are returned, never thrown. */

import type { Page } from "playwright-core";
import type { Action, ActionError } from "../core/action.ts";
import { choose } from "./choose.ts";
import { preparePaste } from "./clipboard.ts";
import { drag, draw, selectText } from "./drag.ts";
import { reportGone, locateOn, refuse } from "./hand.ts";
import type { Named, NamedOrText } from "./hand.ts";
import { mainDocument } from "./page-world.ts";
import type { Direction } from "./page/scroll-pane.ts";
import { scroll } from "./scroll.ts";
import { insert, typeInto } from "./type-text.ts";

/** An action on the page itself; the episode handles tabs and its own end. */
export type PageAction = Exclude<Action, { kind: "exit" } | { kind: "switch_tab" }>;

/** Finds the element of the last observation that the model named. */
export type Lookup = (name: string) => Named | ActionError;

export async function perform(page: Page, action: PageAction, lookup: Lookup): Promise<ActionError | null> {
  const find = (name: string): Named | ActionError => {
    const found = lookup(name);
    return "target" in found && found.target.document.gone ? reportGone(found.name) : found;
  };
  const end = (name: string): NamedOrText => {
    const found = find(name);
    return "target" in found ? found : { text: name, otherwise: found };
  };
  switch (action.kind) {
    case "drag":
      return drag(page, end(action.element), typeof action.to === "string" ? end(action.to) : action.to);
    case "scroll_down":
    case "scroll_up":
    case "scroll_left":
    case "scroll_right":
      return scroll(
        page,
        action.kind.slice("scroll_".length) as Direction,
        action.element === undefined ? null : end(action.element),
      );
  }
  let named: Named | null = null;
  if ("element" in action && action.element !== undefined) {
    const found = find(action.element);
    if (!("target" in found)) return found;
    named = found;
  }
  switch (action.kind) {
    case "press_enter":
      await page.keyboard.press("Enter");
      return null;
    case "press":
      return press(page, action.keys, named);
    case "wait":
      return null;
    case "go_backward":
      return (await travel(page, -1)) ? null : refuse("there is no page to go back to");
    case "go_forward":
      return (await travel(page, 1)) ? null : refuse("there is no page to go forward to");
    case "insert":
      return insert(page, action.text, named);
    case "select_text":
      return selectText(page, action.text, named);
    case "type":
    case "search":
      return typeInto(page, action.text, named!, action.kind === "search");
    case "select":
      return choose(page, [action.text], false, named!);
    case "select_options":
      return choose(page, action.texts, true, named!);
    case "draw":
      return draw(page, action.points, named!);
    default:
      return point(page, action.kind, named!);
  }
}

/** For this long, what the pointer has come to may still change under it. */
const COMING_MS = 500;

async function point(
  page: Page,
  kind: "click" | "double_click" | "right_click" | "hover",
  named: Named,
): Promise<ActionError | null> {
  const { document, index } = named.target;
  const at = await locateOn(named);
  if ("error" in at) return at.error;
  if (kind === "click" && at.takes === "file")
    return refuse(`"${named.name}" takes a file, and there are none to give`);
  if (kind === "click" && at.takes === "select") {
    // The list that a click opens is drawn by the browser, outside of the page.
    await document.call("focusElement", index);
    return null;
  }
  if (kind === "click" && at.buried) {
    await document.call("clickElement", index);
    return null;
  }
  const { x, y } = at.spot;
  if (kind === "hover") await page.mouse.move(x, y);
  else if (kind === "double_click") await page.mouse.dblclick(x, y);
  else if (kind === "right_click") await page.mouse.click(x, y, { button: "right" });
  else if (at.takes === "one of several") {
    // The other choices stay.
    await page.keyboard.down("Control");
    await page.mouse.click(x, y);
    await page.keyboard.up("Control");
  } else if (!at.hovers) {
    // Sent together, because the browser reports a single move only with the next frame.
    await page.mouse.click(x, y);
  } else {
    const end = performance.now() + COMING_MS;
    do await page.mouse.move(x, y);
    while (!document.gone && !(await document.call("awaitPointed")) && performance.now() < end);
    await page.mouse.down();
    await page.mouse.up();
  }
  return null;
}

async function press(page: Page, keys: string, named: Named | null): Promise<ActionError | null> {
  if (named) {
    const { document, index } = named.target;
    // An element that takes no focus may pass it to something inside when it is clicked.
    if (!(await document.call("focusElement", index))) {
      const at = await locateOn(named);
      if ("error" in at) return at.error;
      await page.mouse.click(at.spot.x, at.spot.y);
    }
  }
  for (const chord of keys.split(" ")) {
    const parts = /^(.*\+)?(.)$/su.exec(chord);
    // A person who holds Control presses the key `a`, not `A`.
    const key = parts?.[1] ? parts[1] + parts[2]!.toLowerCase() : chord;
    if (/^(?:Control|Meta)\+v$|^Shift\+Insert$/.test(key)) await preparePaste(page);
    const accessKey = /^Alt\+([a-z0-9])$/.exec(key)?.[1];
    if (accessKey && (await (await mainDocument(page)).call("hasAccessKey", accessKey)))
      await pressAccessKey(page, accessKey);
    else await page.keyboard.press(key);
  }
  return null;
}

/** Chromium finds `accesskey` by the character of a key, which Playwright does not send along with Alt. */
async function pressAccessKey(page: Page, key: string): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const code = /\d/.test(key) ? `Digit${key}` : `Key${key.toUpperCase()}`;
  const event = { key, code, windowsVirtualKeyCode: key.toUpperCase().charCodeAt(0), modifiers: 1 };
  try {
    await page.keyboard.down("Alt");
    await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...event });
    await session.send("Input.dispatchKeyEvent", { type: "char", ...event, text: key, unmodifiedText: key });
    await session.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
    await page.keyboard.up("Alt");
  } finally {
    await session.detach().catch((error: unknown) => {
      if (!page.isClosed()) throw error;
    });
  }
}

/** Moves in the tab's history. `false`: there is nothing in that direction. */
export async function travel(page: Page, direction: 1 | -1): Promise<boolean> {
  const session = await page.context().newCDPSession(page);
  try {
    const { currentIndex, entries } = await session.send("Page.getNavigationHistory");
    const entry = entries[currentIndex + direction];
    // Every tab begins on the browser's own blank page.
    if (!entry || (currentIndex + direction === 0 && entry.url === "about:blank")) return false;
    await session.send("Page.navigateToHistoryEntry", { entryId: entry.id });
    return true;
  } finally {
    await session.detach().catch((error: unknown) => {
      if (!page.isClosed()) throw error;
    });
  }
}
