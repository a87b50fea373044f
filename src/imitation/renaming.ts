/**
 * @file Gives the same task other names: replaces the values of its parameters by made-up ones in instruction, pages
 * and actions. A small model that sees a name twice memorizes it; here every name has to be copied.
 */

import { invariant } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";

/** Fraction of a task's values that a renamed copy replaces; the others stay, so that real names are seen too. */
const RENAMED = 0.8;

export function renameWords(task: Task, phrase: () => string, rng: Rng): (text: string) => string {
  return exchangeWords(
    namesIn(task)
      .filter(() => rng.next() < RENAMED)
      .map((value) => [value, otherName(value, phrase, rng)]),
  );
}

/** The parameters' values that the instruction quotes literally, longest first. */
export function namesIn({ instruction, params }: Task): string[] {
  return Object.values(params)
    .filter((value) => typeof value === "string" || typeof value === "number")
    .map(String)
    .filter((value) => value.length >= 2 && instruction.includes(value))
    .sort((a, b) => b.length - a.length);
}

/** Another number of the same length, or a made-up phrase. */
export function otherName(value: string, phrase: () => string, rng: Rng): string {
  return /^[\d.,$ ]+$/.test(value) ? otherDigits(value, rng) : phrase();
}

/** Replaces whole words; the pairs are [from, to]. */
export function exchangeWords(pairs: readonly (readonly [string, string])[]): (text: string) => string {
  const swaps = pairs.flatMap(([from, to]) => [
    [from, to] as const,
    // The same words in an address.
    ...(from.includes(" ") ? [[from.replaceAll(" ", "+"), to.replaceAll(" ", "+")] as const] : []),
  ]);
  if (swaps.length === 0) return (text) => text;
  const table = new Map(swaps);
  const pattern = new RegExp(
    `(?<![\\p{L}\\d])(?:${swaps.map(([from]) => from.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?![\\p{L}\\d])`,
    "gu",
  );
  return (text) => text.replace(pattern, (match) => table.get(match) ?? match);
}

const otherDigits = (text: string, rng: Rng) =>
  text.replace(/\d/g, (digit, at: number) =>
    String(at === 0 && digit !== "0" ? 1 + rng.int(9) : rng.int(10)),
  );

/** Made-up texts of one to four words of the pages, or short numbers. */
export function phraseMaker(records: readonly EpisodeRecord[], rng: Rng): () => string {
  const words = [
    ...new Set(
      records.flatMap(({ trajectory }) =>
        trajectory.steps.flatMap(({ observation }) => observation.text.match(/\p{L}{3,}/gu) ?? []),
      ),
    ),
  ];
  invariant(words.length > 0, "pages have words");
  return () => {
    if (rng.next() < 0.15) return String(rng.int(10 ** (1 + rng.int(4))));
    const chosen = Array.from({ length: 1 + rng.int(4) }, () => rng.pick(words).toLowerCase());
    const text = chosen.join(" ");
    return rng.next() < 0.6 ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  };
}
