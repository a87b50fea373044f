/**
 * @file Parses a judging model's decision: a last line `Answer: YES`. Nothing else of the reply counts, because reasons
 * and thoughts contain the other words, too; an incomplete reply does not count at all.
 */

import type { ChatReply } from "../core/chat.ts";

/** What to tell the model, after what is to be decided. */
export const askToDecide = (choices: readonly string[]): string =>
  `End with a line of its own that says ${choices.map((choice) => `"Answer: ${choice}"`).join(" or ")}, and nothing after it.`;

/**
 * The choice that the last line of a whole reply ends in, after `Answer:` at the line's or a sentence's beginning. A
 * reply that is one of the choices and nothing else counts, too. `null`: no decision.
 */
export function readDecision<T extends string>(
  { text, stop }: Pick<ChatReply, "text" | "stop">,
  choices: readonly T[],
): T | null {
  if (stop !== "stop") return null;
  // Markdown's emphasis, headings and quotes do not count, only the words do.
  const plain = text.replace(/[*_`#>]/g, "").trim();
  const last = plain
    .split(/[\r\n]+/)
    .at(-1)!
    .trim();
  const findChoice = (said: string) =>
    choices.find((choice) => choice.toLowerCase() === said.toLowerCase()) ?? null;
  const words = choices.map((choice) => choice.replace(/ /g, String.raw`\s+`)).join("|");
  if ((last.match(/\banswer\s*[:：]/gi) ?? []).length > 1) return null;
  const said = new RegExp(
    String.raw`(?:^|[.!?:;]\s+)(?:final\s+)?answer\s*[:：]\s*(${words})\s*[.!]?$`,
    "i",
  ).exec(last);
  return findChoice((said?.[1] ?? plain.replace(/[.!]$/, "")).replace(/\s+/g, " "));
}
