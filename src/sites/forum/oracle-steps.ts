/** @file Ways through the forum's pages that its oracles share. */

import type { Observation } from "../../core/observation.ts";
import { click, search } from "../hands.ts";
import type { Stretch } from "../oracle-steps.ts";

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
