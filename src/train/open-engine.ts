/** @file Opens engines: in this process, or on a server, which is measured before anything is trained on it. */

import { join } from "node:path";
import type { Engine } from "../core/engine.ts";
import type { EngineSettings, ServerSettings } from "../core/engine-settings.ts";
import { isOnServer } from "../core/engine-settings.ts";
import { ConfigError } from "../core/errors.ts";
import { createTinkerEngine } from "../engine/tinker/client/engine.ts";
import { isPointer, readPointer } from "../engine/tinker/client/pointer.ts";
import type { ProbeReport } from "../engine/tinker/probe.ts";
import { probeTinkerServer } from "../engine/tinker/probe-tinker-server.ts";

interface Waiting {
  /** Called with what a person should know: that a server does not answer and is waited for, or how it computes. */
  onTrouble?: ((message: string) => void) | undefined;
  /** Aborts waiting for it. */
  signal?: AbortSignal | undefined;
}

export interface OpenServerOptions extends Waiting {
  /** Directory of the served model's tokenizer and `config.json`. */
  tokenizer: string;
  seed?: number | undefined;
}

type NamedServer = Pick<ServerSettings, "url" | "model" | "apiKeyEnv" | "rank"> &
  Partial<Pick<ServerSettings, "sampler" | "maxDifference">>;

export interface OpenedServer {
  engine: Engine;
  report: ProbeReport;
  settings: NamedServer;
}

/** @throws ConfigError if the server would silently compute another gradient; names the difference. */
export async function openServer(
  settings: NamedServer,
  { tokenizer, seed, onTrouble, signal }: OpenServerOptions,
): Promise<OpenedServer> {
  const { url, model, apiKeyEnv, rank, sampler, maxDifference } = settings;
  const apiKey = process.env[apiKeyEnv];
  const report = await probeTinkerServer({ url, model, apiKey, apiKeyEnv, rank, onTrouble, signal });
  const { profile } = report;
  if (profile === null)
    throw new ConfigError(
      `${url} would train with a different gradient than the run's: ${report.refusal}${report.like === "none known" ? "" : ` (as ${report.like} does)`}`,
      "Use another server; `webrl engine probe` shows everything that was measured.",
    );
  const server = {
    url,
    model,
    apiKey,
    apiKeyEnv,
    rank,
    sampler: sampler
      ? {
          ...sampler,
          apiKey: process.env[sampler.apiKeyEnv],
          serverDirectory: sampler.serverDirectory ?? undefined,
          maxDifference,
        }
      : undefined,
  };
  const engine = createTinkerEngine({ ...server, tokenizer, seed, profile, onTrouble, signal });
  return { engine, report, settings };
}

export interface FollowingEngine extends Engine {
  /** If a checkpoint is on a server, contacts the server, so that problems are found before anything starts. */
  reach(path: string): Promise<void>;
}

/**
 * An engine that opens every model where it is: a checkpoint on a server there, with the key from the variable that it
 * names, and everything else on `here`, which is made when it is first needed. `known`: open servers, which their owner
 * disposes.
 */
export function followServers(
  here: () => Engine,
  { known = [], ...waiting }: Waiting & { known?: readonly OpenedServer[] } = {},
): FollowingEngine {
  let local: Engine | null = null;
  const servers = new Map<string, Promise<OpenedServer>>();
  const serverOf = async (path: string): Promise<Engine | null> => {
    if (!(await isPointer(path))) return null;
    const { url, baseModel: model, apiKeyEnv, lora } = await readPointer(path);
    const same = known.find(({ settings }) => settings.url === url && settings.model === model);
    if (same) return same.engine;
    const key = JSON.stringify([url, model, apiKeyEnv]);
    let opened = servers.get(key);
    if (!opened) {
      opened = openServer({ url, model, apiKeyEnv, rank: lora.rank }, { tokenizer: path, ...waiting });
      servers.set(key, opened);
      opened.catch(() => servers.delete(key));
    }
    return (await opened).engine;
  };
  return {
    name: "models where they live",
    reach: async (path) => void (await serverOf(path)),
    open: async (options) => ((await serverOf(options.path)) ?? (local ??= here())).open(options),
    [Symbol.asyncDispose]: async () => {
      for (const opened of servers.values())
        await (await opened.catch(() => null))?.engine[Symbol.asyncDispose]();
      await local?.[Symbol.asyncDispose]();
    },
  };
}

export interface Trainer extends AsyncDisposable {
  engine: Engine;
  /** Whether the model is trained in this process and needs its memory. */
  isHere: boolean;
}

/** Where to train a model that starts from `base`: on the named server, on the server of `base`, or in this process. */
export async function openTrainer(
  settings: EngineSettings,
  { base, here, ...options }: Omit<OpenServerOptions, "tokenizer"> & { base: string; here: () => Engine },
): Promise<Trainer> {
  if (settings.critic !== null)
    throw new ConfigError("engine.critic is only for runs, and no critic is trained here", "Leave it out.");
  const server = isOnServer(settings) ? await openServer(settings, { tokenizer: base, ...options }) : null;
  if (server) options.onTrouble?.(`${server.engine.name} computes as: ${server.report.like}`);
  const engine = server?.engine ?? followServers(here, options);
  return {
    engine,
    isHere: server === null && !(await isPointer(base)),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Where a run keeps the last measurement of its server. */
export const probeFile = (run: string): string => join(run, "engine-probe.json");
