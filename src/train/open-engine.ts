/** @file Where models are opened: in this process, or on a server that was measured before anything is trained on it. */

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
  /** Told what a person should know: that a server does not answer and is waited for, how it computes. */
  onTrouble?: ((message: string) => void) | undefined;
  /** Ends waiting for it. */
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

/** @throws ConfigError where the server would silently compute another gradient, naming the difference. */
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
      `${url} would train another gradient than the run's: ${report.refusal}${report.like === "none known" ? "" : ` (as ${report.like} does)`}`,
      "Use another server; `webrl engine probe` shows all that was measured.",
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
  /** Asks the server of a checkpoint that lies on one, so that trouble with it is known before anything starts. */
  reach(path: string): Promise<void>;
}

/**
 * An engine that opens every directory where it lives: a checkpoint on a server there, with the key of the variable that it
 * names, all else on `here`, which is made when it is first needed. `known`: servers that are open already; their owner disposes them.
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
  /** Whether the model is trained in this process, and takes its memory. */
  isHere: boolean;
}

/** Where a model is trained that goes on from `base`: on the server that is named, on that of `base`, or in this process. */
export async function openTrainer(
  settings: EngineSettings,
  { base, here, ...options }: Omit<OpenServerOptions, "tokenizer"> & { base: string; here: () => Engine },
): Promise<Trainer> {
  if (settings.critic !== null)
    throw new ConfigError("engine.critic is a run's, and no critic is trained here", "Leave it out.");
  const server = isOnServer(settings) ? await openServer(settings, { tokenizer: base, ...options }) : null;
  if (server) options.onTrouble?.(`${server.engine.name} computes as: ${server.report.like}`);
  const engine = server?.engine ?? followServers(here, options);
  return {
    engine,
    isHere: server === null && !(await isPointer(base)),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Where a run keeps what its server was last measured to do. */
export const probeFile = (run: string): string => join(run, "engine-probe.json");
