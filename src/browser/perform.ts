/** @file Carries out one action on a page. What goes wrong by the agent's mistake is returned, never thrown. */

import type { Page } from "playwright-core";
import type { Action, ActionError } from "../core/action.ts";
import type { ElementTarget } from "./observe.ts";
import { mainDocument } from "./page-world.ts";

/** An action on the page itself; tabs and the end of the episode are the episode's business. */
export type PageAction = Exclude<Action, { kind: "exit" } | { kind: "switch_tab" }>;

/** Finds an element of the last observation by what the model wrote. */
export type Lookup = (name: string) => { target: ElementTarget; name: string } | ActionError;

const refused = (message: string): ActionError => ({ code: "not_actionable", message });

export async function perform(page: Page, action: PageAction, lookup: Lookup): Promise<ActionError | null> {
  switch (action.kind) {
    case "scroll_down":
    case "scroll_up": {
      const down = action.kind === "scroll_down";
      const moved = await (await mainDocument(page)).call("scrollPage", down ? 1 : -1);
      return moved ? null : refused(`the page does not scroll further ${down ? "down" : "up"}`);
    }
    case "press_enter":
      await page.keyboard.press("Enter");
      return null;
    case "wait":
      return null;
    case "go_backward":
      return (await travel(page, -1)) ? null : refused("there is no page to go back to");
    case "go_forward":
      return (await travel(page, 1)) ? null : refused("there is no page to go forward to");
    default: {
      const found = lookup(action.element);
      if (!("target" in found)) return found;
      return performOn(page, action, found.target, found.name);
    }
  }
}

type ElementAction = Extract<PageAction, { element: string }>;

async function performOn(
  page: Page,
  action: ElementAction,
  { document, index, dx, dy }: ElementTarget,
  name: string,
): Promise<ActionError | null> {
  const editing = action.kind === "type" || action.kind === "search";
  if (document.gone) return gone(name);
  if (action.kind === "select") {
    const why = await document.call("chooseOption", index, action.text);
    return why === null ? null : why === "gone" ? gone(name) : refused(`"${name}" ${why}`);
  }
  const at = await document.call("locate", index, editing);
  if (at.kind === "refused") return at.reason === "gone" ? gone(name) : refused(`"${name}" ${at.why}`);
  const x = at.x + dx;
  const y = at.y + dy;
  switch (action.kind) {
    case "hover":
      await page.mouse.move(x, y);
      return null;
    case "right_click":
      await page.mouse.click(x, y, { button: "right" });
      return null;
    case "click":
      if (at.tag === "file") return refused(`"${name}" takes a file, and there are none to give`);
      // The list that a click opens is drawn by the browser, outside of the page.
      if (at.tag === "select") await document.call("focusElement", index);
      else await page.mouse.click(x, y);
      return null;
    case "type":
    case "search":
      break;
  }
  let why: string | null;
  if (at.native) why = await document.call("setValue", index, action.text);
  else {
    await page.mouse.click(x, y);
    why = await document.call("selectAll", index);
    if (why === null) {
      if (action.text === "") await page.keyboard.press("Delete");
      else await page.keyboard.insertText(action.text);
    }
  }
  if (why !== null) return refused(`"${name}" ${why}`);
  if (action.kind === "search") await page.keyboard.press("Enter");
  return null;
}

const gone = (name: string): ActionError => ({
  code: "unknown_element",
  message: `"${name}" is no longer on this page`,
});

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
