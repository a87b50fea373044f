/** @file Comparison of texts by a language model, for WebArena's `fuzzy_match` (reference: section 3.5). */

import type { ChatModel } from "../../core/chat.ts";
import { Fault } from "../../core/errors.ts";
import type { AnswerJudge } from "./evaluate.ts";

/** Of the official evaluator. */
const MAX_TOKENS = 768;

export function createAnswerJudge(chat: ChatModel): AnswerJudge {
  const ask = async (system: string, user: string): Promise<string> => {
    try {
      const { text } = await chat.chat({
        messages: [
          { role: "system", content: system },
          { role: "user", content: user },
        ],
        maxTokens: MAX_TOKENS,
        temperature: 0,
      });
      return text.toLowerCase();
    } catch (cause) {
      const retryable = cause instanceof Fault && cause.retryable;
      throw new Fault("judge_failed", `the judge ${chat.name} failed: ${(cause as Error).message}`, {
        retryable,
        cause,
      });
    }
  };
  const offContract = (text: string) =>
    new Fault("judge_failed", `the judge ${chat.name} answered ${JSON.stringify(text.slice(0, 100))}`, {
      retryable: true,
    });
  return {
    sameAnswer: async (question, reference, answer) => {
      const text = await ask(
        "You grade short answers as a fair teacher would. Different wording is fine, different facts are not. The answer N/A means that the task is not achievable.",
        `Question: ${question}\nReference answer: ${reference}\nAnswer to grade: ${answer}\n\nSay how the answer compares with the reference. End with exactly one of: correct, incorrect, partially correct.`,
      );
      if (text.includes("incorrect") || text.includes("partially correct")) return false;
      if (text.includes("correct")) return true;
      throw offContract(text);
    },
    sameReason: async (intent, trueReason, answer) => {
      const text = await ask(
        "You compare reasons why a task on a web site cannot be done.",
        `Task: ${intent}\nTrue reason: ${trueReason}\nReason that was given: ${answer}\n\nDoes the given reason cover the true one, even if only implicitly? End with exactly one of: same, different.`,
      );
      if (text.includes("different")) return false;
      if (text.includes("same")) return true;
      throw offContract(text);
    },
  };
}
