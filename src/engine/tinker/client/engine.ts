/** @file An engine whose models live on a server of the Tinker protocol. */

import { resolve } from "node:path";
import { realpath } from "node:fs/promises";
import type { Engine, Model, OpenOptions, Tokenizer } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { exists, readJsonObject } from "../../onnx/checkpoint/read-file.ts";
import { loadTokenizer } from "../../onnx/tokenizer/load-tokenizer.ts";
import { capabilitiesSchema } from "../wire/messages.ts";
import { z } from "zod";
import { join } from "node:path";
import type { ServerProfile } from "../profile.ts";
import { SUM_PROFILE } from "../profile.ts";
import { askCapabilities } from "./capabilities.ts";
import type { Patience } from "./connection.ts";
import { createConnection, type Connection } from "./connection.ts";
import { checkTokenizer } from "./check-tokenizer.ts";
import { checkPointer, openRemoteModel } from "./model.ts";
import { API_KEY_ENV, isPointer, readPointer } from "./pointer.ts";
import { openVllm, type SamplerSettings } from "./sampled-elsewhere.ts";
import { openSession } from "./session.ts";
import type { Clock, Send } from "./transport.ts";
import { createSend } from "./transport.ts";
import type { ModelSpec } from "./training-client.ts";

/** Which server trains, and which base model. */
export interface TinkerEngineOptions {
  /** The server's root, such as `http://127.0.0.1:8000`. */
  url: string;
  /** The server's name for the base model. */
  model: string;
  /** Directory of the base model's tokenizer and `config.json`; its weights are not read. */
  tokenizer: string;
  apiKey?: string | undefined;
  /**
   * The environment variable with the key: checkpoints name it, so that they can be opened again with it. Default
   * `TINKER_API_KEY`.
   */
  apiKeyEnv?: string | undefined;
  /** Rank of the adapters if `open` does not specify it; 0 trains all weights, if the server can. Default 16. */
  rank?: number | undefined;
  /** Seed of the first adapter; further seeds are derived from it. Default 0. */
  seed?: number | undefined;
  /** How the server computes, as `probeServer` measured it. Default: as `webrl engine serve`. */
  profile?: ServerProfile | undefined;
  /** vLLM, if it samples instead of the training server. */
  sampler?: SamplerSettings | undefined;
  patience?: Partial<Patience> | undefined;
  /** Called when the server does not answer, with how long this waits for it, and when it answers again. */
  onTrouble?: ((message: string) => void) | undefined;
  /** Aborts everything that waits for the server. */
  signal?: AbortSignal | undefined;
  /** For tests. */
  clock?: Clock | undefined;
  send?: Send | undefined;
}

const configSchema = z.object({
  vocab_size: z.int().positive().optional(),
  max_position_embeddings: z.int().positive().optional(),
});

/**
 * Connects at the first `open`, which throws a `ConfigError` if the server lacks the model or it is a different one.
 */
export function createTinkerEngine(options: TinkerEngineOptions): Engine {
  const { url, model, profile = SUM_PROFILE, signal, sampler } = options;
  const connection = connectTo(options);
  const { patience, clock, onTrouble } = options;
  if (sampler) checkUrl(sampler.url, "sampler's");
  const vllm = sampler && openVllm(sampler, { patience, clock, onTrouble, signal });
  let opened: ReturnType<typeof connect> | null = null;
  const connect = async () => {
    const base = await readBase(options.tokenizer);
    const capabilities = await askCapabilities(connection, url, ourCapabilitiesSchema, signal);
    const served = checkServed(capabilities, model, base, url);
    const sampled = await vllm?.contextTokens();
    const session = await openSession(connection, signal);
    const contexts = [served, sampled, base.contextTokens].filter((each) => typeof each === "number");
    return { ...base, session, contextTokens: Math.min(...contexts) };
  };
  const held = new Set<Model>();
  let isChecked = false;

  const open = async ({ path, lora }: OpenOptions): Promise<Model> => {
    opened ??= connect().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    const { session, tokenizer, contextTokens } = await opened;
    const pointer = (await isPointer(path)) ? await readPointer(path) : null;
    if (!pointer && (await realOf(path)) !== (await realOf(options.tokenizer)))
      throw new ConfigError(
        `a Tinker server opens its own models: ${path} is neither the base model's directory (${options.tokenizer}) nor a checkpoint on a server`,
        "Start from the base model, or from a checkpoint of a run on this server.",
      );
    const spec: ModelSpec = {
      baseModel: model,
      lora: pointer && !lora ? pointer.lora : loraConfig(lora, profile, options),
    };
    if (pointer) checkPointer(pointer, { ...spec, url }, path);
    if (vllm && spec.lora.rank === 0)
      throw new ConfigError(
        "vLLM gets adapters, and engine.rank 0 trains all weights",
        "Set a rank, or leave engine.sampler out.",
      );
    const remote = await openRemoteModel({
      link: { connection, session, profile, signal },
      spec,
      tokenizer,
      tokenizerDirectory: options.tokenizer,
      contextTokens,
      url,
      apiKeyEnv: options.apiKeyEnv ?? API_KEY_ENV,
      origin: pointer ? { path: pointer.path, optimizer: false } : null,
      check: pointer?.check,
      name: `${model} at ${url}`,
      elsewhere: vllm && { vllm, settings: sampler!, source: { url, apiKey: options.apiKey, signal } },
    });
    held.add(remote);
    // For a checkpoint, the log-probabilities of a text are compared in any case.
    if (!pointer && !isChecked) {
      const doubt = await checkTokenizer(remote, `${model} at ${url}`).catch(async (error: unknown) => {
        held.delete(remote);
        await remote[Symbol.asyncDispose]();
        throw error;
      });
      if (doubt !== null) onTrouble?.(doubt);
      isChecked = true;
    }
    return remote;
  };
  return {
    name: `tinker ${url}`,
    open,
    [Symbol.asyncDispose]: async () => {
      for (const each of held) await each[Symbol.asyncDispose]();
      const { session } = (await opened?.catch(() => null)) ?? {};
      await session?.[Symbol.asyncDispose]();
    },
  };
}

