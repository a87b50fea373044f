/**
 * @file Samples of a model from vLLM while a server of the Tinker protocol trains it. The trained adapter is saved
 * there, downloaded, and loaded in vLLM under a name of its own; before anything is sampled from it, both are asked
 * about one text.
 */

import { randomUUID } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { SampleRequest, SampleResult, Sampling, Tokenizer } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { createVllm, type Vllm, type VllmAdapter } from "../vllm/sampler.ts";
import { downloadAdapter } from "./archive.ts";
import { TinkerError } from "./errors.ts";
import type { TrainingClient } from "./training-client.ts";

/** Who samples, if it is not the server that trains. */
export interface SamplerSettings {
  /** vLLM's root, such as `http://127.0.0.1:8000`. */
  url: string;
  apiKey?: string | undefined;
  /** The environment variable that the key is from, for messages. */
  apiKeyEnv?: string | undefined;
  /** Adapters are written into it; vLLM reads them there. */
  directory: string;
  /** The same directory as vLLM sees it; default: the same path. */
  serverDirectory?: string | undefined;
  /** Optimiser steps that the sampled weights may be behind the trained ones. Default 0. */
  maxStaleness?: number | undefined;
  /** How far both may differ in the mean over a text, nats a token. Default 0.05. */
  maxDifference?: number | undefined;
}

export interface ElsewhereOptions {
  vllm: Vllm;
  settings: SamplerSettings;
  /** The server that trains. */
  source: { url: string; apiKey?: string | undefined; signal?: AbortSignal | undefined };
  client: Pick<TrainingClient, "version" | "saveForOthers">;
  tokenizer: Tokenizer;
  /** A text's tokens. */
  mark_T: readonly number[];
  /** log P of every token of a text but the first, as the trainer says it. */
  scoreByTrainer(tokens_T: readonly number[]): Promise<Float32Array>;
}

export interface Elsewhere extends AsyncDisposable {
  sample(request: SampleRequest): Promise<SampleResult>;
  readonly sampling: Sampling;
}

export const openVllm = (
  settings: SamplerSettings,
  more: Omit<Parameters<typeof createVllm>[0], "url">,
): Vllm => createVllm({ ...more, url: settings.url, apiKey: settings.apiKey, apiKeyEnv: settings.apiKeyEnv });

/** How often a sample is drawn again if training overtook it by too many steps. */
const REDRAWS = 4;

export function sampleElsewhere(options: ElsewhereOptions): Elsewhere {
  const { vllm, settings, client } = options;
  const { maxStaleness = 0, maxDifference = 0.05 } = settings;
  const directory = resolve(settings.directory);
  let current: { version: number; opened: Promise<VllmAdapter>; directory: string } | null = null;
  let staleness = 0;

  async function open(name: string): Promise<VllmAdapter> {
    const path = await client.saveForOthers(name);
    const target = join(directory, name);
    try {
      await downloadAdapter(options.source, path, target, options.source);
      // vLLM may be another user's.
      await chmod(target, 0o755);
      return await load(name, target);
    } catch (error) {
      await rm(target, { recursive: true, force: true });
      throw error;
    }
  }

  async function load(name: string, target: string): Promise<VllmAdapter> {
    const seen =
      settings.serverDirectory === undefined
        ? target
        : `${settings.serverDirectory.replace(/\/+$/, "")}/${name}`;
    const adapter = await vllm.load(name, seen);
    try {
      await compare(adapter);
    } catch (error) {
      await adapter[Symbol.asyncDispose]();
      throw error;
    }
    return adapter;
  }

  /** @throws ConfigError where vLLM serves another base, or loaded another adapter. */
  async function compare(adapter: VllmAdapter): Promise<void> {
    const { mark_T } = options;
    const [theirs, ours] = [await adapter.logprobs(mark_T), await options.scoreByTrainer(mark_T)];
    const apart = theirs.reduce((sum, each, n) => sum + Math.abs(each - ours[n]!), 0) / theirs.length;
    if (!(apart <= maxDifference))
      throw new ConfigError(
        `${vllm.url} samples from another model than the one that is trained: their log-probabilities of one text lie ${apart.toFixed(3)} nats a token apart (engine.maxDifference is ${maxDifference})`,
        "Let vLLM serve the base model that the training server has; or raise engine.maxDifference where only its precision differs.",
      );
  }

  const release = async (old: NonNullable<typeof current>) => {
    const adapter = await old.opened.catch(() => null);
    await adapter?.[Symbol.asyncDispose]();
    await rm(old.directory, { recursive: true, force: true });
  };

  /** The adapter of the current weights, or of weights that are recent enough. */
  function adapterOf(): NonNullable<typeof current> {
    if (current && client.version - current.version <= maxStaleness) return current;
    const old = current;
    const name = `webrl-${randomUUID().slice(0, 13)}`;
    const opened = (old ? release(old) : Promise.resolve()).then(() => open(name));
    const made = { version: client.version, opened, directory: join(directory, name) };
    current = made;
    opened.catch(() => {
      if (current === made) current = null;
    });
    return made;
  }

  return {
    sample: async (request) => {
      for (let draw = 0; ; draw++) {
        const used = adapterOf();
        const adapter = await used.opened;
        request.signal?.throwIfAborted();
        const result = await adapter.sample(request, options.tokenizer);
        const behind = client.version - used.version;
        if (behind <= maxStaleness) {
          staleness = Math.max(staleness, behind);
          return result;
        }
        if (draw >= REDRAWS)
          throw new TinkerError(
            "busy",
            `training goes on faster than ${vllm.url} samples: the weights were ${behind} steps ahead each time (engine.sampler.maxStaleness is ${maxStaleness})`,
          );
      }
    },
    sampling: { by: `vLLM at ${vllm.url}`, staleness: () => staleness },
    [Symbol.asyncDispose]: async () => {
      if (current) await release(current);
      current = null;
    },
  };
}
