/** @file A policy that says what it is told to say: the tests' model. */

import type { ChatUsage } from "../../core/chat.ts";
import { parseAction } from "../../text/action.ts";
import type { Policy, Turn } from "../../rollout/policy.ts";

/** A reply: its text, or a function of the turn that gives it. */
export type Script = string | ((turn: Turn) => string | Promise<string>);

/** Says one reply a turn, in order and from the beginning in each run; the last one again and again. */
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