/** @throws ConfigError for an invalid address or key. */
export function connectTo(
  options: Pick<
    TinkerEngineOptions,
    "url" | "apiKey" | "apiKeyEnv" | "patience" | "clock" | "send" | "onTrouble"
  >,
): Connection {
  const { url, apiKeyEnv: env = API_KEY_ENV, patience, clock, onTrouble } = options;
  checkUrl(url);
  const apiKey = options.apiKey === undefined || options.apiKey === "" ? null : options.apiKey;
  // A header that cannot be sent would look like a server that does not answer.
  if (apiKey !== null && !/^[\x21-\x7e]+$/.test(apiKey))
    throw new ConfigError(
      `the key in ${env} has a space, a line's end or a character that no header carries`,
      `Set ${env} to the key alone.`,
    );
  const send = options.send ?? createSend(url, apiKey);
  return createConnection(send, { patience, clock, url, onTrouble, key: { env, isSet: apiKey !== null } });
}

/**
 * @throws ConfigError for what is not an address, and for one that carries a secret: it would be written into records.
 */
function checkUrl(url: string, whose = "server's"): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new ConfigError(
      `${JSON.stringify(url)} is not an address of a server`,
      "Give one like http://127.0.0.1:8000.",
    );
  const { username, password, search } = new URL(url);
  if (username !== "" || password !== "" || search !== "")
    throw new ConfigError(
      `the ${whose} address carries a name, a password or a query`,
      "Put the key into an environment variable: the address is written into records.",
    );
}

const ourCapabilitiesSchema = capabilitiesSchema.extend({
  supported_models: z.array(
    z.looseObject({
      model_name: z.string().nullish(),
      max_context_length: z.int().nullish(),
      vocab_size: z.int().nullish(),
    }),
  ),
});

interface Base {
  tokenizer: Tokenizer;
  vocabSize: number;
  contextTokens: number;
}

async function readBase(directory: string): Promise<Base> {
  const tokenizer = await loadTokenizer(directory);
  const file = join(directory, "config.json");
  const config = configSchema.safeParse((await exists(file)) ? await readJsonObject(file) : {}).data ?? {};
  return {
    tokenizer,
    vocabSize: config.vocab_size ?? tokenizer.vocabSize,
    contextTokens: config.max_position_embeddings ?? 8192,
  };
}

/** The model's context on the server. */
function checkServed(
  { supported_models: models }: z.infer<typeof ourCapabilitiesSchema>,
  model: string,
  base: Base,
  url: string,
): number | null {
  const names = models.flatMap(({ model_name: name }) => (name ? [name] : []));
  const found = models.find(({ model_name: name }) => name === model);
  if (!found && names.length > 0)
    throw new ConfigError(
      `${url} does not have the model ${JSON.stringify(model)}; it has ${names.join(", ")}`,
      "Set engine.model to one of these.",
    );
  const size = found?.vocab_size;
  if (typeof size === "number" && (size !== base.vocabSize || base.tokenizer.vocabSize > size))
    throw new ConfigError(
      `the tokenizer is not that of ${model}: the server's model has ${size} tokens, the directory here ${Math.max(base.vocabSize, base.tokenizer.vocabSize)}`,
      "Name the directory of the served model's own tokenizer and config.json.",
    );
  return found?.max_context_length ?? null;
}

function loraConfig(
  lora: OpenOptions["lora"],
  profile: ServerProfile,
  { rank = 16, seed = 0 }: Pick<TinkerEngineOptions, "rank" | "seed">,
): ModelSpec["lora"] {
  const common = { train_unembed: false, train_mlp: true, train_attn: true };
  if (!lora) return { rank, seed, ...common };
  const { alpha, layers, targetModules } = lora;
  if (!profile.takesLoraSettings && (layers !== undefined || targetModules !== undefined))
    throw new ConfigError(
      "this server decides on which layers adapters stand, and layers or modules are set",
      "Leave models.lora out and set engine.rank.",
    );
  return {
    rank: lora.rank,
    seed: lora.seed,
    ...common,
    ...(profile.takesLoraSettings && {
      lora_alpha: alpha,
      ...(layers !== undefined && { layers }),
      ...(targetModules && { target_modules: targetModules }),
    }),
  };
}

const realOf = (path: string) => realpath(path).catch(() => resolve(path));
