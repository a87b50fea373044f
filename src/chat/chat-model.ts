/**
 * @file A chat model behind any OpenAI-compatible server. Sampling only: it acts, judges and proposes, but is not
 * trained. The `openai` client retries temporary errors (connection, timeout, 408, 409, 429, 5xx, and invalid answers),
 * with exponential backoff or the server's `Retry-After`. What remains is a `Fault` if it may pass with time, or a
 * `ConfigError` if it will not: a wrong key, model or address.
 */

import { once } from "node:events";
import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from "openai";
import pLimit from "p-limit";
import type { ChatModel, ChatReply, ChatRequest, ChatUsage } from "../core/chat.ts";
import { BudgetSpent, ConfigError, Fault } from "../core/errors.ts";
import { keepSecret, redact, whyNoSecret } from "../text/secrets.ts";
import { describeRefusal } from "./describe-refusal.ts";
import { patientFetch } from "./fetch.ts";
import { llmConfigSchema } from "./config.ts";
import type { LlmConfig } from "./config.ts";
import { createMeter } from "./meter.ts";
import type { ChatMeter } from "./meter.ts";
import { readReply, readUsage } from "./read-reply.ts";
import { checkBaseUrl } from "./server-name.ts";

/** Which server and model to ask, and how patiently. */
export interface OpenAIChatOptions extends Partial<
  Pick<LlmConfig, "maxTokens" | "timeoutSeconds" | "retries" | "concurrency" | "price">
> {
  /** E.g. `http://127.0.0.1:8000/v1`. */
  baseUrl: string;
  model: string;
  /** Many local servers need none. Never logged. */
  apiKey?: string;
  /**
   * Let the server complete the last message's text (`/completions`), sent as it is, up to one of these. Default: a
   * chat.
   */
  completeUntil?: readonly string[];
  /** Counts for all models that share it, and stops them when its budget is used up. Default: one that only counts. */
  meter?: ChatMeter;
  /** The longest `Retry-After` to wait for. Default 30,000. */
  maxPauseMs?: number;
  /** Called when a parameter is left out from now on because the server does not accept it. */
  onWarning?(message: string): void;
}

type TextBody = OpenAI.CompletionCreateParamsNonStreaming;
type Body = OpenAI.ChatCompletionCreateParamsNonStreaming | TextBody;

/** Parameters that can be left out if a server or a model does not accept them. */
const OPTIONAL = ["temperature", "top_p", "seed"] as const;
const UNSUPPORTED =
  /unsupported|not support|unknown|unrecogni[sz]ed|not (?:permitted|allowed)|unexpected|extra/i;

