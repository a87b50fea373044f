/**
 * @file A chat model behind any OpenAI-compatible server. Sampling only: it judges and proposes, it is not trained.
 * The `openai` client tries again what may pass (connection, time, 408, 409, 429, 5xx), with exponential backoff or the
 * server's `Retry-After`; an answer without a text is asked for again; what is left is a `Fault`.
 */

import { once } from "node:events";
import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  OpenAIError,
} from "openai";
import pLimit from "p-limit";
import type { ChatModel, ChatRequest } from "../core/chat.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { keepSecret, redact, whyNoSecret } from "../text/secrets.ts";

export interface OpenAIChatOptions {
  /** E.g. `http://127.0.0.1:8000/v1`. */
  baseUrl: string;
  model: string;
  /** Many local servers ask for none. Never logged. */
  apiKey?: string;
  /** For one attempt. Default 60,000. */
  timeoutMs?: number;
  /** Attempts after the first. Default 4. */
  maxRetries?: number;
  /** The longest `Retry-After` that is waited for. Default 30,000. */
  maxPauseMs?: number;
  /** Requests under way at once; more wait their turn. Default 8. */
  concurrency?: number;
}

/** Names of the parameter for the reply's length: servers know the one or the other. */
type LengthParameter = "max_tokens" | "max_completion_tokens";

export function createOpenAIChat(options: OpenAIChatOptions): ChatModel {
  const { baseUrl, model, timeoutMs = 60_000, maxRetries = 4, concurrency = 8 } = options;
  if (!URL.canParse(baseUrl))
    throw new ConfigError(
      `${JSON.stringify(baseUrl)} is not the address of a server`,
      "Give a base URL such as http://127.0.0.1:8000/v1.",
    );
  const client = new OpenAI({
    baseURL: baseUrl,
    // The SDK insists on a key; servers that ask for none ignore it. Never the environment's: that is the CLI's to read.
    apiKey: options.apiKey ?? "none",
    organization: null,
    project: null,
    timeout: timeoutMs,
    maxRetries,
    fetch: impatientFetch(options.maxPauseMs ?? 30_000),
    logLevel: "off",
  });
  const limit = pLimit(concurrency);
  // Servers quote what they were sent.
  for (const secret of [options.apiKey ?? "", decodeURIComponent(new URL(baseUrl).password)])
    if (whyNoSecret(secret) === null) keepSecret(secret, "the chat server");
  let lengthParameter: LengthParameter = "max_tokens";

  const complete = (request: ChatRequest) =>
    client.chat.completions.create(
      {
        model,
        messages: request.messages.map(({ role, content }) => ({ role, content })),
        temperature: request.temperature,
        [lengthParameter]: request.maxTokens,
        ...(request.topP === undefined ? {} : { top_p: request.topP }),
        ...(request.seed === undefined ? {} : { seed: request.seed }),
        stream: false,
      },
      { signal: request.signal },
    );

  const ask = async (request: ChatRequest) => {
    for (let tries = 0; ; tries++) {
      request.signal?.throwIfAborted();
      try {
        const reply = readReply(await complete(request));
        if (reply) return reply;
        if (tries < maxRetries) continue;
        throw new Fault("engine_failed", `${model} at ${host(baseUrl)} answered without a text`, {
          retryable: true,
        });
      } catch (cause) {
        request.signal?.throwIfAborted();
        if (wantsOtherLength(cause, lengthParameter)) {
          lengthParameter = "max_completion_tokens";
          continue;
        }
        // What is no error of the client is a body that is not JSON, or a connection that ended in the middle of one.
        const isNonsense = !(cause instanceof OpenAIError || cause instanceof Fault);
        if (isNonsense && tries < maxRetries) continue;
        const { message, retryable } = faultOf(cause, model, host(baseUrl));
        throw new Fault("engine_failed", redact(message), { retryable, cause });
      }
    }
  };

  return {
    name: model,
    chat: (request) => untilAborted(limit(ask, request), request.signal),
  };
}

/** `null` where there is no text: what a server answers is not what the types promise. */
function readReply(completion: unknown): Awaited<ReturnType<ChatModel["chat"]>> | null {
  const choice = (completion as { choices?: OpenAI.ChatCompletion.Choice[] } | null)?.choices?.[0];
  const text: unknown = choice?.message?.content;
  if (typeof text !== "string" || text.trim() === "") return null;
  return { text, stop: choice?.finish_reason === "length" ? "length" : "stop" };
}

/** The client's pauses do not end with the signal, so nobody waits for them. */
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

/** The client itself would wait for a day, if `Retry-After` says so. */
const impatientFetch = (maxPauseMs: number) => async (input: string | URL | Request, init?: RequestInit) => {
  const response = await fetch(input, init);
  const header = response.headers.get("retry-after") ?? "0";
  const pauseMs = Number.isNaN(Number(header)) ? Date.parse(header) - Date.now() : 1000 * Number(header);
  if (!(pauseMs > maxPauseMs)) return response;
  const headers = new Headers(response.headers);
  headers.set("retry-after-ms", String(maxPauseMs));
  return new Response(response.body, { status: response.status, headers });
};

function faultOf(cause: unknown, model: string, where: string): Fault {
  if (cause instanceof Fault) return cause;
  const fault = (message: string, retryable: boolean) =>
    new Fault("engine_failed", message, { retryable, cause });
  if (cause instanceof APIConnectionTimeoutError) return fault(`${where} did not answer in time`, true);
  if (cause instanceof APIUserAbortError) return fault(`the request to ${where} was aborted`, false);
  if (cause instanceof APIConnectionError) return fault(`${where} cannot be reached`, true);
  if (cause instanceof APIError) {
    const status = cause.status as number | undefined;
    if (status === 429) return fault(`${where} limits the rate of requests`, true);
    if (status === 401 || status === 403) return fault(`${where} refused the key (${status})`, false);
    if (status === 404) return fault(`${where} has no model ${JSON.stringify(model)} (404)`, false);
    if (status !== undefined && status < 500 && status !== 408 && status !== 409)
      return fault(`${where} refused the request (${status}): ${redact(cause.message).slice(0, 200)}`, false);
    return fault(`${where} failed (${status ?? "no status"})`, true);
  }
  // A body that is not JSON, or a connection that ended in the middle of one.
  return fault(`${where} answered nonsense: ${redact((cause as Error).message).slice(0, 120)}`, true);
}

/** Newer servers refuse `max_tokens` by name. */
function wantsOtherLength(cause: unknown, current: LengthParameter): boolean {
  return (
    current === "max_tokens" &&
    cause instanceof APIError &&
    cause.status === 400 &&
    cause.message.includes("max_completion_tokens")
  );
}

const host = (baseUrl: string) => new URL(baseUrl).host;
