/** @file Stretches of oracles that several templates share. */

import type { Observation } from "../../core/observation.ts";
import { click, find, hover, maybe, search } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { clickOn, reach, until } from "../reading.ts";

const SEARCH = "Search Tickets...";

export function* lookUp(first: Observation, text: string): Stretch {
  const roleOn = (page: Observation) => (maybe(page, "searchbox", SEARCH) ? "searchbox" : "textbox");
  const page = yield* until(first, (now) => maybe(now, roleOn(now), SEARCH) !== undefined);
  return yield search(page, SEARCH, text, roleOn(page));
}

/** Searching for a number leads to its ticket. */
export function* open(first: Observation, number: number): Stretch {
  const page = yield* lookUp(first, String(number));
  return yield* reach(page, "link", "Basics");
}

/** One of the ticket's own pages, when its button is there. */
export function* tab(first: Observation, number: number, name: "Basics" | "People" | "Links"): Stretch {
  const page = yield* open(first, number);
  return yield* reach(yield click(page, "link", name), "button", "Save Changes");
}

export function* save(page: Observation, button = "Save Changes"): Stretch {
  return yield* clickOn(page, "button", button);
}

/** The form in which the ticket is answered or commented. */
export function* write(first: Observation, number: number, what: "Reply" | "Comment"): Stretch {
  let page = yield* open(first, number);
  page = yield hover(page, "link", "Actions");
  page = yield* clickOn(page, "link", what);
  return yield* reach(page, "textbox", MESSAGE);
}

export const MESSAGE = "Type your message here";

/** Fields on these pages have no labels, so this is the `nth` of them. */
export const field = (page: Observation, nth: number) => find(page, "textbox", "", nth).name;
