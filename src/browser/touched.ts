/**
 * @file What the page says about the elements that an action is about to touch: those that it names, or else what has
 * the focus.
 */

import type { Page } from "playwright-core";
import type { ElementFacts } from "./page/facts.ts";
import { everyDocument } from "./page-world.ts";
import type { Lookup, PageAction } from "./perform.ts";

/** Actions on what has the focus, if they name no element. */
const BY_FOCUS: ReadonlySet<PageAction["kind"]> = new Set(["press", "press_enter", "insert"]);

/** Empty if the action touches none, or if the one that it names is not there: the action itself reports that. */
export async function readTouched(page: Page, action: PageAction, lookup: Lookup): Promise<ElementFacts[]> {
  const names = [
    ...("element" in action && action.element !== undefined ? [action.element] : []),
    ...(action.kind === "drag" && typeof action.to === "string" ? [action.to] : []),
  ];
  if (names.length === 0 && !BY_FOCUS.has(action.kind)) return [];
  const documents = names.length === 0 || action.kind === "press" ? await everyDocument(page) : [];
  const read =
    names.length > 0
      ? names.map(async (name) => {
          const found = lookup(name);
          const isThere = "target" in found && !found.target.document.gone;
          return isThere ? found.target.document.call("facts", found.target.index) : null;
        })
      : documents.map((document) => document.call("focusedFacts"));
  const byKey = accessKeysIn(action).flatMap((key) =>
    documents.map((document) => document.call("accessKeyFacts", key)),
  );
  const [touched, meant] = await Promise.all([Promise.all(read), Promise.all(byKey)]);
  return [...touched, ...meant.flat()].filter((facts) => facts !== null);
}

const accessKeysIn = (action: PageAction): string[] =>
  action.kind === "press"
    ? [...action.keys.matchAll(/(?:^|[ +])Alt\+(?:Shift\+)?([a-z0-9])(?= |$)/gi)].map(([, key]) =>
        key!.toLowerCase(),
      )
    : [];
