/** @file A policy that says what a test tells it to say: the model in tests. */

import type { ChatUsage } from "../../core/chat.ts";
import { parseAction } from "../../text/action.ts";
import type { Policy, Turn } from "../../rollout/policy.ts";

/** A reply: a text, or a function that makes it from the turn. */
export type Script = string | ((turn: Turn) => string | Promise<string>);

/** Gives one reply a turn, in order, starting over in each run; repeats the last one. */
export function scriptedPolicy(replies: readonly Script[], usage?: ChatUsage): Policy {
  return {
    name: "scripted",
    begin: () => async (turn) => {
      const reply = replies[Math.min(turn.history.length, replies.length - 1)]!;
      const response = typeof reply === "string" ? reply : await reply(turn);
      return { kind: "act", response, action: parseAction(response), ...(usage && { usage }) };
    },
  };
}

export const click = (element: string): string => `do(action="Click", element=${JSON.stringify(element)})`;
export const exit = (message = ""): string => `exit(message=${JSON.stringify(message)})`;
