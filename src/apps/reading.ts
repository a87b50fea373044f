/**
 * @file Stretches of oracles that several applications share, patient with a page that is slow to come or long; and
 * values of templates.
 */

import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import { click, insert, maybe, scrollDown, select, type, wait, wordsOf } from "../sites/hands.ts";
import type { Stretch } from "../sites/oracle-steps.ts";

/** More tries than a page has screens, and than are needed to wait for it on a busy machine. */
const TRIES = 12;

/** Until `isThere`: waits first, in case the page is still under way, and scrolls down once waiting changes nothing. */
export function* until(page: Observation, isThere: (page: Observation) => boolean): Stretch {
  let now = page;
  let quiet = false;
  for (let i = 0; i < TRIES && !isThere(now); i++) {
    const { top, viewport, page: height } = now.scroll;
    if (quiet && top + viewport < height - 1) now = yield scrollDown;
    else {
      const before = now.text;
      now = yield wait;
      quiet = now.text === before;
    }
  }
  return now;
}

/** Until the element is shown. */
export const reach = (page: Observation, role: string, label: string | RegExp, nth = 1): Stretch =>
  until(page, (now) => maybe(now, role, label, nth) !== undefined);

/** First group of the pattern in what the page says. Throws where it is missing: an oracle's bug. */
export function* read(page: Observation, pattern: RegExp): Generator<Action, string, Observation> {
  const now = yield* until(page, (each) => pattern.test(wordsOf(each)));
  const found = pattern.exec(wordsOf(now))?.[1];
  if (found === undefined) throw new Error(`oracle: ${String(pattern)} is not on the page\n${wordsOf(now)}`);
  return found.trim();
}

/** Waits for a page whose address is like this. */
export const arrive = (page: Observation, isThere: (url: URL) => boolean): Stretch =>
  until(page, ({ url }) => isThere(new URL(url)));

/** Until the page says it. */
export const readUntil = (page: Observation, pattern: RegExp): Stretch =>
  until(page, (now) => pattern.test(wordsOf(now)));

export function* clickOn(page: Observation, role: string, label: string | RegExp, nth = 1): Stretch {
  return yield click(yield* reach(page, role, label, nth), role, label, nth);
}

/**
 * Chooses from a drawn list by what it shows. The format webrl does not say that it is a list: there, its text and an
 * option's are clicked.
 */
export function* choose(first: Observation, shown: string | RegExp, option: string): Stretch {
  if (first.format !== "webrl") return yield select(yield* reach(first, "combobox", shown), shown, option);
  return yield* clickOn(yield* clickOn(first, "div", shown), "span", option);
}

/** Writes into a field, instead of what is there. */
export function* fillIn(page: Observation, label: string | RegExp, text: string, role = "textbox"): Stretch {
  return yield type(yield* reach(page, role, label), label, text, role);
}

/** Writes at the end of a field, or over what is selected in it. */
export function* insertInto(
  page: Observation,
  label: string | RegExp,
  text: string,
  role = "textbox",
): Stretch {
  return yield insert(yield* reach(page, role, label), label, text, role);
}

/** Another one of them: a wrong answer that looks right. */
export const other = <T>(all: readonly T[], one: T): T => all.find((each) => each !== one)!;
