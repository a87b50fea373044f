/**
 * @file The prompt of the released WebRL checkpoints as one text, character by character as their evaluation makes it
 * (VisualAgentBench, `WebRLPromptConstructor`), for servers that complete texts and for data to train on elsewhere. Our
 * own engines are given the template `paper` of `prompt.ts`, which is cut by tokens.
 *
 * Deviation: where the past alone is too long, the official code cuts the page by a bound below zero, from its end;
 * here nothing of the page is left.
 */

import type { PolicyPromptInput } from "./prompt-input.ts";
import { PAST_PAGE, TO_ASSISTANT, TO_USER } from "./prompt.ts";

/** Characters of past and page together. */
const MOST_CHARACTERS = 16_384 - 512;

export function releasedPrompt({ instruction, history, observation }: PolicyPromptInput): string {
  const past = history
    .map(
      ({ response }, i) =>
        `Round ${i}\n\n${TO_USER}\n${i === 0 ? instruction : PAST_PAGE}\n\n${TO_ASSISTANT}\n${response}\n\n`,
    )
    .join("");
  // Characters as Python counts them.
  const page = Array.from(observation)
    .slice(0, Math.max(0, MOST_CHARACTERS - Array.from(past).length))
    .join("");
  return `Task Instruction: ${instruction}\n\n${past}Round ${history.length}\n\n${TO_USER}\n${page}\n\n${TO_ASSISTANT}\n`;
}

/** Reads such a prompt; `null` if the text is not one. */
export function readReleasedPrompt(text: string): PolicyPromptInput | null {
  const head = /^Task Instruction: ([^]*?)\n\n(?=Round 0\n\n<\|eot_id\|>)/.exec(text);
  if (!head) return null;
  const rounds = text
    .slice(head[0].length)
    .split(/(?:^|\n\n)Round \d+\n\n(?=<\|eot_id\|><\|start_header_id\|>user)/)
    .slice(1);
  const read = rounds.map((round) => {
    const at = round.lastIndexOf(`\n\n${TO_ASSISTANT}\n`);
    if (!round.startsWith(`${TO_USER}\n`) || at < 0) return null;
    return { user: round.slice(TO_USER.length + 1, at), response: round.slice(at + TO_ASSISTANT.length + 3) };
  });
  const last = read.at(-1);
  if (!last || last.response !== "" || read.includes(null)) return null;
  return {
    instruction: head[1]!,
    history: read.slice(0, -1).map((round) => ({ response: round!.response })),
    observation: last.user,
  };
}
