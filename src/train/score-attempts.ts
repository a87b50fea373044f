/** @file Scores several attempts at each task: pass@k, and on how many tasks there is something to reinforce. */

import { group } from "d3-array";
import { mean, passAtK, standardError } from "../algo/statistics.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { judgedEpisodes } from "./score-episodes.ts";

/** The score of several attempts at each task. */
export interface AttemptsScore {
  tasks: number;
  /** pass@1, pass@2, … pass@K, means over tasks; `null` where no task has so many attempts that count. */
  passAt: (number | null)[];
  /** Standard error of pass@1 over tasks; `null` with one task. */
  standardError: number | null;
  /**
   * Fraction of tasks on which some attempts succeed and some fail: what reinforcement can learn from. Of the tasks with
   * at least two attempts that count; `null` if there is none.
   */
  mixed: number | null;
}

/** Scores of several attempts per task: over all tasks, and by kind. */
export interface AttemptsReport extends AttemptsScore {
  attempts: number;
  /** Attempts that the world broke for good: not scored. */
  faults: number;
  bySite: Record<string, AttemptsScore>;
  byTemplate: Record<string, AttemptsScore>;
  /** By what is new in a test task; empty if that is unknown. */
  byNovelty: Record<string, AttemptsScore>;
}

/** `attempts`: K. A task with attempts that the world broke counts up to the pass@k that its other attempts allow. */
export function scoreAttempts(records: readonly EpisodeRecord[], attempts: number): AttemptsReport {
  const usable = judgedEpisodes(records);
  const byTask = [...group(usable, (record) => record.trajectory.task.id).values()];
  const scoreBy = (key: (record: EpisodeRecord) => string | undefined) =>
    Object.fromEntries(
      [
        ...group(
          byTask.filter(([first]) => key(first!) !== undefined),
          ([first]) => key(first!)!,
        ),
      ]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, tasks]) => [name, score(tasks, attempts)]),
    );
  return {
    ...score(byTask, attempts),
    attempts,
    faults: records.length - usable.length,
    bySite: scoreBy(({ trajectory }) => trajectory.task.sites[0] ?? ""),
    byTemplate: scoreBy(({ trajectory }) => trajectory.task.templateId ?? undefined),
    byNovelty: scoreBy(({ trajectory }) => trajectory.task.novelty),
  };
}

function score(tasks: readonly (readonly EpisodeRecord[])[], attempts: number): AttemptsScore {
  const counts = tasks.map((records) => ({
    all: records.length,
    good: records.filter((record) => record.truth?.success).length,
  }));
  const passAt = Array.from({ length: attempts }, (_, i) => {
    const enough = counts.filter(({ all }) => all > i);
    return meanOf(enough.map(({ all, good }) => passAtK(all, good, i + 1)));
  });
  const several = counts.filter(({ all }) => all > 1);
  return {
    tasks: tasks.length,
    passAt,
    standardError: tasks.length === 0 ? null : standardError(counts.map(({ all, good }) => good / all)),
    mixed: meanOf(several.map(({ all, good }) => (good > 0 && good < all ? 1 : 0))),
  };
}

const meanOf = (values: readonly number[]) => (values.length === 0 ? null : mean(values));
