/** @file Ways through the forge's pages that its oracles share. */

import { click, search } from "../hands.ts";
import type { Observation } from "../../core/observation.ts";
import { pageTo, type Stretch } from "../oracle-steps.ts";

export function* findProject(observation: Observation, title: string): Stretch {
  return yield search(observation, "Search projects", title);
}

export function* openProject(observation: Observation, title: string): Stretch {
  return yield click(yield* findProject(observation, title), "link", title);
}

export function* openTab(observation: Observation, project: string, tab: string): Stretch {
  return yield click(yield* openProject(observation, project), "link", tab);
}

/** The list of open issues, turned to the page that has the issue. */
export function* findIssue(observation: Observation, project: string, issue: string): Stretch {
  return yield* pageTo(yield* openTab(observation, project, "Issues"), issue);
}

export function* openIssue(observation: Observation, project: string, issue: string): Stretch {
  return yield click(yield* findIssue(observation, project, issue), "link", issue);
}

export function* openMergeRequest(observation: Observation, project: string, request: string): Stretch {
  return yield click(yield* openTab(observation, project, "Merge requests"), "link", request);
}
