/** @file Opens the chat model that settings, options and the environment name, and sets how long to wait for it. */

import type { ChatModel } from "../core/chat.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { createOpenAIChat } from "../chat/chat-model.ts";
import type { LlmConfig } from "../chat/config.ts";
import { checkLlm } from "../chat/config.ts";
import type { ChatMeter } from "../chat/meter.ts";
import type { ServerName } from "../chat/server-name.ts";
import { checkBaseUrl, isServerName, parseServerName } from "../chat/server-name.ts";
import { createOutage } from "../rollout/outage.ts";

const environment = (name: string) => process.env[name] || undefined;

/** Model and server of `llm`: `llm.model` may name both. `from`: the option or setting that names the model. */
export function serverOf(llm: Pick<LlmConfig, "model" | "baseUrl">, from = "llm.model"): ServerName {
  const elsewhere = llm.baseUrl ?? environment("OPENAI_BASE_URL");
  if (isServerName(llm.model)) return parseServerName(llm.model, from, elsewhere);
  if (!elsewhere)
    throw new ConfigError(
      `the chat model ${JSON.stringify(llm.model)} (${from}) has no server`,
      "Name it as openai:NAME@URL, or set llm.baseUrl or OPENAI_BASE_URL, and OPENAI_API_KEY if the server needs a key; or name the directory of a model.",
    );
  return {
    model: llm.model,
    baseUrl: checkBaseUrl(elsewhere, llm.baseUrl ? "llm.baseUrl" : "OPENAI_BASE_URL"),
  };
}

/** Whether a server is named; otherwise nothing is sent anywhere. */
export function namesServer(llm: Pick<LlmConfig, "model" | "baseUrl">): boolean {
  return (
    (llm.baseUrl ?? environment("OPENAI_BASE_URL")) !== undefined ||
    (isServerName(llm.model) && /@https?:\/\//i.test(llm.model))
  );
}

export interface OpenChatOptions {
  /** Counts what it uses, and stops it at the budget. */
  meter: ChatMeter;
  /** The option or setting that names the model. */
  from?: string;
  onWarning?: ((message: string) => void) | undefined;
  /** As in {@link createOpenAIChat}. */
  completeUntil?: readonly string[] | undefined;
}

/** Opens no connection. */
export function openChat(
  llm: LlmConfig,
  { meter, from, onWarning, completeUntil }: OpenChatOptions,
): ChatModel {
  checkLlm(llm);
  const { model, baseUrl } = serverOf(llm, from);
  const apiKey = environment("OPENAI_API_KEY");
  return createOpenAIChat({
    ...llm,
    model,
    baseUrl,
    meter,
    ...(apiKey !== undefined && { apiKey }),
    ...(onWarning && { onWarning }),
    ...(completeUntil && { completeUntil }),
  });
}

export interface PatienceOptions {
  limitMinutes: number;
  onWait?: ((message: string) => void) | undefined;
  pause?: ((ms: number) => Promise<unknown>) | undefined;
  now?: (() => number) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The same model, for judges and proposers: waits while its server is down, as for sites. A request that fails although
 * the server answers others is not repeated.
 */
export function patientChat(chat: ChatModel, options: PatienceOptions): ChatModel {
  const signal = options.signal ?? new AbortController().signal;
  const wait = createOutage<void>({
    name: `the server of ${chat.name}`,
    code: "model_server_failed",
    limitMinutes: options.limitMinutes,
    onTry: (message, waitedMs) =>
      options.onWait?.(
        `the server of ${chat.name} has been down for ${Math.round(waitedMs / 1000)} s and is tried again: ${message}`,
      ),
    probe: async () => (await chat.probe?.(signal)) ?? null,
    pause: options.pause,
    now: options.now,
    signal,
  });
  return {
    ...chat,
    chat: async (request) => {
      for (;;) {
        try {
          const both = request.signal ? AbortSignal.any([request.signal, signal]) : signal;
          return await chat.chat({ ...request, signal: both });
        } catch (error) {
          if (!(error instanceof Fault && error.retryable)) throw error;
          if (!(await wait())) throw error;
        }
      }
    },
  };
}
