/** @file What the page says of the elements that an action is about to touch: those that it names, else what has the focus. */

import type { Page } from "playwright-core";
import type { ElementFacts } from "./page/facts.ts";
import { everyDocument } from "./page-world.ts";
import type { Lookup, PageAction } from "./perform.ts";

/** Acts on what has the focus, where it names no element. */
const BY_FOCUS: ReadonlySet<PageAction["kind"]> = new Set(["press", "press_enter", "insert"]);

/** Empty where it touches none, and where the one that it names is not there: the action itself tells that. */
export async function readTouched(page: Page, action: PageAction, lookup: Lookup): Promise<ElementFacts[]> {
  const names = [
    ...("element" in action && action.element !== undefined ? [action.element] : []),
    ...(action.kind === "drag" && typeof action.to === "string" ? [action.to] : []),
  ];
  if (names.length === 0 && !BY_FOCUS.has(action.kind)) return [];
  const read =
    names.length > 0
      ? names.map(async (name) => {
          const found = lookup(name);
          const isThere = "target" in found && !found.target.document.gone;
          return isThere ? found.target.document.call("facts", found.target.index) : null;
        })
      : (await everyDocument(page)).map((document) => document.call("focusedFacts"));
  return (await Promise.all(read)).filter((facts) => facts !== null);
}
