/**
 * @file What all prompts share: fitting a prompt into a number of tokens. Prompts are cut by tokens, never by
 * characters, and only where their template says so.
 */

import type { PlainText, PromptText, Tokenizer } from "../core/engine.ts";
import { ConfigError, invariant } from "../core/errors.ts";

/** Ends every action. */
export const END_OF_ACTION = "<|eot_id|>";
/**
 * `<| ` for `<|`: what the templates `paper` and `compact` do to other people's text, beside encoding it without
 * special tokens. Their models were trained that way; and for GLM-4, the role tokens of `paper` are ordinary text,
 * which a page could write, too.
 */
export function neutralise(text: string): string {
  return text.replace(/<\|/g, "< |");
}

export const plain = (text: string): PlainText => ({ plain: text });

/** Precede every prompt of `paper` and `compact`: `<|begin_of_text|>`, or GLM-4's two, where the tokenizer has them. */
function beginOfText(tokenizer: Tokenizer): number[] {
  const idsOf = (tokens: string[]) => tokens.map((token) => tokenizer.idOf(token));
  const known = [["<|begin_of_text|>"], ["[gMASK]", "<sop>"]]
    .map(idsOf)
    .find((ids) => !ids.includes(undefined));
  return (known ?? []) as number[];
}

/** Pieces of a prompt. */
export type Pieces = readonly (string | PlainText)[];

/** A prompt in parts: `head(first)` + `rounds` from `first` on + page. Concatenation is the prompt. */
export interface PromptParts {
  /** Whether the start tokens precede it; a chat template writes its own. */
  begin: boolean;
  /** Text before the first round that is shown. */
  head(firstRound: number): Pieces;
  /** Past rounds, oldest first; `cutTail(n)` is the round with only the last n tokens of its action. */
  rounds: { text: Pieces; cutTail(tokens: number): Pieces }[];
  /** What may lose its end, and what stands directly before and after it. */
  page: { before: string; text: PlainText; after: Pieces };
}

/** All of it, uncut and without the start tokens. */
export function piecesOf(parts: PromptParts): Pieces {
  const { rounds, page } = parts;
  return [...parts.head(0), ...rounds.flatMap(({ text }) => text), page.before, page.text, ...page.after];
}

/** What pieces say, as one text. */
export function textOf(text: PromptText): string {
  return typeof text === "string"
    ? text
    : text.map((piece) => (typeof piece === "string" ? piece : piece.plain)).join("");
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
  const start_T = parts.begin ? beginOfText(tokenizer) : [];
  const { before, text, after } = parts.page;
  // Where nothing has to be cut, all is encoded at once: a tokenizer may merge across the parts' edges.
  const whole_T = tokenizer.encode(piecesOf(parts));
  if (start_T.length + whole_T.length <= maxTokens)
    return { tokens_T: [...start_T, ...whole_T], droppedRounds: 0, cutPageTokens: 0 };

  const page_T = tokenizer.encode([before, text, ...after]);
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
  const tokens_T = tokenizer.encode([plain(text)]);
  return tokens_T.length <= count ? text : tokenizer.decode(tokens_T.slice(-count));
}
