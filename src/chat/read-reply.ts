/**
 * @file Parses a server's answer. Servers answer in many ways that the protocol does not specify; this file decides
 * which are the model's doing and which the server's. Nonsense is the server's, and the request is repeated.
 *
 * | the answer                                                                            | is                         |
 * | ------------------------------------------------------------------------------------- | -------------------------- |
 * | no JSON, an `error`, no choice, no message, a text that is none, ended by an error    | nonsense of the server     |
 * | no text and no reason why it ends                                                     | nonsense of the server     |
 * | no text, but a reason: the model was done, cut off, called a tool, refused, only thought | the model's, an empty text |
 * | a text with thoughts in it                                                            | the text after the thoughts |
 */

import { z } from "zod";
import type { ChatReply, ChatUsage } from "../core/chat.ts";
import type { LlmConfig } from "./config.ts";

/** Thrown for an answer that is not a model's reply. */
export class Nonsense extends Error {
  override readonly name = "Nonsense";
}

const part = z.object({ type: z.string().optional(), text: z.string().optional() });
const answerSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.union([z.string(), z.array(part)]).nullish(),
          refusal: z.string().nullish(),
          tool_calls: z.array(z.unknown()).nullish(),
          function_call: z.unknown().optional(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});

const count = z.number().min(0);
const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count.nullish() }).nullish(),
});

/** Reasons which say that the server gave up, not the model. */
const SERVER_GAVE_UP = /error|insufficient_system_resource|abort|cancel/i;

/** Converts an answer of `/completions` to that of a chat. */
function asChat(answer: unknown): unknown {
  const { choices } = (answer ?? {}) as { choices?: unknown };
  if (!Array.isArray(choices)) return answer;
  const read = (choice: unknown): unknown => {
    const { text, message, finish_reason } = (choice ?? {}) as Record<string, unknown>;
    return typeof text === "string" && message === undefined
      ? { finish_reason, message: { content: text } }
      : choice;
  };
  return { ...(answer as object), choices: choices.map(read) };
}

/** Throws `Nonsense` if it contains no reply. */
export function readReply(answer: unknown): Pick<ChatReply, "text" | "stop"> {
  const { error } = (answer ?? {}) as { error?: { message?: unknown } | null };
  if (error !== undefined && error !== null)
    throw new Nonsense(`an error: ${String(error.message ?? JSON.stringify(error))}`);
  const parsed = answerSchema.safeParse(asChat(answer));
  if (!parsed.success) throw new Nonsense("no reply of a model");
  const { message, finish_reason: reason } = parsed.data.choices[0]!;
  if (reason && SERVER_GAVE_UP.test(reason)) throw new Nonsense(`a reply that it broke off (${reason})`);
  const text = withoutThoughts(plainText(message.content));
  if (message.refusal || reason === "content_filter")
    return { text: message.refusal ?? text, stop: "refusal" };
  if (message.tool_calls?.length || message.function_call) return { text, stop: "tool_call" };
  if (!reason && text.trim() === "") throw new Nonsense("a reply without a text");
  return { text, stop: reason === "length" || reason === "max_tokens" ? "length" : "stop" };
}

/** Some servers answer with a list of parts, including thoughts. */
function plainText(content: string | z.infer<typeof part>[] | null | undefined): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .filter(({ type }) => type === undefined || type === "text" || type === "output_text")
    .map(({ text }) => text ?? "")
    .join("");
}

const THOUGHT = "think|thinking|thought|reasoning";
const THOUGHT_ENDS = new RegExp(String.raw`</(?:${THOUGHT})>|\[/THINK\]`, "gi");
const THOUGHT_BEGINS = new RegExp(String.raw`^[ \t]*(?:<(?:${THOUGHT})>|\[THINK\])`, "im");

/**
 * The text after the last thought: a page quoted in a thought may contain a closing tag. Templates may have put the
 * opening tag into the prompt. Nothing follows a thought that does not end.
 */
function withoutThoughts(text: string): string {
  const end = [...text.matchAll(THOUGHT_ENDS)].at(-1);
  const rest = end === undefined ? text : text.slice(end.index + end[0].length);
  const begin = THOUGHT_BEGINS.exec(rest);
  return (begin === null ? rest : rest.slice(0, begin.index)).trim();
}

/** The usage that the server reports; `null` if it does not. */
export function readUsage(answer: unknown, price: LlmConfig["price"]): Omit<ChatUsage, "requests"> | null {
  const parsed = usageSchema.safeParse((answer as { usage?: unknown }).usage);
  if (!parsed.success) return null;
  const { prompt_tokens: promptTokens, completion_tokens: completionTokens } = parsed.data;
  const cachedTokens = Math.min(promptTokens, parsed.data.prompt_tokens_details?.cached_tokens ?? 0);
  if (price === null) return { promptTokens, cachedTokens, completionTokens };
  const cost =
    ((promptTokens - cachedTokens) * price.input +
      cachedTokens * (price.cachedInput ?? price.input) +
      completionTokens * price.output) /
    1e6;
  return { promptTokens, cachedTokens, completionTokens, cost };
}
