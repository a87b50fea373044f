/** @file What the oracles of all built-in sites share: reading answers off a page, and looking further down a list. */

import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import { click, maybe, scrollDown } from "./hands.ts";

/** A stretch of an oracle: yields actions and returns the page that it ends on. */
export type Stretch = Generator<Action, Observation, Observation>;

export const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** First group of `pattern` in the page's text. Throws if it is missing: an oracle's bug. */
export function read(page: Observation, pattern: RegExp): string {
  const found = pattern.exec(page.text)?.[1];
  if (found === undefined) throw new Error(`oracle: ${String(pattern)} is not on ${page.url}\n${page.text}`);
  return found.trim();
}

/** First groups of all matches. */
export function readAll(page: Observation, pattern: RegExp): string[] {
  return [...page.text.matchAll(pattern)].map((match) => match[1]!.trim());
}

/** Value of a fact that the page shows as `term | value`. */
export function fact(page: Observation, term: string): string {
  return read(page, new RegExp(`^${escape(term)} \\| (.+)$`, "m"));
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

/** Scrolls until the page shows `pattern`, at most four times. */
export function* scrollTo(page: Observation, pattern: RegExp): Stretch {
  let now = page;
  for (let i = 0; i < 4 && !pattern.test(now.text); i++) now = yield scrollDown;
  return now;
}

/** Turns the pages of a list until one has the link. */
export function* pageTo(page: Observation, link: string): Stretch {
  let now = page;
  while (!maybe(now, "link", link) && maybe(now, "link", "Next page"))
    now = yield click(now, "link", "Next page");
  return now;
}
