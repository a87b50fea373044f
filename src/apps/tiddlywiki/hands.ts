/** @file Stretches of oracles that several templates share. */

import type { Observation } from "../../core/observation.ts";
import { click, find, maybe, scrollDown, wait } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";

/** The page offers what changes notes only when the server has said that it may. */
function* untilThere(page: Observation, role: string, label: string): Stretch {
  let now = page;
  for (let i = 0; i < 4 && !maybe(now, role, label); i++) now = yield wait;
  return now;
}

/** Opens a note from its list, such as "Gardeners". It is shown below the list. */
export function* open(first: Observation, list: string, title: string): Stretch {
  let page = yield click(first, "link", list);
  // The sidebar's list of open notes names the lists, too; the note's own link is not in it yet.
  for (let i = 0; i < 3 && !maybe(page, "link", title); i++) page = yield scrollDown;
  return yield click(page, "link", title);
}

/** Puts a note that {@link open} has opened into its editor. */
export function* edit(first: Observation, list: string, title: string): Stretch {
  let page: Observation = yield* open(first, list, title);
  page = yield* untilThere(page, "button", EDIT);
  return yield click(page, "button", EDIT, count(page, EDIT));
}

/** An editor of a new note. */
export function* create(first: Observation): Stretch {
  const page = yield* untilThere(first, "button", "new tiddler");
  return yield click(page, "button", "new tiddler");
}

const EDIT = "Edit this tiddler";
export const CONFIRM = "Confirm changes to this tiddler";
export const TEXT = "Type the text for this tiddler";

/** The note that was opened last is the last on the page, and so is its button. */
function count(page: Observation, label: string): number {
  let n = 1;
  while (maybe(page, "button", label, n + 1)) n++;
  return n;
}

/** The title's field; the first one without a label is the search. */
export const titleField = (page: Observation) => find(page, "textbox", "", 2).name;
export const searchField = (page: Observation) => find(page, "textbox", "", 1).name;
