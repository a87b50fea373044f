/**
 * @file vLLM as the one who samples, while a server of the Tinker protocol trains: adapters are loaded at run time
 * (`/v1/load_lora_adapter`), prompts and replies are token ids (`/v1/completions`). An adapter that the server has
 * forgotten is loaded again.
 */

import { z } from "zod";
import type { SampleRequest, SampleResult, Tokenizer } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { createConnection, type Connection, type Patience } from "../client/connection.ts";
import { TinkerError } from "../client/errors.ts";
import { checkSample } from "../client/sampler.ts";
import { createSend, type Clock, type Dialect, type Send } from "../client/transport.ts";

export interface VllmOptions {
  /** The server's root, such as `http://127.0.0.1:8000`, without `/v1`. */
  url: string;
  apiKey?: string | undefined;
  /** The environment variable that it is from, for messages. */
  apiKeyEnv?: string | undefined;
  onTrouble?: ((message: string) => void) | undefined;
  patience?: Partial<Patience> | undefined;
  signal?: AbortSignal | undefined;
  /** For tests. */
  clock?: Clock | undefined;
  send?: Send | undefined;
}

export interface Vllm {
  readonly url: string;
  /** Longest sequence that it takes; `null` if it does not say. Throws if nothing answers, or it is not vLLM. */
  contextTokens(): Promise<number | null>;
  /** `directory`: an adapter in PEFT's format, as the server sees it. Names are never used twice. */
  load(name: string, directory: string): Promise<VllmAdapter>;
}

/** An adapter that is loaded, until it is disposed of. */
export interface VllmAdapter extends AsyncDisposable {
  sample(request: SampleRequest, tokenizer: Pick<Tokenizer, "vocabSize" | "decode">): Promise<SampleResult>;
  /** log P of every token but the first, given those before it, nats. */
  logprobs(tokens_T: readonly number[]): Promise<number[]>;
}

const VLLM: Dialect = { prefix: "/", keyHeader: (key) => ({ authorization: `Bearer ${key}` }) };
/** How often an adapter that is not there is loaded again for one request. */
const RELOADS = 3;
/** What vLLM writes for a log-probability of −∞. */
const MINUS_INFINITY = -9999;

const modelsSchema = z.object({
  data: z.array(z.looseObject({ id: z.string(), max_model_len: z.int().positive().nullish() })).min(1),
});
const logprob = z.number().nullable();
const completionSchema = z.object({
  choices: z
    .array(
      z.looseObject({
        token_ids: z.array(z.int().nonnegative()).nullish(),
        finish_reason: z.string().nullable(),
        logprobs: z.looseObject({ token_logprobs: z.array(logprob) }).nullish(),
        /** By token id; nothing for the first. */
        prompt_logprobs: z.array(z.record(z.string(), z.looseObject({ logprob })).nullable()).nullish(),
      }),
    )
    .min(1),
});

export function createVllm(options: VllmOptions): Vllm {
  const { url, apiKey, apiKeyEnv: env = "VLLM_API_KEY", patience, clock, onTrouble, signal } = options;
  const send = options.send ?? createSend(url, apiKey ?? null, VLLM);
  const key = { env, setting: "engine.sampler.apiKeyEnv", isSet: apiKey !== undefined };
  const connection = createConnection(send, { url, patience, clock, onTrouble, key });
  return {
    url,
    contextTokens: async () => {
      const { data } = await connection.ask({ path: "v1/models", resend: "always", signal }, modelsSchema);
      const lengths = data.flatMap(({ max_model_len: length }) => length ?? []);
      return lengths.length > 0 ? Math.min(...lengths) : null;
    },
    load: async (name, directory) => {
      await loadAdapter(connection, name, directory, signal);
      return openAdapter(connection, name, directory, url, signal);
    },
  };
}

async function loadAdapter(
  connection: Connection,
  name: string,
  directory: string,
  signal?: AbortSignal,
): Promise<void> {
  const body = { lora_name: name, lora_path: directory };
  // vLLM answers 500 for an adapter that does not fit.
  const call = { path: "v1/load_lora_adapter", body, resend: "always", isFinalAt500: true, signal } as const;
  try {
    await connection.ask(call, z.unknown());
  } catch (cause) {
    if (!(cause instanceof TinkerError) || !["refused", "lost"].includes(cause.trouble)) throw cause;
    const said = cause.message;
    // The request was repeated after it had arrived, or another one noticed the loss first.
    if (/already (been )?loaded/i.test(said)) return;
    if (/404: Not Found\)/.test(said))
      throw new ConfigError(
        `vLLM does not load adapters at run time (${said})`,
        "Start it with --enable-lora and the environment variable VLLM_ALLOW_RUNTIME_LORA_UPDATING=True.",
        { cause },
      );
    throw new ConfigError(
      `vLLM does not load the adapter in ${directory} (${said})`,
      "It has to serve the model that is trained, with --enable-lora and --max-lora-rank of engine.rank or more, and to see that directory (engine.sampler.directory, serverDirectory).",
      { cause },
    );
  }
}

