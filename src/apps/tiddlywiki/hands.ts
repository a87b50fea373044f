/** @file Stretches of oracles that several templates share. */

import type { Observation } from "../../core/observation.ts";
import { click, exit, find, maybe } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { clickOn, reach } from "../reading.ts";

/** Opens a note from its list, such as "Gardeners". It is shown below the list. */
export function* open(first: Observation, list: string, title: string): Stretch {
  const page = yield* clickOn(first, "link", list);
  // The sidebar's list of open notes names the lists, too; the note's own link is not in it yet.
  return yield* clickOn(page, "link", title);
}

/** Puts a note that {@link open} has opened into its editor. The server says first that notes may be changed. */
export function* edit(first: Observation, list: string, title: string): Stretch {
  let page: Observation = yield* open(first, list, title);
  page = yield* reach(page, "button", EDIT);
  page = yield click(page, "button", EDIT, count(page, EDIT));
  // The text is in a frame, which the format webrl does not show: tasks that write there are `inFrame`.
  return yield* page.format === "webrl" ? reach(page, "button", CONFIRM) : reach(page, "textbox", TEXT);
}

/** An editor of a new note. */
export function* create(first: Observation): Stretch {
  const page = yield* clickOn(first, "button", "new tiddler");
  return yield* reach(page, "textbox", TEXT);
}

/** Saves what the editor has, and ends. */
export function* save(page: Observation): Stretch {
  yield* clickOn(page, "button", CONFIRM);
  return yield exit();
}

const EDIT = "Edit this tiddler";
const CONFIRM = "Confirm changes to this tiddler";
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
