/** @file The engine of a run, by its configuration: this process, or a server that was measured before anything is trained on it. */

import { join } from "node:path";
import type { Engine } from "../core/engine.ts";
import type { ServerSettings } from "../core/engine-settings.ts";
import { ConfigError } from "../core/errors.ts";
import { createTinkerEngine } from "../engine/tinker/client/engine.ts";
import { isPointer, readPointer } from "../engine/tinker/client/pointer.ts";
import type { ProbeReport } from "../engine/tinker/probe.ts";
import { probeTinkerServer } from "../engine/tinker/probe-tinker-server.ts";

export interface OpenServerOptions {
  /** Directory of the served model's tokenizer and `config.json`. */
  tokenizer: string;
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface OpenedServer {
  engine: Engine;
  report: ProbeReport;
}

/** @throws ConfigError where the server would silently compute another gradient, naming the difference. */
export async function openServer(
  { url, model, apiKeyEnv, rank }: Pick<ServerSettings, "url" | "model" | "apiKeyEnv" | "rank">,
  { tokenizer, seed, signal }: OpenServerOptions,
): Promise<OpenedServer> {
  const apiKey = process.env[apiKeyEnv];
  const report = await probeTinkerServer({ url, model, apiKey, rank, signal });
  if (report.profile === null)
    throw new ConfigError(
      `${url} would train another gradient than the run's: ${report.refusal}${report.like === "none known" ? "" : ` (as ${report.like} does)`}`,
      "Use another server; `webrl engine probe` shows all that was measured.",
    );
  const engine = createTinkerEngine({
    url,
    model,
    tokenizer,
    apiKey,
    rank,
    seed,
    profile: report.profile,
    signal,
  });
  return { engine, report };
}

/** The engine of a checkpoint that lies on a server; `null` for every other directory. The key is that of `TINKER_API_KEY`. */
export async function openServerOf(path: string, signal?: AbortSignal): Promise<Engine | null> {
  if (!(await isPointer(path))) return null;
  const { url, baseModel: model, lora } = await readPointer(path);
  const settings = { url, model, apiKeyEnv: "TINKER_API_KEY", rank: lora.rank };
  return (await openServer(settings, { tokenizer: path, signal })).engine;
}

/** Where a run keeps what its server was last measured to do. */
export const probeFile = (run: string): string => join(run, "engine-probe.json");
