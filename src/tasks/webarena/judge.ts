/** @file Comparison of texts by a language model, for WebArena's `fuzzy_match` (reference: section 3.5). */

import type { ChatModel } from "../../core/chat.ts";
import { Fault } from "../../core/errors.ts";
import { askToDecide, readDecision } from "../../text/decision.ts";
import type { AnswerJudge } from "./evaluate.ts";
import type { Strictness } from "./text.ts";

/**
 * If the judge's reply is unclear, it is asked once more; after that it is a fault: the episode has no score and is
 * tried again. As published, a reply is read by the words that occur anywhere in it; in strict mode, by its last line.
 */
export function createAnswerJudge(chat: ChatModel, evaluator: Strictness = "strict"): AnswerJudge {
  const decide = async <T extends string>(
    choices: readonly T[],
    system: string,
    question: string,
  ): Promise<T> => {
    let said = "";
    for (let attempt = 0; attempt < 2; attempt++) {
      const reply = await ask(system, `${question} ${askToDecide(choices)}`, attempt);
      const decision = evaluator === "strict" ? readDecision(reply, choices) : readWords(reply, choices);
      if (decision !== null) return decision;
      said = `${JSON.stringify(reply.text.slice(-100))} (${reply.stop})`;
    }
    throw new Fault("judge_failed", `the judge ${chat.name} does not decide: ${said}`, { retryable: true });
  };
  const ask = async (system: string, user: string, attempt: number) => {
    try {
      return await chat.chat({
        messages: [
          { role: "system", content: system },
          { role: "user", content: user },
        ],
        temperature: attempt,
        seed: attempt,
      });
    } catch (cause) {
      if (!(cause instanceof Fault)) throw cause;
      const { message, retryable } = cause;
      throw new Fault("judge_failed", `the judge ${chat.name} failed: ${message}`, { retryable, cause });
    }
  };
  return {
    sameAnswer: async (question, reference, answer) =>
      (await decide(
        ["correct", "incorrect", "partially correct"],
        "You grade short answers as a fair teacher would. Different wording is fine, different facts are not. The answer N/A means that the task is not achievable.",
        `Question: ${question}\nReference answer: ${reference}\nAnswer to grade: ${answer}\n\nSay how the answer compares with the reference.`,
      )) === "correct",
    sameReason: async (intent, trueReason, answer) =>
      (await decide(
        ["same", "different"],
        "You compare reasons why a task on a web site cannot be done.",
        `Task: ${intent}\nTrue reason: ${trueReason}\nReason that was given: ${answer}\n\nDoes the given reason cover the true one, even if only implicitly?`,
      )) === "same",
  };
}

/** The first choice that occurs, checking longer choices first: `correct` does not count within `partially correct`. */
function readWords<T extends string>(reply: { text: string; stop: string }, choices: readonly T[]): T | null {
  const text = reply.text.toLowerCase();
  const byWeight = [...choices].sort((a, b) => b.length - a.length);
  return reply.stop === "stop" ? (byWeight.find((choice) => text.includes(choice)) ?? null) : null;
}
