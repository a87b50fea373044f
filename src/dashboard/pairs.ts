/** @file Test tasks that failed before training and succeed after it: what a report shows of a run's progress. */

import type { EpisodeSummary } from "./episodes.ts";
import { outcomeOf, phaseEpisodes } from "./episodes.ts";
import type { RunFiles } from "../run/run-files.ts";

export interface TaskPair {
  before: EpisodeSummary;
  after: EpisodeSummary;
}

/** In an order that shows different sites and kinds first, and within them the longer solutions. */
export async function improvedTasks(run: RunFiles, from: number, to: number): Promise<TaskPair[]> {
  const before = new Map((await phaseEpisodes(run, from, "evaluation")).map((e) => [e.taskId, e]));
  const pairs = (await phaseEpisodes(run, to, "evaluation")).flatMap((after): TaskPair[] => {
    const earlier = before.get(after.taskId);
    return earlier && outcomeOf(after) === "success" && outcomeOf(earlier) === "failure"
      ? [{ before: earlier, after }]
      : [];
  });
  const rest = pairs.sort(
    (a, b) => b.after.steps - a.after.steps || (a.after.taskId < b.after.taskId ? -1 : 1),
  );
  const ordered: TaskPair[] = [];
  const seen = new Map<string, number>();
  const times = (pair: TaskPair) => (seen.get(pair.after.site) ?? 0) + (seen.get(pair.after.category) ?? 0);
  while (rest.length > 0) {
    const next = rest.reduce((best, pair) => (times(pair) < times(best) ? pair : best));
    rest.splice(rest.indexOf(next), 1);
    for (const key of [next.after.site, next.after.category]) seen.set(key, (seen.get(key) ?? 0) + 1);
    ordered.push(next);
  }
  return ordered;
}
