/** @file Evaluates one model on some tasks, outside a run. */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describeDifference } from "../core/describe-difference.ts";
import { ConfigError } from "../core/errors.ts";
import type { Site } from "../core/episode.ts";
import { hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { Actor } from "../imitation/open-policy.ts";
import { openPolicy } from "../imitation/open-policy.ts";
import type { RolloutConfig } from "../rollout/config.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import { rollout } from "../rollout/rollout.ts";
import { refuseOtherBrowser } from "../rollout/same-browser.ts";
import type { TrainConfig } from "../run/config.ts";
import { parseConfig } from "../run/parse-config.ts";
import { openJsonLines } from "../run/json-lines.ts";
import { readRunInfo, writeAtomically } from "../run/run-directory.ts";
import { checkpointPath, lastTrainedPhase } from "../run/paths.ts";

/** Which tasks to try, by which model, and how. */
export interface TryTasksOptions {
  actor: Actor;
  site: Site;
  tasks: readonly Task[];
  rollout?: Partial<RolloutConfig>;
  /** Episodes on each task, default 1. */
  attempts?: number;
  /** Default 0: greedy. Attempts at one task differ only above 0. */
  temperature?: number;
  /**
   * File for the episodes; those already in it are not run again, unless the world broke them. Their settings are in
   * `${file}.settings.json`, and with others it is refused.
   */
  file?: string;
  /** What else the episodes depend on, to be recorded with their settings, such as the format of the site's pages. */
  settings?: Record<string, unknown>;
  onEpisode?(record: EpisodeRecord, done: number): void;
  /** Called when the site or the model's server is down and was tried again without success. */
  onOutage?: ((message: string, waitedMs: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The episodes of an evaluation, attempt by attempt over all tasks. */
export async function tryTasks(options: TryTasksOptions): Promise<EpisodeRecord[]> {
  const { tasks, actor, file, attempts = 1, temperature = 0 } = options;
  if (tasks.length === 0)
    throw new ConfigError(
      "there is no task to score the model on",
      "Choose another --split, --site or suite.",
    );
  const config = parseConfig(rolloutConfigSchema, options.rollout ?? {});
  const lines = file === undefined ? null : openJsonLines<EpisodeRecord>(file);
  const records = new Map((lines ? await lines.read() : []).map((record) => [record.id, record]));
  const other = [...records.values()].find(({ trajectory }) => trajectory?.policy !== actor.model);
  if (other)
    throw new ConfigError(
      `${file} holds episodes of ${JSON.stringify(other.trajectory?.policy)}, not of ${JSON.stringify(actor.model)}`,
      "Name another --out.",
    );
  if (file !== undefined) refuseOtherBrowser([...records.values()], options.site, file);
  const wanted = Array.from({ length: attempts }, (_, attempt) =>
    tasks.map((task, i) => ({
      // With a single attempt, episodes keep the names that older files use.
      id: attempt === 0 ? `eval/${i}/${task.id}` : `eval/${i}/${task.id}/${attempt}`,
      task,
      seed: hash32(attempt === 0 ? `eval/${task.id}` : `eval/${task.id}/${attempt}`),
    })),
  ).flat();
  await using opened = await openPolicy(actor, {
    name: actor.model,
    maxNewTokens: config.maxNewTokens,
    temperature,
  });
  if (file !== undefined)
    await recordSettings(file, records.size > 0, {
      temperature,
      template: opened.template,
      maxSteps: config.maxSteps,
      maxNewTokens: config.maxNewTokens,
      maxTimeMs: config.maxTimeMs,
      repeatedAction: config.repeatedAction,
      repeatedError: config.repeatedError,
      ...options.settings,
    });
  await rollout({
    site: options.site,
    policy: opened.policy,
    requests: wanted.filter(({ id }) => !records.has(id) || isFaulted(records.get(id)!)),
    config,
    onEpisode: (record) => {
      lines?.append(record);
      records.set(record.id, record);
      options.onEpisode?.(record, records.size);
    },
    ...(options.onOutage && { onOutage: options.onOutage }),
    signal: options.signal,
  });
  return wanted.map(({ id }) => records.get(id)!);
}

/** Writes down what the episodes of a new file depend on; throws a `ConfigError` if those in it depend on something else. */
async function recordSettings(file: string, hasEpisodes: boolean, settings: object): Promise<void> {
  const path = `${file}.settings.json`;
  const text = JSON.stringify(settings);
  if (!hasEpisodes) return writeAtomically(path, `${text}\n`);
  if (!existsSync(path))
    throw new ConfigError(
      `it is not known with which settings the episodes in ${file} were played: there is no ${path}`,
      `Name another --out; or, if they were played with these settings, write ${text} into ${path}.`,
    );
  const difference = describeDifference(JSON.parse(await readFile(path, "utf8")), JSON.parse(text));
  if (difference !== null)
    throw new ConfigError(
      `${file} holds episodes with other settings: ${difference}`,
      "Name another --out, or give the settings of this file.",
    );
}

/** The actor of the last finished phase of a run, or its base if there is none, and the run's settings. */
export async function newestPolicy(run: string): Promise<{ model: string; config: TrainConfig }> {
  const { config } = await readRunInfo(run);
  const phase = await lastTrainedPhase(run);
  return { config, model: phase === 0 ? config.models.base : checkpointPath(run, "actor", phase) };
}
