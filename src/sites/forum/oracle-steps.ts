/** @file What oracles of the forum and the forge share: ways through the pages, and reading answers off them. */

import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import { click, maybe, scrollDown, search } from "../hands.ts";

/** A stretch of an oracle: yields actions and returns the page that it ends on. */
export type Stretch = Generator<Action, Observation, Observation>;

export const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** First group of `pattern` in the page's text. Throws where it is missing: an oracle's bug. */
export function read(observation: Observation, pattern: RegExp): string {
  const found = pattern.exec(observation.text)?.[1];
  if (found === undefined)
    throw new Error(`oracle: ${String(pattern)} is not on ${observation.url}\n${observation.text}`);
  return found.trim();
}

/** Scrolls until the page shows `pattern`, at most four times. */
export function* scrollTo(observation: Observation, pattern: RegExp): Stretch {
  let now = observation;
  for (let i = 0; i < 4 && !pattern.test(now.text); i++) now = yield scrollDown;
  return now;
}

/** Turns pages of a list until it has the link. */
export function* pageTo(observation: Observation, link: string, role = "link"): Stretch {
  let now = observation;
  while (!maybe(now, role, link) && maybe(now, "link", "Next page"))
    now = yield click(now, "link", "Next page");
  return now;
}

export function* findPost(observation: Observation, title: string): Stretch {
  return yield search(observation, "Search posts", title);
}

export function* openPost(observation: Observation, title: string): Stretch {
  const results = yield* findPost(observation, title);
  return yield click(results, "link", title);
}

export function* openBoard(observation: Observation, title: string): Stretch {
  const boards = yield click(observation, "link", "Boards");
  return yield click(boards, "link", title);
}

export function* findMember(observation: Observation, name: string): Stretch {
  const members = yield click(observation, "link", "Members");
  return yield search(members, "Find member", name);
}
