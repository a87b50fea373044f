/**
 * @file A chat model on a server as a policy: sends messages and parses the reply. Like every policy, it learns of its
 * mistakes from the next page, so the page's format must print them: `compact` and `aria` do, `webrl` does not.
 */

import type { ParsedAction } from "../core/action.ts";
import type { ChatModel, ChatReply } from "../core/chat.ts";
import { ConfigError } from "../core/errors.ts";
import { parseAction } from "../text/action.ts";
import { policyMessages } from "../text/prompt-chat.ts";
import { releasedPrompt } from "../text/released-prompt.ts";
import type { Choice, Policy, Turn } from "./policy.ts";

export interface ChatPolicyOptions {
  /** Name of the policy in trajectories, e.g. `openai:gpt-4o`. */
  name: string;
  model: ChatModel;
  /** The most tokens that the server reads, prompt and reply together. */
  contextTokens: number;
  /** The most tokens in a reply, thoughts included. */
  maxNewTokens: number;
  /** 0 is greedy. */
  temperature: number;
}

export function chatPolicy(options: ChatPolicyOptions): Policy {
  const { model, maxNewTokens } = options;
  const maxTokens = options.contextTokens - maxNewTokens;
  return {
    name: options.name,
    ...(model.probe && { probe: (signal) => model.probe!(signal) }),
    begin: () => async (turn) => {
      let messages: ReturnType<typeof policyMessages>;
      try {
        messages = policyMessages({
          instruction: turn.task.instruction,
          // Some servers refuse an empty message.
          history: turn.history.map(({ response }) => ({ response: response.trim() || "(no text)" })),
          observation: turn.observation.text,
          maxTokens,
          count: countAtMost,
        });
      } catch (error) {
        // The instruction alone is too long, so the episode cannot continue.
        if (error instanceof ConfigError) return { kind: "context_full" };
        throw error;
      }
      return ask(options, messages, turn);
    },
  };
}

/** A released checkpoint on a server that completes texts: sends its own prompt, character by character. */
export function releasedPolicy(options: Omit<ChatPolicyOptions, "contextTokens">): Policy {
  const { model } = options;
  return {
    name: options.name,
    ...(model.probe && { probe: (signal) => model.probe!(signal) }),
    begin: () => async (turn) => {
      const prompt = releasedPrompt({
        instruction: turn.task.instruction,
        history: turn.history.map(({ response }) => ({ response })),
        observation: turn.observation.text,
      });
      return ask(options, [{ role: "user", content: prompt }], turn);
    },
  };
}

async function ask(
  { model, temperature, maxNewTokens }: Omit<ChatPolicyOptions, "contextTokens">,
  messages: ReturnType<typeof policyMessages>,
  turn: Turn,
): Promise<Choice> {
  const begun = performance.now();
  const reply = await model.chat({
    messages,
    maxTokens: maxNewTokens,
    temperature,
    seed: turn.seed,
    ...(turn.signal && { signal: turn.signal }),
  });
  return {
    kind: "act",
    response: reply.text,
    action: readAction(reply, maxNewTokens),
    waitedMs: performance.now() - begun,
    ...(reply.usage && { usage: reply.usage }),
  };
}

/** An upper estimate without the server's tokenizer: three bytes a token, so that a Chinese character is one. */
const countAtMost = (text: string) => Math.ceil(Buffer.byteLength(text) / 3);

/**
 * Parses the action of a reply. A reply that was cut off counts only if it consists of comments and a complete call:
 * anything else may be a thought in which the model merely considers calls.
 */
export function readAction({ text, stop }: ChatReply, maxNewTokens: number): ParsedAction {
  const parsed = parseAction(text);
  const refuse = (message: string): ParsedAction => ({
    ok: false,
    error: { code: "parse_error", message },
    comments: parsed.comments,
  });
  if (stop === "length" && (!parsed.ok || !beginsWithCall(text)))
    return refuse(`your reply was cut off after ${maxNewTokens} tokens; write the one line of code at once`);
  if (parsed.ok) return parsed;
  if (stop === "tool_call")
    return refuse("you called a tool, and there are none; write the call as one line of text");
  if (text.trim() === "" && stop === "stop")
    return refuse(`your reply had no text beside thoughts; ${parsed.error.message}`);
  return parsed;
}

/** Only comments, blank lines and the beginning of a code fence precede the call. */
function beginsWithCall(text: string): boolean {
  const lines = text.split("\n").map((line) => line.trim());
  const first = lines.find((line) => line !== "" && !line.startsWith("#") && !/^```\w*$/.test(line));
  return /^`*(?:do|exit|go_backward|go_forward)\s*\(/.test(first ?? "");
}
