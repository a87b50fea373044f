/** @file Moves that the map's oracles share. */

import { invariant } from "../../core/errors.ts";
import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import { click, search, select } from "../hands.ts";

export type Moves = Generator<Action, Observation, Observation>;

/** Searches for a place by its name and opens its page. */
export function* openPlace(page: Observation, name: string): Moves {
  const results = yield search(page, "Search the map", name);
  return yield click(results, "link", name);
}

/** From the home page to the places of a category, filtered by town and sorted; only what is asked for is set. */
export function* listPlaces(
  page: Observation,
  category: string,
  options: { town?: string; sort?: string },
): Moves {
  let results = yield click(page, "link", category);
  if (options.town) results = yield select(results, "Town", options.town);
  if (options.sort) results = yield select(results, "Sort by", options.sort);
  return yield click(results, "button", "Apply");
}

/** Value of a fact that the page shows as `term | value`. */
export function fact(page: Observation, term: string): string {
  const line = page.text.split("\n").find((text) => text.startsWith(`${term} | `));
  invariant(line, `oracle: the page has no ${term}\n${page.text}`);
  return line.slice(term.length + 3);
}

/** Rows of the page's table, without its head, as cells without brackets and roles. */
export function rows(page: Observation, firstHead: string): string[][] {
  const lines = page.text.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`${firstHead} | `));
  if (head < 0) return [];
  const table: string[][] = [];
  for (const line of lines.slice(head + 1)) {
    if (!line.includes(" | ")) break;
    table.push(line.split(" | ").map((cell) => cell.replace(/^\[\w+ (.*)\]$/, "$1")));
  }
  return table;
}
