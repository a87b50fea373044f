/** @file Stretches of oracles that several templates share. */

import type { Observation } from "../../core/observation.ts";
import { click, find, hover, maybe, scrollDown, search, wait, wordsOf } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";

/** Pages may be slow to come. */
const PATIENCE = 10;

export function* until(page: Observation, role: string, label: string | RegExp, nth = 1): Stretch {
  let now = page;
  for (let i = 0; i < PATIENCE && !maybe(now, role, label, nth); i++) now = yield wait;
  return now;
}

/** Clicks it when it is there. */
export function* go(page: Observation, role: string, label: string | RegExp, nth = 1): Stretch {
  const there = yield* until(page, role, label, nth);
  return yield click(there, role, label, nth);
}

const SEARCH = "Search Tickets...";

export function* lookUp(first: Observation, text: string): Stretch {
  let page = first;
  const role = () => (maybe(page, "searchbox", SEARCH) ? "searchbox" : "textbox");
  for (let i = 0; i < PATIENCE && !maybe(page, role(), SEARCH); i++) page = yield wait;
  return yield search(page, SEARCH, text, role());
}

/** A number that is searched leads to its ticket. */
export function* open(first: Observation, number: number): Stretch {
  const page = yield* lookUp(first, String(number));
  return yield* until(page, "link", "Basics");
}

/** One of the ticket's own pages, when its button is there. */
export function* tab(first: Observation, number: number, name: "Basics" | "People" | "Links"): Stretch {
  const page = yield* open(first, number);
  return yield* until(yield click(page, "link", name), "button", "Save Changes");
}

export function* save(page: Observation, button = "Save Changes"): Stretch {
  let now = page;
  for (let i = 0; i < 4 && !maybe(now, "button", button); i++) now = yield scrollDown;
  return yield click(now, "button", button);
}

/** The form in which the ticket is answered or commented. */
export function* write(first: Observation, number: number, what: "Reply" | "Comment"): Stretch {
  let page = yield* open(first, number);
  page = yield hover(page, "link", "Actions");
  page = yield* go(page, "link", what);
  return yield* until(page, "textbox", MESSAGE);
}

export const MESSAGE = "Type your message here";

/** Fields on these pages have no labels: the `nth` of them. */
export const field = (page: Observation, nth: number) => find(page, "textbox", "", nth).name;

/** First group of the pattern in what the page says; waits for it. */
export function* read(page: Observation, pattern: RegExp): Generator<typeof wait, string, Observation> {
  let now = page;
  for (let i = 0; i < PATIENCE && !pattern.test(wordsOf(now)); i++) now = yield wait;
  const found = pattern.exec(wordsOf(now))?.[1];
  if (found === undefined) throw new Error(`oracle: ${String(pattern)} is not on the page\n${wordsOf(now)}`);
  return found;
}
