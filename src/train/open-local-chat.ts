/** @file A chat model of a model's directory, for judge and proposer, in place of one behind a server. */

import type { ChatModel } from "../core/chat.ts";
import type { Engine } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import type { LlmConfig } from "../chat/config.ts";
import { checkLlm, hasBudget, promptTokensOf } from "../chat/config.ts";
import { createLocalChat } from "../chat/local-chat.ts";

export interface LocalChat extends AsyncDisposable {
  chat: ChatModel;
  /** Tokens of a prompt at most. */
  promptTokens: number;
}

/** Where no server is asked, a budget bounds nothing. */
export function refuseBudget(llm: LlmConfig, from: string): void {
  if (hasBudget(llm))
    throw new ConfigError(
      `llm.budget bounds what a server takes, and ${from} names a model that is opened here`,
      "Leave the budget out, or name a server as openai:NAME@URL.",
    );
}

/**
 * Opens the model at `path` at once, so that one that cannot read a conversation is refused before anything starts. `from`: the
 * option or setting that names it. Adapters on a base that is open share its memory.
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
