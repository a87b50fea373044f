/**
 * @file The stage that scores a policy on held-out tasks: greedy, the same tasks every time, judged by the verifiers.
 */

import { ConfigError } from "../../core/errors.ts";
import { hash32 } from "../../core/rng.ts";
import { evaluationTasks } from "../../core/spread.ts";
import { episodeId } from "../../run/episode-ids.ts";
import type { Evaluation } from "../../run/records.ts";
import type { Context } from "../context.ts";
import { faultMetrics, runEpisodes } from "../run-episodes.ts";
import { scoreEpisodes } from "../score-episodes.ts";

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
    const records = await runEpisodes(context, stage, {
      kind: "evaluation",
      requests: tasks.map((task, i) => ({
        id: episodeId("evaluation", phase, i),
        task,
        // The same start for every phase and method, so that only the policy changes.
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
    await stage.writeEvaluation(result);
    return result;
  });
}
