/**
 * @file Collects demonstrations from a model: it plays, and the successful episodes are kept, by the verdict of the
 * verifier or, if a task has none, of a judge. A file beside them records what was tried, so that nothing is played or
 * paid for twice.
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
  /** Whether it was kept as a demonstration. */
  kept: boolean;
  verdict: Pick<Verdict, "by" | "success" | "reasons"> | null;
  /** What the servers of model and judge used for it. */
  usage?: ChatUsage;
}

export interface ModelDemonstrationsOptions {
  actor: Actor;
  site: Site;
  tasks: readonly Task[];
  /** Judges the tasks that have no verifier. */
  judge: Judge | null;
  /** Appended to. */
  file: string;
  /** Episodes to play, including those already played for this file. */
  episodes: number;
  rollout: RolloutConfig;
  temperature: number;
  seed: number;
  onEpisode?(line: TryLine, done: number): void;
  onOutage?: ((message: string, waitedMs: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export const triesFile = (file: string) => `${file}.tries.jsonl`;

/**
 * Plays until `episodes` were played. A broken episode is given up after its retries, and played again the next time.
 */
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
      `the task ${played.trajectory.task.id} has no verifier, so it is unknown whether it was done`,
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
 * Prepares an episode for imitation: each response is reduced to the action and its comments, and steps that could not
 * be parsed or caused an error are not imitated.
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
