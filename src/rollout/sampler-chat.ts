/** @file Makes a chat model of a model that is opened here: messages in its own chat template, a text out. */

import type { ChatMessage, ChatModel } from "../core/chat.ts";
import type { PlainText, Sampler } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { chatLayout } from "../text/chat-layout.ts";
import { withoutThoughts } from "../text/thoughts.ts";

/**
 * Throws a `ConfigError` if the model has no chat template: a model trained only on actions cannot answer anything
 * else.
 */
export function samplerChat(sampler: Sampler, name: string): ChatModel {
  const { tokenizer, contextTokens } = sampler;
  const layout = chatLayout(tokenizer);
  return {
    name,
    chat: async ({ messages, maxTokens = 512, temperature, topP, seed = 0, signal }) => {
      const prompt_T = tokenizer.encode(piecesOf(messages, layout));
      const room = contextTokens - prompt_T.length;
      if (room < 1)
        throw new ConfigError(
          `the prompt has ${prompt_T.length} tokens, but ${name} reads ${contextTokens}, including its reply`,
          "Use a model with a longer context.",
        );
      const { text, stop, tokens_T } = await sampler.sample({
        prompt_T,
        maxTokens: Math.min(maxTokens, room),
        temperature,
        stopTokens: layout.stopTokens,
        seed,
        ...(topP !== undefined && { topP }),
        ...(signal && { signal }),
      });
      return {
        text: withoutThoughts(text)?.trim() ?? "",
        stop: stop === "length" ? "length" : "stop",
        usage: {
          requests: 1,
          promptTokens: prompt_T.length,
          cachedTokens: 0,
          completionTokens: tokens_T.length,
        },
      };
    },
  };
}

function piecesOf(
  messages: readonly ChatMessage[],
  { start, afterSystem, userToAssistant, assistantToUser, toReply }: ReturnType<typeof chatLayout>,
): (string | PlainText)[] {
  const isSystem = messages[0]?.role === "system";
  const rest = isSystem ? messages.slice(1) : messages;
  const pieces: (string | PlainText)[] = [start, { plain: isSystem ? messages[0]!.content.trim() : "" }];
  for (const [index, { role, content }] of rest.entries()) {
    pieces.push(index === 0 ? afterSystem : role === "user" ? assistantToUser : userToAssistant);
    pieces.push({ plain: content.trim() });
  }
  return [...pieces, toReply];
}
