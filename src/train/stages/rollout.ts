/** @file The policy tries the phase's tasks, once each, at temperature 1. */

import type { EpisodeRecord, EpisodeRequest, SaveScreenshot } from "../../rollout/episode.ts";
import { isFaulted } from "../../rollout/episode.ts";
import { modelPolicy } from "../../rollout/model-policy.ts";
import { rollout } from "../../rollout/rollout.ts";
import { hash32 } from "../../core/rng.ts";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TrainConfig } from "../../run/config.ts";
import type { Context } from "../context.ts";
import type { LivePictures } from "../../run/live-pictures.ts";
import { openLivePictures, pictureName, pictureType } from "../../run/live-pictures.ts";
import type { MetricName } from "../../run/metrics.ts";
import type { Stage } from "../../run/run-directory.ts";
import { phaseName } from "../../run/run-directory.ts";
import { phaseTasks } from "./curriculum.ts";

export interface RolloutOutput {
  episodes: number;
  /** Given up after the last retry. */
  faulted: number;
}

/** Writes `trajectories.jsonl`, one line as each episode ends. */
export async function rollOut(context: Context, phase: number): Promise<RolloutOutput> {
  return context.run.stage(phase, "rollout", async (stage) => {
    const { seed } = context.config;
    const tasks = await phaseTasks(context, phase);
    const requests = tasks.map((task, i) => ({
      id: `phase-${phaseName(phase)}/${String(i).padStart(4, "0")}`,
      task,
      seed: hash32(`${seed}/rollout/${phase}/${i}/${task.id}`),
    }));
    const records = await runRequests(context, stage, {
      file: "trajectories.jsonl",
      requests,
      policyPhase: Math.max(0, phase - 1),
      temperature: context.config.rollout.temperature,
    });
    stage.metrics(rolloutMetrics(records));
    return { episodes: records.length, faulted: records.filter(isFaulted).length };
  });
}

/**
 * Runs the episodes that the file does not hold yet and returns all of them, in the requests' order. Shared with
 * evaluation, which differs only in temperature and tasks.
 */
export async function runRequests(
  context: Context,
  stage: Stage,
  options: { file: string; requests: EpisodeRequest[]; policyPhase: number; temperature: number },
): Promise<EpisodeRecord[]> {
  const { config, models, parts, signal } = context;
  const { requests, temperature, policyPhase } = options;
  const lines = stage.lines<EpisodeRecord>(options.file);
  const records = new Map((await lines.read()).map((record) => [record.id, record]));
  const missing = requests.filter((request) => !records.has(request.id));
  const report = () =>
    stage.emit({
      kind: "progress",
      done: records.size,
      total: requests.length,
      success: [...records.values()].filter((record) => record.truth?.success).length,
    });
  if (missing.length > 0) {
    report();
    const sampler = await models.read(models.actorPath(policyPhase));
    await using live = await openLivePictures(context.run.directory, {
      parallel: Math.min(config.rollout.parallel, missing.length),
      onTrouble: (message) =>
        stage.emit({ kind: "warning", message: `no live pictures of episodes: ${message}` }),
    });
    await rollout({
      site: parts.site,
      policy: modelPolicy({
        name: `phase-${policyPhase}`,
        sampler,
        template: config.models.template,
        maxNewTokens: config.rollout.maxNewTokens,
        temperature,
      }),
      requests: missing,
      config: config.rollout,
      onStart: ({ id, task }) =>
        stage.emit({ kind: "episode_started", id, taskId: task.id, instruction: task.instruction }),
      onEpisode: (record) => {
        lines.append(record);
        records.set(record.id, record);
        const { task, steps, ending } = record.trajectory;
        stage.emit({
          kind: "episode",
          id: record.id,
          taskId: task.id,
          instruction: task.instruction,
          steps: steps.length,
          ending: ending.kind === "truncated" ? ending.reason : ending.kind,
          success: record.truth?.success ?? null,
        });
        report();
        return live.end(record.id);
      },
      onFault: (fault) => stage.emit({ kind: "fault", ...fault }),
      saveScreenshot: keepsScreenshots(config, stage) ? kept(stage, live) : shown(live),
      signal,
    });
  }
  return requests.map((request) => records.get(request.id)!);
}

function keepsScreenshots({ rollout: { screenshots: which }, phases }: TrainConfig, stage: Stage): boolean {
  if (which !== "evaluation") return which === "all";
  return stage.name === "evaluate" && (stage.phase === 0 || stage.phase === phases);
}

/** Every picture is kept with its trajectory, and shown. */
function kept(stage: Stage, live: LivePictures): SaveScreenshot {
  return async (episodeId, index, take) => {
    const image = await take();
    const name = join("screenshots", pictureName(episodeId), `${index}.${pictureType(image)}`);
    await mkdir(dirname(stage.path(name)), { recursive: true });
    await writeFile(stage.path(name), image);
    await live.show(episodeId, index, image);
    return stage.relative(name);
  };
}

/** Now and then one is taken to be shown; none is kept. */
function shown(live: LivePictures): SaveScreenshot {
  return async (episodeId, index, take) => {
    await live.offer(episodeId, index, take);
    return undefined;
  };
}

const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

export function rolloutMetrics(records: readonly EpisodeRecord[]): Partial<Record<MetricName, number>> {
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
    "rollout/steps_mean": mean(usable.map((record) => record.trajectory.steps.length)),
    "rollout/truncated_rate": mean(
      usable.map((record) => (record.trajectory.ending.kind === "truncated" ? 1 : 0)),
    ),
    "rollout/mistake_rate": mean(nextErrors),
    "rollout/response_tokens_mean": mean(steps.map((step) => step.responseTokens?.length ?? 0)),
    ...faultMetrics(records),
  };
}

export function faultMetrics(records: readonly EpisodeRecord[]): Partial<Record<MetricName, number>> {
  const faults = records.flatMap((record) => {
    const { ending } = record.trajectory;
    return ending.kind === "faulted" ? [...record.faults, ending] : record.faults;
  });
  const byCode: Partial<Record<MetricName, number>> = {};
  for (const { code } of faults) byCode[`faults/${code}`] = (byCode[`faults/${code}`] ?? 0) + 1;
  return {
    "faults/attempts": faults.length,
    "faults/given_up": records.filter(isFaulted).length,
    ...byCode,
  };
}
