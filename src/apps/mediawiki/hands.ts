/** @file Stretches of oracles on the wiki. */

import type { Observation } from "../../core/observation.ts";
import { exit, maybe, search } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { arrive, clickOn } from "../reading.ts";
import { SITE_NAME } from "./content.ts";

export const TEXT = "Wikitext source editor";

/** Opens a page by the category that the main page links to, such as "Stops". */
export function* open(first: Observation, category: string, title: string): Stretch {
  const page = yield* clickOn(first, "link", category);
  return yield* arrive(
    yield* clickOn(page, "link", title),
    ({ pathname }) => pathname === `/index.php/${title.replaceAll(" ", "_")}`,
  );
}

/** What the tabs above an open page show only in their menu: Move, Protect, Delete. */
export function* openMore(page: Observation, action: string): Stretch {
  const now = maybe(page, "link", action) ? page : yield* clickOn(page, "button", "More");
  return yield* clickOn(now, "link", action);
}

/** The editor of an open page's section, from 1. */
export function* editSection(page: Observation, section: number): Stretch {
  return yield* clickOn(page, "link", "edit", section);
}

/** The editor of an open page. */
export function* edit(page: Observation): Stretch {
  return yield* clickOn(page, "link", "Edit");
}

/** The editor of a page that is not there yet. */
export function* create(first: Observation, title: string): Stretch {
  const page = yield search(first, SEARCH, title, "textbox");
  return yield* clickOn(page, "link", title);
}

export const SEARCH = new RegExp(`^Search ${SITE_NAME}`);

/** Saves what the editor has, and ends. */
export function* save(page: Observation): Stretch {
  const saved = yield* clickOn(page, "button", /^Save (?:page|changes)$/);
  yield* finish(saved);
  return yield exit();
}

/** Waits until the form of an action, such as the editor, is gone. */
export const finish = (page: Observation): Stretch =>
  arrive(page, ({ searchParams }) => !/^(?:edit|submit|protect)$/.test(searchParams.get("action") ?? ""));
