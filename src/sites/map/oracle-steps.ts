/** @file Moves that the map's oracles share. */

import type { Observation } from "../../core/observation.ts";
import { click, search, select } from "../hands.ts";
import type { Stretch } from "../oracle-steps.ts";

/** Searches for a place by its name and opens its page. */
export function* openPlace(page: Observation, name: string): Stretch {
  const results = yield search(page, "Search the map", name);
  return yield click(results, "link", name);
}

/** From the home page to the places of a category, filtered by town and sorted; only what is asked for is set. */
export function* listPlaces(
  page: Observation,
  category: string,
  options: { town?: string; sort?: string },
): Stretch {
  let results = yield click(page, "link", category);
  if (options.town) results = yield select(results, "Town", options.town);
  if (options.sort) results = yield select(results, "Sort by", options.sort);
  return yield click(results, "button", "Apply");
}
