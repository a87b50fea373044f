/**
 * @file Demonstrations of a model: it plays, and the episodes that succeeded are kept, by the verifier's verdict or,
 * where a task has none, a judge's. What was tried stands in a file beside them, so that nothing is played or paid twice.
 */

import type { ChatUsage } from "../core/chat.ts";
import type { Judge } from "../core/contracts.ts";
import { ConfigError } from "../core/errors.ts";
import type { Site } from "../core/episode.ts";
import { createRng, hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { EndingName, Verdict } from "../core/trajectory.ts";
import { endingName } from "../core/trajectory.ts";
import { sumUsage } from "../core/usage.ts";
import type { RolloutConfig } from "../rollout/config.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import { rollout } from "../rollout/rollout.ts";
import { refuseOtherBrowser } from "../rollout/same-browser.ts";
import { openJsonLines } from "../run/json-lines.ts";
import { printAction } from "../text/action.ts";
import { inTurnByTemplate, isDemonstration } from "./demonstrations.ts";
import type { Actor } from "./open-policy.ts";
import { openPolicy } from "./open-policy.ts";

/** A line of `FILE.tries.jsonl`. */
export interface TryLine {
  id: string;
  taskId: string;
  ending: EndingName;
  /** Kept as a demonstration. */
  kept: boolean;
  verdict: Pick<Verdict, "by" | "success" | "reasons"> | null;
  /** What the servers of model and judge took for it. */
  usage?: ChatUsage;
}

export interface ModelDemonstrationsOptions {
  actor: Actor;
  site: Site;
  tasks: readonly Task[];
  /** Of the tasks that have no verifier. */
  judge: Judge | null;
  /** Appended to. */
  file: string;
  /** Episodes to play, those that were played for this file included. */
  episodes: number;
  rollout: RolloutConfig;
  temperature: number;
  seed: number;
  onEpisode?(line: TryLine, done: number): void;
  onOutage?: ((message: string, waitedMs: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const triesFile = (file: string) => `${file}.tries.jsonl`;

/** Plays what is missing of `episodes`. A broken episode is given up after its retries, and played again the next time. */
export async function collectModelDemonstrations(
  options: ModelDemonstrationsOptions,
): Promise<{ played: number; held: number; kept: number }> {
  const { tasks, seed, actor, rollout: config } = options;
  if (tasks.length === 0)
    throw new ConfigError(
      "there is no task to demonstrate",
      "Choose another --site, --task-templates or --split.",
    );
  const demonstrations = openJsonLines<EpisodeRecord>(options.file);
  const tries = openJsonLines<TryLine>(triesFile(options.file));
  const kept = await demonstrations.read();
  refuseOtherBrowser(kept, options.site, options.file);
  const held = new Set([
    ...kept.map(({ id }) => id),
    ...(await tries.read()).filter(({ ending }) => ending !== "faulted").map(({ id }) => id),
  ]);
  const requests = inTurnByTemplate(tasks, options.episodes, createRng(seed).fork("model demonstrations"))
    .map((task, i) => ({
      id: `shown-${seed}-${i}`,
      task,
      seed: hash32(`${seed}/shown/${i}/${task.id}`),
    }))
    .filter((request) => !held.has(request.id));
  await using opened = await openPolicy(actor, {
    name: actor.model,
    maxNewTokens: config.maxNewTokens,
    temperature: options.temperature,
  });
  let keptNow = 0;
  let done = held.size;
  await rollout({
    site: options.site,
    policy: opened.policy,
    requests,
    config,
    onEpisode: async (played) => {
      const record = await judgeEpisode(played, options);
      const isKept = isDemonstration(record);
      if (isKept) demonstrations.append(record);
      const line = tryLine(record, isKept);
      tries.append(line);
      if (isKept) keptNow++;
      options.onEpisode?.(line, ++done);
    },
    ...(options.onOutage && { onOutage: options.onOutage }),
    signal: options.signal,
  });
  return { played: requests.length, held: held.size, kept: keptNow };
}

async function judgeEpisode(
  played: EpisodeRecord,
  { judge, signal }: Pick<ModelDemonstrationsOptions, "judge" | "signal">,
): Promise<EpisodeRecord> {
  if (isFaulted(played)) return played;
  const record = asDemonstration(played);
  if (record.truth !== null) return record;
  if (judge === null)
    throw new ConfigError(
      `the task ${played.trajectory.task.id} has no verifier: nobody can say whether it was done`,
      "Name a chat model that judges, with --judge.",
    );
  const [verdict] = await judge.judge([played.trajectory], signal ? { signal } : {});
  return { ...record, verdict: verdict! };
}

function tryLine({ id, trajectory, truth, verdict, usage }: EpisodeRecord, kept: boolean): TryLine {
  const who = truth ?? verdict ?? null;
  const used = sumUsage([usage, verdict?.usage]);
  return {
    id,
    taskId: trajectory.task.id,
    ending: endingName(trajectory.ending),
    kept,
    verdict: who && { by: who.by, success: who.success, reasons: who.reasons },
    ...(used && { usage: used }),
  };
}

/**
 * An episode as others can learn from it: each response is the action and its comments alone, without what was said
 * around it, and steps that could not be read or were answered with an error are not imitated.
 */
function asDemonstration(record: EpisodeRecord): EpisodeRecord {
  const { trajectory } = record;
  const { steps, finalObservation } = trajectory;
  const isMistake = (index: number) => {
    const next = steps[index + 1]?.observation ?? finalObservation;
    return !steps[index]!.action.ok || (next?.error ?? null) !== null;
  };
  return {
    ...record,
    mistakes: steps.map(({ index }) => index).filter(isMistake),
    trajectory: {
      ...trajectory,
      steps: steps.map((step) =>
        step.action.ok ? { ...step, response: printAction(step.action.action, step.action.comments) } : step,
      ),
    },
  };
}
