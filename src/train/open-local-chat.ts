/** @file Opens a chat model from a model's directory, for judge and proposer, instead of one on a server. */

import type { ChatModel } from "../core/chat.ts";
import type { Engine } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import type { LlmConfig } from "../chat/config.ts";
import { checkLlm, hasBudget, promptTokensOf } from "../chat/config.ts";
import { createLocalChat } from "../chat/local-chat.ts";

export interface LocalChat extends AsyncDisposable {
  chat: ChatModel;
  /** The most tokens of a prompt. */
  promptTokens: number;
}

/** Without a server, there is nothing that a budget could limit. */
export function refuseBudget(llm: LlmConfig, from: string): void {
  if (hasBudget(llm))
    throw new ConfigError(
      `llm.budget limits what a server uses, but ${from} names a model that is opened here`,
      "Leave the budget out, or name a server as openai:NAME@URL.",
    );
}

/**
 * Opens the model at `path` at once, so that one that cannot read a conversation is refused before anything starts.
 * `from`: the option or setting that names it. Adapters on an open base share its memory.
 */
export async function openLocalChat(
  engine: Engine,
  path: string,
  llm: LlmConfig,
  from: string,
): Promise<LocalChat> {
  const model = await engine.open({ path });
  try {
    const fitted = { ...llm, contextTokens: Math.min(llm.contextTokens, model.contextTokens) };
    checkLlm(fitted);
    return {
      chat: createLocalChat(model, { name: path, maxTokens: llm.maxTokens }),
      promptTokens: promptTokensOf(fitted),
      [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
    };
  } catch (error) {
    await model[Symbol.asyncDispose]();
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${path} (${from}): ${error.message}`, error.hint, { cause: error });
  }
}