function openAdapter(
  connection: Connection,
  name: string,
  directory: string,
  url: string,
  signal?: AbortSignal,
): VllmAdapter {
  let reloading: Promise<void> | null = null;
  /** All requests that notice the loss wait for one loading. */
  const reload = () =>
    (reloading ??= loadAdapter(connection, name, directory, signal).finally(() => (reloading = null)));

  async function complete(body: object, abort: AbortSignal | undefined) {
    const either = abort && signal ? AbortSignal.any([abort, signal]) : (abort ?? signal);
    for (let attempt = 0; ; attempt++)
      try {
        const { choices } = await connection.ask(
          { path: "v1/completions", body: { ...body, model: name }, resend: "always", signal: either },
          completionSchema,
        );
        return choices[0]!;
      } catch (error) {
        if (!(error instanceof TinkerError) || error.trouble !== "lost" || attempt >= RELOADS) throw error;
        await reload();
      }
  }

  return {
    sample: async (request, tokenizer) => {
      const choice = await complete(bodyOf(request), request.signal);
      if (!choice.token_ids) throw nonsense(url, "no token ids; vLLM says them from version 0.10.2 on");
      if (choice.finish_reason !== "stop" && choice.finish_reason !== "length")
        throw new TinkerError("busy", `${url} ended a sample with ${JSON.stringify(choice.finish_reason)}`);
      const logprobs = (choice.logprobs?.token_logprobs ?? []).map((each) => each ?? Number.NaN);
      refuseMinusInfinity(url, logprobs);
      return checkSample(
        { tokens: choice.token_ids, logprobs, reason: choice.finish_reason },
        request,
        tokenizer,
      );
    },
    logprobs: async (tokens_T) => {
      const body = { prompt: tokens_T, max_tokens: 1, temperature: 0, prompt_logprobs: 0 };
      const { prompt_logprobs: said } = await complete(body, undefined);
      if (said?.length !== tokens_T.length)
        throw nonsense(
          url,
          `${said?.length ?? 0} log-probabilities of a prompt of ${tokens_T.length} tokens`,
        );
      const logprobs = tokens_T.slice(1).map((token, n) => said[n + 1]?.[token]?.logprob ?? Number.NaN);
      refuseMinusInfinity(url, logprobs);
      if (!logprobs.every((each) => Number.isFinite(each) && each <= 1e-2))
        throw nonsense(url, "log-probabilities that no model has");
      return logprobs;
    },
    [Symbol.asyncDispose]: async () => {
      const body = { lora_name: name };
      // Only room on the server depends on it.
      await connection
        .ask({ path: "v1/unload_lora_adapter", body, resend: "unless_arrived", signal }, z.unknown())
        .catch(() => {});
    },
  };
}

/** Sets everything that a served model's own generation_config.json could set differently. */
function bodyOf({
  prompt_T,
  maxTokens,
  temperature,
  topP,
  topK,
  stopTokens = [],
  stopStrings = [],
  seed,
}: SampleRequest): object {
  return {
    prompt: prompt_T,
    max_tokens: maxTokens,
    temperature,
    top_p: topP ?? 1,
    top_k: topK ?? 0,
    min_p: 0,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    seed,
    // By the contract, a sequence ends at what was asked for, not at the end tokens of the model's files.
    ignore_eos: true,
    ...(stopTokens.length > 0 && { stop_token_ids: stopTokens }),
    ...(stopStrings.length > 0 && { stop: stopStrings }),
    logprobs: 0,
    return_token_ids: true,
  };
}

const nonsense = (url: string, what: string) => new TinkerError("nonsense", `${url} answers ${what}`);

function refuseMinusInfinity(url: string, logprobs: readonly number[]): void {
  if (logprobs.some((each) => each <= MINUS_INFINITY))
    throw nonsense(url, "a log-probability of −∞ for a token that it wrote or was given");
}
