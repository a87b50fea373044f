/** @file The score of finished episodes, by what their verifiers say. */

import { group } from "d3-array";
import { mean, rateStandardError } from "../algo/statistics.ts";
import { ConfigError } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { Evaluation, Score } from "../run/records.ts";

/** Those that the world did not break. Throws a `ConfigError` where one has no verifier. */
export function judgedEpisodes(records: readonly EpisodeRecord[]): EpisodeRecord[] {
  const usable = records.filter((record) => !isFaulted(record));
  const unknown = usable.find((record) => record.truth === null);
  if (unknown)
    throw new ConfigError(
      `the task ${unknown.trajectory.task.id} has no verifier: it cannot be scored`,
      "Evaluate on a suite whose tasks have verifiers.",
    );
  return usable;
}

export function scoreEpisodes(records: readonly EpisodeRecord[]): Omit<Evaluation, "split"> {
  const usable = judgedEpisodes(records);
  const scoreBy = (key: (record: EpisodeRecord) => string | undefined) => {
    const groups = group(
      usable.filter((record) => key(record) !== undefined),
      (record) => key(record)!,
    );
    return Object.fromEntries(
      [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, g]) => [k, score(g)]),
    );
  };
  return {
    ...score(usable),
    faults: records.length - usable.length,
    stepsMean: usable.length === 0 ? 0 : mean(usable.map((record) => record.trajectory.steps.length)),
    bySite: scoreBy((record) => record.trajectory.task.sites[0] ?? ""),
    byCategory: scoreBy((record) => record.trajectory.task.category),
    byNovelty: scoreBy((record) => record.trajectory.task.novelty),
  };
}

function score(records: readonly EpisodeRecord[]): Score {
  const tasks = records.length;
  const successes = records.filter((record) => record.truth?.success).length;
  return {
    tasks,
    successes,
    success: tasks === 0 ? 0 : successes / tasks,
    standardError: tasks === 0 ? 0 : rateStandardError(successes, tasks),
  };
}
