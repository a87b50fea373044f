/**
 * @file Finds where an answer was seen: the passages on a run's pages that contain its words and numbers. What the
 * agent itself typed into a field does not count, although the page shows it.
 */

import type { Evidence, Passage } from "../core/agent-result.ts";
import type { Observation } from "../core/observation.ts";
import type { Trajectory } from "../core/trajectory.ts";

export interface Support {
  /** All of the answer's numbers were seen, and at least half of its numbers and words together. */
  supported: boolean;
  evidence: Evidence[];
}

/** How many passages of one page are kept. */
const MOST_PASSAGES = 5;
/** Words that do not tell where an answer comes from. */
const COMMON = new Set(
  `a an and are as at be been by for from had has have he her his i in is it its my no not of on or our she that the
  their there these they this to was we were which with yes you your total answer`.split(/\s+/),
);

interface Seen {
  observation: Observation;
  step: number;
  screenshot: string | null;
}

/** Matches an answer that only says that the task is done, for which no page can be evidence. */
const REPORT =
  /^\W*(?:all |(?:the )?task (?:is |was |has been )?)?(?:done|ok(?:ay)?|finished|completed?|successful(?:ly)?|success)\W*$/i;

export const isReport = (answer: string): boolean => REPORT.test(answer);

/** `supported` is `false` for an answer without any word to look for. */
export function findEvidence(
  answer: string,
  trajectory: Pick<Trajectory, "steps" | "finalObservation">,
): Support {
  const wanted = new Set(wordsOf(answer).filter((word) => isNumber(word) || !COMMON.has(word)));
  const typed = typedTexts(trajectory);
  const missing = new Set(wanted);
  const evidence: Evidence[] = [];
  // The page that the agent answered on comes first.
  for (const { observation, step, screenshot } of pagesOf(trajectory).reverse()) {
    const passages: (Passage & { words: string[] })[] = [];
    for (const line of bodyOf(observation)) {
      const words = new Set(wordsOf(withoutTyped(line, typed)));
      const carried = [...wanted].filter((word) => words.has(word));
      if (carried.length > 0)
        passages.push({ text: line, element: elementIn(line, carried), words: carried });
    }
    const kept = chooseFew(passages, missing);
    if (kept.length === 0) continue;
    for (const { words } of kept) for (const word of words) missing.delete(word);
    evidence.push({
      url: observation.url,
      title: observation.title,
      step,
      passages: kept.map(({ text, element }) => ({ text, element })),
      screenshot,
    });
    if (missing.size === 0) break;
  }
  const supported = wanted.size > 0 && ![...missing].some(isNumber) && missing.size <= wanted.size / 2;
  return { supported, evidence };
}

/** The numbers of an answer that are neither on a page of the run nor in one of the texts in `known`. */
export function unseenNumbers(
  answer: string,
  trajectory: Pick<Trajectory, "steps" | "finalObservation">,
  known: readonly string[],
): string[] {
  const typed = typedTexts(trajectory);
  const read = pagesOf(trajectory).flatMap(({ observation }) => [
    observation.title,
    ...bodyOf(observation).map((line) => withoutTyped(line, typed)),
  ]);
  const seen = new Set([...known, ...read].flatMap(wordsOf));
  return [...new Set(wordsOf(answer))].filter((word) => isNumber(word) && !seen.has(word));
}

/** Passages that together contain what is still missing, those with most of it first. */
function chooseFew<P extends { words: string[] }>(passages: readonly P[], missing: ReadonlySet<string>): P[] {
  const open = new Set(missing);
  const kept: P[] = [];
  const gain = ({ words }: P) => words.filter((word) => open.has(word)).length;
  while (kept.length < MOST_PASSAGES) {
    const best = passages.reduce<P | null>((a, b) => (gain(b) > (a === null ? 0 : gain(a)) ? b : a), null);
    if (best === null) break;
    kept.push(best);
    for (const word of best.words) open.delete(word);
  }
  return kept;
}

function pagesOf({ steps, finalObservation }: Pick<Trajectory, "steps" | "finalObservation">): Seen[] {
  const pages: Seen[] = steps.map(({ observation, index, screenshot = null }) => ({
    observation,
    step: index,
    screenshot,
  }));
  const last = finalObservation;
  // After `exit` the last page is the one that the agent answered on.
  if (last && last !== steps.at(-1)?.observation)
    pages.push({ observation: last, step: steps.length, screenshot: null });
  return pages;
}

/** The page's own lines, without the head with address, title and errors. */
function bodyOf({ text, format }: Observation): string[] {
  const start = format === "webrl" ? -1 : text.indexOf("\n---\n");
  return (start < 0 ? text : text.slice(start + 5)).split("\n").filter((line) => line.trim() !== "");
}

function typedTexts({ steps }: Pick<Trajectory, "steps">): string[] {
  return steps.flatMap(({ action }) =>
    action.ok && "text" in action.action && action.action.kind !== "select" ? [action.action.text] : [],
  );
}

/** The line without field values that the agent typed. */
function withoutTyped(line: string, typed: readonly string[]): string {
  return typed.reduce((text, value) => (value === "" ? text : text.replaceAll(` = ${value}`, "")), line);
}

/** In `compact`, elements are in brackets: finds the one with most of the words. */
function elementIn(line: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let most = 0;
  for (const [, inner] of line.matchAll(/\[([^\]]*)\]/g)) {
    const carried = new Set(wordsOf(inner!));
    const count = words.filter((word) => carried.has(word)).length;
    if (count > most) [best, most] = [inner!.replace(/(?: = |; options: ).*$/, ""), count];
  }
  return best;
}

/**
 * Words and numbers in lower case; a number without its separators of thousands and without trailing zeros after the
 * point.
 */
export function wordsOf(text: string): string[] {
  const normal = text.normalize("NFKC").toLowerCase();
  return [...normal.matchAll(/\d+(?:[.,]\d+)*|[\p{L}\p{M}\p{N}_]+/gu)].map(([word]) => numberIn(word));
}

const isNumber = (word: string) => /^\d/.test(word);

function numberIn(word: string): string {
  if (!/^\d/.test(word)) return word;
  const plain = word.replace(/,(?=\d{3}(?:\D|$))/g, "");
  return /^\d+\.\d+$/.test(plain) ? plain.replace(/\.?0+$/, "") : plain;
}
