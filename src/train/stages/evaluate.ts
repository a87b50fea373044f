/** @file The score of a policy on held-out tasks: greedy, the same tasks every time, judged by the verifiers. */

import { rateStandardError } from "../../algo/statistics.ts";
import { ConfigError } from "../../core/errors.ts";
import { hash32 } from "../../core/rng.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { isFaulted } from "../../rollout/episode.ts";
import type { Context } from "../context.ts";
import { groupBy } from "../../core/group-by.ts";
import { phaseName, writeAtomically } from "../../run/run-directory.ts";
import { evaluationTasks } from "../../core/spread.ts";
import { faultMetrics, runRequests } from "./rollout.ts";

export interface Score {
  tasks: number;
  successes: number;
  /** In [0, 1]. */
  success: number;
  /** Of the share, one success and one failure added: not 0 where all tasks end alike. */
  standardError: number;
}

export interface Evaluation extends Score {
  split: string;
  /** Episodes that the world broke for good: not scored. */
  faults: number;
  stepsMean: number;
  bySite: Record<string, Score>;
  byCategory: Record<string, Score>;
  /** By what is new in a test task; empty where that is not known. */
  byNovelty: Record<string, Score>;
}

/** Writes `evaluation.jsonl` (episodes) and `evaluation.json` (the score). */
export async function evaluate(context: Context, phase: number): Promise<Evaluation> {
  return context.run.stage(phase, "evaluate", async (stage) => {
    const { seed, evaluation } = context.config;
    const tasks = evaluationTasks(context.parts.suite.tasks({ split: evaluation.split }), evaluation.tasks);
    if (tasks.length === 0)
      throw new ConfigError(
        `the suite ${context.parts.suite.name} has no task in the ${evaluation.split} split`,
        "Choose another evaluation.split or suite.",
      );
    const records = await runRequests(context, stage, {
      file: "evaluation.jsonl",
      requests: tasks.map((task, i) => ({
        id: `evaluation-${phaseName(phase)}/${String(i).padStart(4, "0")}`,
        task,
        // The same start for every phase and method: what changes is the policy.
        seed: hash32(`${seed}/evaluation/${task.id}`),
      })),
      policyPhase: phase,
      temperature: 0,
    });
    const result = { split: evaluation.split, ...scoreEpisodes(records) };
    stage.metrics({
      ...faultMetrics(records),
      "evaluation/episodes": result.tasks,
      "evaluation/success_rate": result.success,
      "evaluation/standard_error": result.standardError,
      "evaluation/steps_mean": result.stepsMean,
    });
    await writeAtomically(stage.path("evaluation.json"), `${JSON.stringify(result, null, 2)}\n`);
    return result;
  });
}

export function scoreEpisodes(records: readonly EpisodeRecord[]): Omit<Evaluation, "split"> {
  const usable = records.filter((record) => !isFaulted(record));
  const unknown = usable.find((record) => record.truth === null);
  if (unknown)
    throw new ConfigError(
      `the task ${unknown.trajectory.task.id} has no verifier: it cannot be scored`,
      "Evaluate on a suite whose tasks have verifiers.",
    );
  const group = (key: (record: EpisodeRecord) => string | undefined) => {
    const groups = groupBy(
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
    stepsMean:
      usable.length === 0
        ? 0
        : usable.reduce((sum, record) => sum + record.trajectory.steps.length, 0) / usable.length,
    bySite: group((record) => record.trajectory.task.sites[0] ?? ""),
    byCategory: group((record) => record.trajectory.task.category),
    byNovelty: group((record) => record.trajectory.task.novelty),
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
