/** @file The servers that a run trains on: one for actor and reference, and possibly another for the critic. */

import { isOnServer } from "../core/engine-settings.ts";
import { ConfigError } from "../core/errors.ts";
import { isPointer, readPointer } from "../engine/tinker/client/pointer.ts";
import type { ProbeReport } from "../engine/tinker/probe.ts";
import type { TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";
import { openServer, type OpenedServer } from "./open-engine.ts";

/** Measurements of the actor's server; `critic`: of the critic's, if it is another one. */
export type RunProbe = ProbeReport & { critic?: ProbeReport };

export interface RunServers {
  actor: OpenedServer;
  critic: OpenedServer;
  /** Both, or the one. */
  all: readonly OpenedServer[];
  report: RunProbe;
}

/** `null` if the run trains in this process. @throws ConfigError if it cannot train as configured. */
export async function openRunServers(
  config: TrainConfig,
  waiting: { onTrouble?: (message: string) => void; signal?: AbortSignal },
): Promise<RunServers | null> {
  const { engine: settings, models, seed } = config;
  if (!isOnServer(settings)) {
    await refuseForeignBase(models.base);
    return null;
  }
  const options = { tokenizer: models.base, seed, ...waiting };
  const actor = await openServer(settings, options);
  waiting.onTrouble?.(`${actor.engine.name} computes as: ${actor.report.like}`);
  if (settings.critic === null || !methodParts(config).critic)
    return { actor, critic: actor, all: [actor], report: actor.report };
  try {
    const critic = await openServer(settings.critic, options);
    waiting.onTrouble?.(`${critic.engine.name} (critic) computes as: ${critic.report.like}`);
    return { actor, critic, all: [actor, critic], report: { ...actor.report, critic: critic.report } };
  } catch (error) {
    await actor.engine[Symbol.asyncDispose]();
    throw error;
  }
}

async function refuseForeignBase(base: string): Promise<void> {
  if (!(await isPointer(base))) return;
  const { url, baseModel, apiKeyEnv, lora } = await readPointer(base);
  const server = { kind: "tinker", url, model: baseModel, apiKeyEnv, rank: lora.rank };
  throw new ConfigError(
    `models.base (${base}) is a checkpoint on the server ${url}, but the run would train in this process`,
    `Train it there: --set engine='${JSON.stringify(server)}'.`,
  );
}
