/**
 * @file Runs the episodes of a phase's rollout or evaluation, records them as they end, and shows them while they run.
 */

import { endingName } from "../core/trajectory.ts";
import type { EpisodeRecord, EpisodeRequest, SaveScreenshot } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import { modelPolicy } from "../rollout/model-policy.ts";
import { rollout } from "../rollout/rollout.ts";
import type { TrainConfig } from "../run/config.ts";
import type { LivePictures } from "../run/live-pictures.ts";
import { openLivePictures } from "../run/live-pictures.ts";
import type { MetricName } from "../run/metrics.ts";
import type { EpisodeKind } from "../run/episode-ids.ts";
import { EPISODE_FILES } from "../run/records.ts";
import type { Stage } from "../run/run-directory.ts";
import type { Context } from "./context.ts";
import { promptTemplate } from "./prompt-template.ts";

/**
 * Runs the episodes that are not in the file yet and returns all of them, in the requests' order. Rollouts and
 * evaluations differ only in temperature and tasks.
 */
export async function runEpisodes(
  context: Context,
  stage: Stage,
  options: {
    kind: EpisodeKind;
    requests: EpisodeRequest[];
    policyPhase: number;
    temperature: number;
    /** Called with every episode that has ended, first with those in the file. */
    onEnded?(record: EpisodeRecord): void;
  },
): Promise<EpisodeRecord[]> {
  const { config, models, parts, signal } = context;
  const { requests, temperature, policyPhase } = options;
  const lines = stage.lines(EPISODE_FILES[options.kind]);
  const records = new Map((await lines.read()).map((record) => [record.id, record]));
  for (const record of records.values()) options.onEnded?.(record);
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
    const sampler = await models.read("actor", policyPhase);
    await using live = await openLivePictures(context.run.directory, {
      parallel: Math.min(config.rollout.parallel, missing.length),
      onTrouble: (message) =>
        stage.emit({ kind: "warning", message: `live pictures of episodes cannot be written: ${message}` }),
    });
    await rollout({
      site: parts.site,
      policy: modelPolicy({
        name: `phase-${policyPhase}`,
        sampler,
        template: promptTemplate(config),
        maxNewTokens: config.rollout.maxNewTokens,
        temperature,
      }),
      requests: missing,
      config: options.kind === "rollout" ? config.rollout : { ...config.rollout, stragglerMinutes: null },
      onStart: ({ id, task }) =>
        stage.emit({ kind: "episode_started", id, taskId: task.id, instruction: task.instruction }),
      onEpisode: (record) => {
        lines.append(record);
        records.set(record.id, record);
        options.onEnded?.(record);
        const { task, steps, ending } = record.trajectory;
        stage.emit({
          kind: "episode",
          id: record.id,
          taskId: task.id,
          instruction: task.instruction,
          steps: steps.length,
          ending: endingName(ending),
          success: record.truth?.success ?? null,
        });
        report();
        return live.end(record.id);
      },
      onOutage: (message, waitedMs) =>
        stage.emit({
          kind: "warning",
          message: `waiting for ${Math.round(waitedMs / 1000)} s and trying again: ${message}`,
        }),
      onFault: (fault) => stage.emit({ kind: "fault", ...fault }),
      saveScreenshot: keepsScreenshots(config, stage) ? keepPictures(stage, live) : showPictures(live),
      signal,
    });
  }
  return requests.map((request) => records.get(request.id)!);
}

function keepsScreenshots({ rollout: { screenshots: which }, phases }: TrainConfig, stage: Stage): boolean {
  if (which !== "evaluation") return which === "all";
  return stage.name === "evaluate" && (stage.phase === 0 || stage.phase === phases);
}

/** Keeps every picture with its trajectory, and shows it. */
function keepPictures(stage: Stage, live: LivePictures): SaveScreenshot {
  return async (episodeId, index, take) => {
    const image = await take();
    const path = await stage.writeScreenshot(episodeId, index, image);
    await live.show(episodeId, index, image);
    return path;
  };
}

/** Takes a picture now and then to show it, but keeps none. */
function showPictures(live: LivePictures): SaveScreenshot {
  return async (episodeId, index, take) => {
    await live.offer(episodeId, index, take);
    return undefined;
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
