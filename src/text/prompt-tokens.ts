/**
 * @file What all prompts share: neutralising special tokens in untrusted text, and fitting a prompt into a number of
 * tokens. Prompts are cut by tokens, never by characters, and only where their template says so.
 */

import type { Tokenizer } from "../core/engine.ts";
import { ConfigError, invariant } from "../core/errors.ts";

/** Ends every action. */
export const END_OF_ACTION = "<|eot_id|>";
/** Precedes every prompt, where the tokenizer has it. */
const BEGIN_OF_TEXT = "<|begin_of_text|>";

/** A page that shows `<|eot_id|>` must not be able to end the user's turn: untrusted text has no special tokens. */
export function neutralise(text: string): string {
  return text.replace(/<\|/g, "< |");
}

function beginOfText(tokenizer: Tokenizer): number[] {
  const id = tokenizer.idOf(BEGIN_OF_TEXT);
  return id === undefined ? [] : [id];
}

/** A prompt in parts: `head(first)` + `rounds` from `first` on + page + `tail`. Concatenation is the prompt. */
export interface PromptParts {
  /** Text before the first round that is shown. */
  head(firstRound: number): string;
  /** Past rounds, oldest first; `cutTail(n)` is the round with only the last n tokens of its action. */
  rounds: { text: string; cutTail(tokens: number): string }[];
  /** What may lose its end, and what stands directly before and after it. */
  page: { before: string; text: string; after: string };
}

export interface FittedPrompt {
  tokens_T: number[];
  /** Past rounds that are not shown, the oldest ones. */
  droppedRounds: number;
  /** Tokens that the page lost at its end. */
  cutPageTokens: number;
}

/** Fewest tokens of a page worth asking a model about. */
const MIN_PAGE_TOKENS = 24;

/**
 * Cuts in this order until the prompt has at most `maxTokens` tokens: the end of the page, down to half of what head
 * and cue leave; the oldest rounds, but not the last; the beginning of the last action. Head (the instruction), the
 * page's beginning and the cue are never cut: if they do not fit, a `ConfigError`.
 */
export function fitPrompt(tokenizer: Tokenizer, parts: PromptParts, maxTokens: number): FittedPrompt {
  const start_T = beginOfText(tokenizer);
  const { before, text, after } = parts.page;
  // Where nothing has to be cut, all is encoded at once: a tokenizer may merge across the parts' edges.
  const whole_T = tokenizer.encode(
    parts.head(0) + parts.rounds.map((round) => round.text).join("") + before + text + after,
  );
  if (start_T.length + whole_T.length <= maxTokens)
    return { tokens_T: [...start_T, ...whole_T], droppedRounds: 0, cutPageTokens: 0 };

  const page_T = tokenizer.encode(before + text + after);
  const after_T = tokenizer.encode(after);
  const pageTokens = Math.max(0, page_T.length - after_T.length);
  const rounds_RT = parts.rounds.map((round) => tokenizer.encode(round.text));

  const lengthOf = (first: number) =>
    rounds_RT.slice(first).reduce((sum, round_T) => sum + round_T.length, 0);
  const lastRound = Math.max(0, rounds_RT.length - 1);
  let first = 0;
  let head_T: number[] = [];
  let room = 0;
  const showFrom = (round: number) => {
    first = round;
    head_T = tokenizer.encode(parts.head(round));
    room = maxTokens - start_T.length - head_T.length - after_T.length;
  };
  showFrom(0);
  const minPage = Math.min(pageTokens, Math.max(MIN_PAGE_TOKENS, Math.floor(room / 2)));
  while (first < lastRound && lengthOf(first) + minPage > room) showFrom(first + 1);
  let kept_RT = rounds_RT.slice(first);
  const last = parts.rounds.at(-1);
  if (last !== undefined && kept_RT.length === 1 && kept_RT[0]!.length + minPage > room) {
    const cut_T = cutLastRound(tokenizer, last, room - minPage);
    kept_RT = cut_T === null ? [] : [cut_T];
    // Only where not even the round's frame fits.
    if (cut_T === null) showFrom(parts.rounds.length);
  }
  const used = kept_RT.reduce((sum, round_T) => sum + round_T.length, 0);
  const pageRoom = room - used;
  if (pageRoom < Math.min(pageTokens, MIN_PAGE_TOKENS))
    throw new ConfigError(
      maxTokens <= 0
        ? "the reply takes all of the model's context: nothing is left for the prompt"
        : `the instruction and the prompt's frame alone take ${maxTokens - room} of ${maxTokens} tokens`,
      "Use a shorter instruction, a model with a longer context, or fewer tokens for the reply.",
    );
  const cut = pageTokens > pageRoom;
  const tokens_T = [
    ...start_T,
    ...head_T,
    ...kept_RT.flat(),
    ...(cut ? [...page_T.slice(0, pageRoom), ...after_T] : page_T),
  ];
  invariant(
    tokens_T.length <= maxTokens,
    `prompt of ${tokens_T.length} tokens, at most ${maxTokens} allowed`,
  );
  return {
    tokens_T,
    droppedRounds: first,
    cutPageTokens: cut ? pageTokens - pageRoom : 0,
  };
}

/** The round with the longest end of its action that fits into `room` tokens; `null` where its frame does not. */
function cutLastRound(
  tokenizer: Tokenizer,
  round: PromptParts["rounds"][number],
  room: number,
): number[] | null {
  const frame = tokenizer.encode(round.cutTail(0)).length;
  // Decoding a cut action and encoding it again may give more tokens than were kept; never many.
  for (let keep = room - frame; keep >= 0; keep--) {
    const round_T = tokenizer.encode(round.cutTail(keep));
    if (round_T.length <= room) return round_T;
  }
  return null;
}

/** The last `count` tokens of `text`, as text. */
export function lastTokens(tokenizer: Tokenizer, text: string, count: number): string {
  if (count <= 0) return "";
  const tokens_T = tokenizer.encode(text);
  return tokens_T.length <= count ? text : tokenizer.decode(tokens_T.slice(-count));
}
