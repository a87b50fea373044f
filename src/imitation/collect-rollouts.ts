/**
 * @file Collects a model's episodes with the verifiers' verdicts in a file, for the outcome reward model to learn from.
 */

import type { Site } from "../core/episode.ts";
import { ConfigError } from "../core/errors.ts";
import { createRng, hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { rollout } from "../rollout/rollout.ts";
import { refuseOtherBrowser } from "../rollout/same-browser.ts";
import { openJsonLines } from "../run/json-lines.ts";
import { parseConfig } from "../run/parse-config.ts";
import { spread } from "../core/spread.ts";
import type { Actor } from "./open-policy.ts";
import { openPolicy } from "./open-policy.ts";

export interface CollectRolloutsOptions {
  actor: Actor;
  site: Site;
  tasks: readonly Task[];
  /** Appended to; episodes already in it are not made again. */
  file: string;
  episodes: number;
  parallel: number;
  maxSteps: number;
  maxNewTokens: number;
  temperature: number;
  seed: number;
  onEpisode?(record: EpisodeRecord, done: number): void;
  /** Called when the site or the model's server is down and was tried again without success. */
  onOutage?: ((message: string, waitedMs: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export async function collectRollouts(
  options: CollectRolloutsOptions,
): Promise<{ made: number; held: number }> {
  const { seed, episodes, temperature } = options;
  if (options.tasks.length === 0)
    throw new ConfigError("no task matches", "Choose another --site, --task-templates or --split.");
  if (temperature < 0) throw new ConfigError(`the temperature ${temperature} is negative`, "Use 0 or more.");
  const config = parseConfig(rolloutConfigSchema, {
    parallel: options.parallel,
    maxSteps: options.maxSteps,
    maxNewTokens: options.maxNewTokens,
  });
  const lines = openJsonLines<EpisodeRecord>(options.file);
  const records = await lines.read();
  refuseOtherBrowser(records, options.site, options.file);
  const held = new Set(records.map((record) => record.id));
  const rng = createRng(seed).fork("rollouts");
  const chosen: Task[] = [];
  for (let round = 0; chosen.length < episodes; round++)
    chosen.push(...spread(options.tasks, episodes - chosen.length, rng.fork(round)));
  const requests = chosen
    .map((task, i) => ({
      id: `rollout-${seed}-${i}`,
      task,
      seed: hash32(`${seed}/rollouts/${i}/${task.id}`),
    }))
    .filter((request) => !held.has(request.id));
  await using opened = await openPolicy(options.actor, {
    name: `${options.actor.model} at ${temperature}`,
    maxNewTokens: options.maxNewTokens,
    temperature,
  });
  let done = held.size;
  await rollout({
    site: options.site,
    policy: opened.policy,
    requests,
    config,
    onEpisode: (record) => {
      lines.append(record);
      options.onEpisode?.(record, ++done);
    },
    ...(options.onOutage && { onOutage: options.onOutage }),
    signal: options.signal,
  });
  return { made: requests.length, held: held.size };
}
