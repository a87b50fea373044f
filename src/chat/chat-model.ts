/**
 * @file A chat model behind any OpenAI-compatible server. Sampling only: it judges and proposes, it is not trained.
 * Retries are bounded, with exponential backoff and the server's `Retry-After`; what is left is a `Fault`.
 */

import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from "openai";
import type { ChatModel, ChatRequest } from "../core/chat.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { redactKnown } from "../text/redact.ts";

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
  /** First pause; it doubles up to `maxBackoffMs`. Default 500. */
  backoffMs?: number;
  /** Also the longest `Retry-After` that is waited for. Default 30,000. */
  maxBackoffMs?: number;
  /** Requests under way at once; more wait their turn. Default 8. */
  concurrency?: number;
}

/** Names of the parameter for the reply's length: servers know the one or the other. */
type LengthParameter = "max_tokens" | "max_completion_tokens";

export function createOpenAIChat(options: OpenAIChatOptions): ChatModel {
  const { baseUrl, model, timeoutMs = 60_000, maxRetries = 4 } = options;
  const { backoffMs = 500, maxBackoffMs = 30_000, concurrency = 8 } = options;
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
    maxRetries: 0,
    logLevel: "off",
  });
  const gate = createGate(concurrency);
  // Servers quote what they were sent.
  const redact = redactKnown(options.apiKey === undefined ? [] : [options.apiKey]);
  let lengthParameter: LengthParameter = "max_tokens";

  const attempt = async (request: ChatRequest) => {
    const completion = await client.chat.completions.create(
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
    // What a server answers is not what the types promise.
    const choice = (completion as { choices?: OpenAI.ChatCompletion.Choice[] } | null)?.choices?.[0];
    const text: unknown = choice?.message?.content;
    if (typeof text !== "string" || text.trim() === "")
      throw new Fault("engine_failed", `${model} at ${host(baseUrl)} answered without a text`, {
        retryable: true,
      });
    return { text, stop: choice?.finish_reason === "length" ? ("length" as const) : ("stop" as const) };
  };

  const withRetries = async (request: ChatRequest) => {
    for (let tries = 1; ; tries++) {
      request.signal?.throwIfAborted();
      try {
        return await attempt(request);
      } catch (cause) {
        request.signal?.throwIfAborted();
        if (wantsOtherLength(cause, lengthParameter)) {
          lengthParameter = "max_completion_tokens";
          tries -= 1;
          continue;
        }
        const fault = faultOf(cause, model, host(baseUrl));
        const pause = Math.min(maxBackoffMs, retryAfterMs(cause) ?? backoffMs * 2 ** (tries - 1));
        if (!fault.retryable || tries > maxRetries)
          throw new Fault(
            "engine_failed",
            `${redact(fault.message)} (${tries} attempt${tries === 1 ? "" : "s"})`,
            { retryable: fault.retryable, cause },
          );
        await sleep(pause, request.signal);
      }
    }
  };

  return {
    name: model,
    chat: (request) => gate(() => withRetries(request), request.signal),
  };
}

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
      return fault(`${where} refused the request (${status}): ${cause.message.slice(0, 200)}`, false);
    return fault(`${where} failed (${status ?? "no status"})`, true);
  }
  // A body that is not JSON, or a connection that ended in the middle of one.
  return fault(`${where} answered nonsense: ${(cause as Error).message.slice(0, 120)}`, true);
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

/** `Retry-After` in seconds or as a date. */
function retryAfterMs(cause: unknown): number | null {
  const header =
    cause instanceof APIError ? (cause.headers as Headers | undefined)?.get("retry-after") : null;
  if (header === null || header === undefined) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

const host = (baseUrl: string) => new URL(baseUrl).host;

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** At most `limit` at once, in order of arrival. */
function createGate(limit: number): <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work, signal) => {
    while (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      signal?.throwIfAborted();
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
}
