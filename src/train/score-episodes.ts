/** @file Scores finished episodes by their verifiers' verdicts. */

import { group, rollup } from "d3-array";
import { mean, rateStandardError } from "../algo/statistics.ts";
import { ConfigError } from "../core/errors.ts";
import type { FaultCode } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { endingName } from "../core/trajectory.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { Evaluation, Score } from "../run/records.ts";

/** The episodes that the world did not break. Throws a `ConfigError` if one has no verifier. */
export function judgedEpisodes(records: readonly EpisodeRecord[]): EpisodeRecord[] {
  const usable = records.filter((record) => !isFaulted(record));
  const unknown = usable.find((record) => record.truth === null);
  if (unknown)
    throw new ConfigError(
      `the task ${unknown.trajectory.task.id} has no verifier, so it cannot be scored`,
      "Evaluate on a suite whose tasks have verifiers.",
    );
  return usable;
}

/** `siteOf`: the group of a task in `bySite`, `null` for none; default: its first site. */
export function scoreEpisodes(
  records: readonly EpisodeRecord[],
  siteOf: (task: Task) => string | null = (task) => task.sites[0] ?? "",
): Omit<Evaluation, "split"> {
  const usable = judgedEpisodes(records);
  const scoreBy = (key: (task: Task) => string | null | undefined) => scoreGroups(usable, key);
  return {
    ...score(usable),
    faults: records.length - usable.length,
    stepsMean: usable.length === 0 ? 0 : mean(usable.map((record) => record.trajectory.steps.length)),
    bySite: scoreBy(siteOf),
    byCategory: scoreBy((task) => task.category),
    byNovelty: scoreBy((task) => task.novelty),
  };
}

/** Scores by the `key` of the task; tasks without a key are in no group. */
function scoreGroups(
  records: readonly EpisodeRecord[],
  key: (task: Task) => string | null | undefined,
): Record<string, Score> {
  const keyOf = (record: EpisodeRecord) => key(record.trajectory.task) ?? null;
  const groups = group(
    records.filter((record) => keyOf(record) !== null),
    (record) => keyOf(record)!,
  );
  return Object.fromEntries(
    [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, of]) => [name, score(of)]),
  );
}

/** How the unsuccessful episodes ended, and the score of each template. */
export interface Failures {
  byTemplate: Record<string, Score>;
  /** Episodes that failed, by how they ended: `answered` by the agent, `ended by the site`, or why they were cut. */
  failures: Record<string, number>;
  /** Episodes that the world, or the configuration, broke: not scored. */
  faulted: { task: string; code: FaultCode; message: string }[];
}

export function explainFailures(records: readonly EpisodeRecord[]): Failures {
  const usable = judgedEpisodes(records);
  const failed = usable.filter((record) => !record.truth?.success);
  const counts = rollup(
    failed,
    (of) => of.length,
    ({ trajectory: { ending } }) => {
      if (ending.kind !== "terminated") return endingName(ending);
      return ending.reason === "exit" ? "answered" : "ended by the site";
    },
  );
  return {
    byTemplate: scoreGroups(usable, (task) => task.templateId),
    failures: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
    faulted: records.flatMap(({ trajectory: { ending, task } }) =>
      ending.kind === "faulted" ? [{ task: task.id, code: ending.code, message: ending.message }] : [],
    ),
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
