/** @file The stage in which the policy tries the phase's tasks, `tasks.attempts` times each, at temperature 1. */

import { mean } from "../../algo/statistics.ts";
import { hash32 } from "../../core/rng.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { isFaulted } from "../../rollout/episode.ts";
import type { MetricName } from "../../run/metrics.ts";
import { episodeId } from "../../run/episode-ids.ts";
import type { Context } from "../context.ts";
import type { Stage } from "../../run/run-directory.ts";
import { tokenizeExperience } from "../agent-experience.ts";
import { promptTemplate } from "../prompt-template.ts";
import { faultMetrics, runEpisodes } from "../run-episodes.ts";
import { compareSampler } from "../compare-sampler.ts";
import { workBeside } from "./beside-rollout.ts";

export interface RolloutOutput {
  episodes: number;
  /** Episodes that were given up after the last retry. */
  faulted: number;
}

/** Writes `trajectories.jsonl`, one line as each episode ends. */
export async function rollOut(context: Context, phase: number): Promise<RolloutOutput> {
  return context.run.stage(phase, "rollout", async (stage) => {
    const {
      seed,
      tasks: { attempts },
    } = context.config;
    const tasks = await context.run.read(phase, "tasks.jsonl");
    // Attempt by attempt, so that an interrupted rollout has tried as many tasks as possible.
    const requests = Array.from({ length: attempts }, () => tasks)
      .flat()
      .map((task, i) => ({
        id: episodeId("rollout", phase, i),
        task,
        seed: hash32(`${seed}/rollout/${phase}/${i}/${task.id}`),
      }));
    const beside = await workBeside(
      context,
      stage,
      phase,
      requests.map(({ id }) => id),
    );
    const records = await runEpisodes(context, stage, {
      kind: "rollout",
      requests,
      policyPhase: Math.max(0, phase - 1),
      temperature: context.config.rollout.temperature,
      onEnded: (record) => beside.noteEnded(record),
    }).catch(async (error: unknown) => {
      beside.abort(error);
      await beside.end();
      throw error;
    });
    await beside.end();
    stage.metrics(await compareSampler(context, phase, records));
    if (phase === 0) await addExperience(context, stage);
    stage.metrics(rolloutMetrics(records));
    return { episodes: records.length, faulted: records.filter(isFaulted).length };
  });
}

/** Copies what agents did before the run, beside the rollouts: the run then no longer needs their directories. */
async function addExperience({ parts, models, config }: Context, stage: Stage): Promise<void> {
  const given = (await parts.experience?.()) ?? [];
  if (given.length === 0) return;
  const lines = stage.lines("trajectories.jsonl");
  const held = new Set((await lines.read()).map(({ id }) => id));
  const { tokenizer, contextTokens } = await models.read("actor", 0);
  const { maxNewTokens } = config.rollout;
  const options = { tokenizer, contextTokens, maxNewTokens, template: promptTemplate(config) };
  for (const record of given) {
    if (held.has(record.id)) continue;
    held.add(record.id);
    lines.append(tokenizeExperience(record, options));
  }
}

function rolloutMetrics(records: readonly EpisodeRecord[]): Partial<Record<MetricName, number>> {
  const usable = records.filter((record) => !isFaulted(record));
  const known = usable.filter((record) => record.truth !== null);
  const steps = usable.flatMap((record) => record.trajectory.steps);
  const nextErrors = usable.flatMap(({ trajectory }) =>
    trajectory.steps.map((_, i) => {
      const after = trajectory.steps[i + 1]?.observation ?? trajectory.finalObservation;
      return after?.error ? 1 : 0;
    }),
  );
  return {
    "rollout/episodes": usable.length,
    ...(known.length > 0 && {
      "rollout/success_rate": mean(known.map((record) => (record.truth!.success ? 1 : 0))),
    }),
    ...(usable.length > 0 && {
      "rollout/steps_mean": mean(usable.map((record) => record.trajectory.steps.length)),
      "rollout/truncated_rate": mean(
        usable.map((record) => (record.trajectory.ending.kind === "truncated" ? 1 : 0)),
      ),
    }),
    ...(steps.length > 0 && {
      "rollout/mistake_rate": mean(nextErrors),
      "rollout/response_tokens_mean": mean(steps.map((step) => step.responseTokens?.length ?? 0)),
    }),
    ...faultMetrics(records),
  };
}
