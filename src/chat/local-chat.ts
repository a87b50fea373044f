/**
 * @file Makes a chat model of a model whose weights are here, with its own conversation format. For judges and
 * proposers.
 */

import type { ChatMessage, ChatModel } from "../core/chat.ts";
import type { PlainText, Sampler } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { chatLayout } from "../text/chat-layout.ts";
import type { ChatLayout } from "../text/chat-layout.ts";
import { withoutThoughts } from "../text/thoughts.ts";

export interface LocalChatOptions {
  /** Its name in verdicts: its directory. */
  name: string;
  /** The most tokens in a reply, if a request does not say. */
  maxTokens: number;
}

/** Throws a `ConfigError` if the model has no usable conversation format. */
export function createLocalChat(model: Sampler, options: LocalChatOptions): ChatModel {
  const layout = chatLayout(model.tokenizer);
  return {
    name: options.name,
    chat: async ({ messages, maxTokens = options.maxTokens, temperature, topP, seed = 0, signal }) => {
      signal?.throwIfAborted();
      const prompt_T = model.tokenizer.encode(piecesOf(messages, layout));
      if (prompt_T.length + maxTokens > model.contextTokens)
        throw new ConfigError(
          `a prompt of ${prompt_T.length} tokens and a reply of ${maxTokens} do not fit into the ${model.contextTokens} tokens that ${options.name} reads`,
          "Lower llm.contextTokens, to which prompts are cut, or llm.maxTokens; or use a model with a longer context.",
        );
      const reply = await model.sample({
        prompt_T,
        maxTokens,
        temperature,
        ...(topP !== undefined && { topP }),
        stopTokens: layout.stopTokens,
        seed,
        ...(signal && { signal }),
      });
      return {
        text: withoutThoughts(reply.text)?.trim() ?? "",
        stop: reply.stop === "length" ? "length" : "stop",
      };
    },
  };
}

/**
 * A system message first, if there is one, then user and assistant in turn. Text of messages never becomes a special
 * token.
 */
function piecesOf(messages: readonly ChatMessage[], layout: ChatLayout): (string | PlainText)[] {
  const [first] = messages;
  const system = first?.role === "system" ? first.content : "";
  const rounds = first?.role === "system" ? messages.slice(1) : messages;
  const pieces: (string | PlainText)[] = [layout.start, { plain: system.trim() }, layout.afterSystem];
  rounds.forEach(({ role, content }, i) => {
    if (role !== (i % 2 === 0 ? "user" : "assistant") || (i === rounds.length - 1 && role !== "user"))
      throw new RangeError("in a conversation user and assistant take turns, and the user is last");
    pieces.push({ plain: content.trim() });
    if (i < rounds.length - 1) pieces.push(role === "user" ? layout.userToAssistant : layout.assistantToUser);
  });
  return [...pieces, layout.toReply];
}