/** A model on a server that speaks OpenAI's chat completions. The key comes only from `OPENAI_API_KEY`. */
export function createOpenAIChat(options: OpenAIChatOptions): ChatModel {
  const { model } = options;
  const baseUrl = checkBaseUrl(options.baseUrl, "baseUrl");
  const { maxTokens, timeoutSeconds, retries, concurrency, price } = {
    ...llmConfigSchema.parse({}),
    ...withoutUndefined(options),
  };
  const meter = options.meter ?? createMeter();
  const client = new OpenAI({
    baseURL: baseUrl,
    // The SDK insists on a key; servers that need none ignore it. Not taken from the environment here: the CLI reads
    // that.
    apiKey: options.apiKey ?? "none",
    organization: null,
    project: null,
    timeout: timeoutSeconds * 1000,
    maxRetries: retries,
    logLevel: "off",
  });
  const limit = pLimit(concurrency);
  // Servers quote what was sent to them.
  if (options.apiKey !== undefined && whyNoSecret(options.apiKey) === null)
    keepSecret(options.apiKey, "the chat server");
  const where = new URL(baseUrl).host;
  const leftOut = new Set<string>();
  let lengthParameter: "max_tokens" | "max_completion_tokens" = "max_tokens";

  const bodyOf = (request: ChatRequest): Body => {
    const body: Body = {
      model,
      ...(options.completeUntil
        ? { prompt: request.messages.at(-1)!.content, stop: [...options.completeUntil] }
        : { messages: request.messages.map(({ role, content }) => ({ role, content })) }),
      temperature: request.temperature,
      [lengthParameter]: request.maxTokens ?? maxTokens,
      ...(request.topP === undefined ? {} : { top_p: request.topP }),
      ...(request.seed === undefined ? {} : { seed: request.seed }),
      stream: false,
    };
    for (const name of OPTIONAL) if (leftOut.has(name)) delete body[name];
    return body;
  };

  /** Sends one request, with the client's retries. Adds to `usage` what was sent and what came back. */
  const send = async (
    body: Body,
    usage: ChatUsage,
    { signal: given, maxRetries }: { signal: AbortSignal | undefined; maxRetries: number },
  ): Promise<unknown> => {
    meter.admit();
    const stop = new AbortController();
    const signal = given ? AbortSignal.any([given, stop.signal]) : stop.signal;
    const metered = client.withOptions({
      fetch: patientFetch(options.maxPauseMs ?? 30_000, () => {
        try {
          meter.admit();
        } catch (error) {
          // The client would retry if this threw here.
          stop.abort(error);
          throw error;
        }
        meter.countRequest();
        usage.requests += 1;
      }),
    });
    try {
      const asked =
        "prompt" in body
          ? metered.completions.create(body, { signal, maxRetries })
          : metered.chat.completions.create(body, { signal, maxRetries });
      return await untilAborted<unknown>(asked, signal);
    } catch (error) {
      if (stop.signal.aborted) throw stop.signal.reason;
      throw error;
    }
  };

  const count = (answer: unknown, usage: ChatUsage): void => {
    const used = readUsage(answer, price);
    if (used === null) {
      if (meter.budget.tokens === null && meter.budget.cost === null) return;
      throw new ConfigError(
        `${where} does not say how many tokens a reply used, so a budget of tokens or money cannot be kept`,
        "Limit the requests instead: llm.budget.requests.",
      );
    }
    meter.countReply({ ...used, requests: 0 });
    Object.assign(usage, used);
  };

  /** Adapts to what the server refused in `sent`; `false` if there is nothing to adapt. */
  const adapt = (cause: unknown, sent: Body): boolean => {
    if (!(cause instanceof APIError) || (cause.status !== 400 && cause.status !== 422)) return false;
    const { message, param } = cause;
    if ("max_tokens" in sent && message.includes("max_completion_tokens")) {
      lengthParameter = "max_completion_tokens";
      return true;
    }
    const name = OPTIONAL.find(
      (each) => each in sent && (param === each || (UNSUPPORTED.test(message) && message.includes(each))),
    );
    if (name === undefined) return false;
    if (!leftOut.has(name))
      options.onWarning?.(`${model} at ${where} does not accept ${name}, which is left out from now on`);
    leftOut.add(name);
    return true;
  };

  const ask = async (request: ChatRequest, maxRetries = retries): Promise<ChatReply> => {
    const usage: ChatUsage = { requests: 0, promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
    for (;;) {
      request.signal?.throwIfAborted();
      const body = bodyOf(request);
      try {
        const answer = await send(body, usage, { signal: request.signal, maxRetries });
        count(answer, usage);
        return { ...readReply(answer), usage };
      } catch (cause) {
        request.signal?.throwIfAborted();
        if (cause instanceof BudgetSpent || cause instanceof ConfigError) throw cause;
        if (adapt(cause, body)) continue;
        if (isFiltered(cause)) return { text: "", stop: "refusal", usage };
        throw troubleOf(cause, model, where);
      }
    }
  };

  return {
    name: model,
    chat: (request) => untilAborted(limit(ask, request), request.signal),
    probe: async (signal) => {
      try {
        await ask(
          {
            messages: [{ role: "user", content: "Hello" }],
            maxTokens: 1,
            temperature: 0,
            ...(signal && { signal }),
          },
          0,
        );
        return null;
      } catch (error) {
        if (error instanceof Fault) return error.message;
        throw error;
      }
    },
  };
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** The client's pauses do not end with the signal, so this does not wait for them. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const over = new AbortController();
  const aborted = once(signal, "abort", { signal: over.signal });
  try {
    await Promise.race([work, aborted]);
    signal.throwIfAborted();
    return await work;
  } finally {
    over.abort();
    await aborted.catch(() => {});
  }
}

/** Azure's way of saying that its filter withheld the reply. */
const isFiltered = (cause: unknown): boolean =>
  cause instanceof APIError && cause.status === 400 && cause.code === "content_filter";

function troubleOf(cause: unknown, model: string, where: string): Fault | ConfigError {
  const fault = (message: string, retryable = true) =>
    new Fault("model_server_failed", message, { retryable, cause });
  if (cause instanceof APIConnectionTimeoutError) return fault(`${where} did not answer in time`);
  if (cause instanceof APIUserAbortError) return fault(`the request to ${where} was aborted`, false);
  if (cause instanceof APIConnectionError) return fault(`${where} cannot be reached`);
  if (!(cause instanceof APIError))
    return fault(`${where} answered nonsense: ${redact((cause as Error).message).slice(0, 200)}`);
  const status = cause.status as number | undefined;
  const said = redact(cause.message).slice(0, 300);
  const refusal = describeRefusal({ status, code: cause.code, said, model, where });
  if (refusal !== null) return new ConfigError(refusal.message, refusal.hint, { cause });
  if (status === 429) return fault(`${where} limits the rate of requests`);
  if (status === undefined || status >= 500 || status === 408 || status === 409)
    return fault(`${where} failed: ${said}`);
  return fault(`${where} refused the request: ${said}`, false);
}
