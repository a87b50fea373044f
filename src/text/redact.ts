/**
 * @file Takes known secrets out of text, however they are spelled ({@link spellingsOf}, {@link layersOf}) or split.
 * Time is linear in the text. Which secrets are known to this process is kept in `secrets.ts`.
 */

import type { JsonValue } from "../core/task.ts";
import { layersOf } from "./layers.ts";
import type { Layer } from "./layers.ts";
import { ASCII, foldCodePoint, foldFor, foldText, spellingsOf } from "./spellings.ts";
import type { Fold } from "./spellings.ts";
import { searchWords } from "./word-search.ts";
import type { WordSearch } from "./word-search.ts";

export interface Redactor {
  /** `text` with `[redacted: secret]` in place of every secret. */
  (text: string): string;
  /**
   * Redacts texts that somebody may read as one, in each of `orders` (indices into `texts`): removes the secrets in
   * each text, and those that continue from one text to the next.
   */
  together(texts: readonly string[], orders: readonly (readonly number[])[]): string[];
}

/** Known secrets that are shorter would blank out ordinary words. */
const SHORTEST = 4;
/** Encoded in fewer characters, a secret looks like any other word. */
const SHORTEST_ENCODED = 6;
/** Longer secrets are searched for in parts, so that what is left of one that was cut is removed, too. */
const PART = 64;
/** A beginning that a `…` cuts off is removed if it is at least this long and at least half of the secret. */
const BEGINNING = 6;
/** A text of this length may have been cut without a `…`. */
const CUT_LENGTH = 100;

const MARK = "[redacted: secret]";

type Range = [from: number, to: number];

interface Search {
  fold: Fold;
  words: WordSearch;
}

/**
 * Takes out known secrets, e.g. the passwords of a site's accounts. Those of fewer than four characters are ignored.
 */
export function redactKnown(secrets: Iterable<string>): Redactor {
  const searches = searchesFor(secrets);
  const find = (text: string): Range[] => {
    const found: Range[] = [];
    if (searches.length > 0 && text.length >= SHORTEST)
      for (const layer of layersOf(text)) for (const one of searches) search(layer, one, found);
    return found;
  };
  return Object.assign((text: string) => replace(text, find(text)), {
    together: (texts: readonly string[], orders: readonly (readonly number[])[]) => {
      const found = texts.map(find);
      for (const order of orders) {
        const joined = order.map((index) => `${texts[index]!}\n`).join("");
        const ranges = merge(find(joined));
        let start = 0;
        for (const index of order) {
          const text = texts[index]!;
          for (const [from, to] of ranges) {
            const part: Range = [Math.max(0, from - start), Math.min(text.length, to - start)];
            // Quotes and blanks at its ends belong to the text around it.
            while (part[0] < part[1] && /[\s"]/.test(text[part[0]]!)) part[0]++;
            while (part[0] < part[1] && /[\s"]/.test(text[part[1] - 1]!)) part[1]--;
            if (part[0] < part[1]) found[index]!.push(part);
          }
          start += text.length + 1;
        }
      }
      return texts.map((text, index) => replace(text, found[index]!));
    },
  });
}

/** Halves of a secret, from anywhere in it: parts that were split may be far apart. Halves that are words stay. */
function halvesOf(part: string): string[] {
  const characters = Array.from(part);
  const length = Math.max(SHORTEST_ENCODED, Math.ceil(characters.length / 2));
  const halves = [];
  for (let at = 0; at + length < characters.length + 1; at++) {
    const half = characters.slice(at, at + length).join("");
    if ((/\p{L}/u.test(half) && /\d/.test(half)) || /\p{Ll}\p{Lu}/u.test(half)) halves.push(half);
  }
  return halves;
}

function searchesFor(secrets: Iterable<string>): Search[] {
  const words = new Map<Fold, Set<string>>();
  const add = (text: string, least: number) => {
    const fold = foldFor(text);
    const folded = foldText(text, fold);
    if (folded.length >= least) words.set(fold, (words.get(fold) ?? new Set()).add(folded));
  };
  for (const secret of secrets) {
    const characters = Array.from(secret.trim());
    if (characters.length < SHORTEST) continue;
    for (let at = 0; at === 0 || at < characters.length; at += PART) {
      const first = Math.max(0, Math.min(at, characters.length - PART));
      const part = characters.slice(first, first + PART).join("");
      add(part, SHORTEST);
      for (const half of halvesOf(part)) add(half, SHORTEST_ENCODED);
      for (const spelling of spellingsOf(part)) add(spelling, SHORTEST_ENCODED);
    }
  }
  return [...words].map(([fold, folded]) => ({ fold, words: searchWords([...folded]) }));
}

/** Adds to `found` where the original of `layer` has a word. */
function search({ text, places }: Layer, { fold, words }: Search, found: Range[]): void {
  const ascii = ASCII[fold];
  // Where the last units came from: a word goes no further back.
  const mask = 2 ** Math.ceil(Math.log2(words.longest + 1)) - 1;
  const origins = new Int32Array(mask + 1);
  let [state, read] = [0, 0];
  const add = (length: number, last: number) => {
    const first = origins[(read - length) & mask]!;
    const range: Range = places ? [places.from[first]!, places.to[last]!] : [first, last + 1];
    // A word that is found grows with every longer one.
    const before = found.at(-1);
    if (before && before[0] === range[0]) before[1] = Math.max(before[1], range[1]);
    else found.push(range);
  };
  const take = (unit: number, from: number, to: number) => {
    state = words.step(state, unit);
    origins[read++ & mask] = from;
    const length = words.wordAt(state);
    if (length > 0) add(length, to);
  };
  const cut = (at: number) => {
    const length = words.beginningAt(state, BEGINNING);
    if (length > 0) add(length, at - 1);
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128) {
      if (code === 0x2e && text.startsWith("...", i)) cut(i);
      const unit = ascii[code]!;
      if (unit !== 0) take(unit, i, i);
      continue;
    }
    if (code === 0x2026) cut(i);
    const whole = text.codePointAt(i)!;
    const last = whole > 0xffff ? i + 1 : i;
    const folded = foldCodePoint(whole, fold);
    for (let unit = 0; unit < folded.length; unit++) take(folded.charCodeAt(unit), i, last);
    i = last;
  }
  if (text.length >= CUT_LENGTH) cut(text.length);
}

/** Ranges in order, those that touch joined. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function replace(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text;
  let done = 0;
  let result = "";
  for (const [from, to] of merge(ranges)) {
    result += text.slice(done, from) + MARK;
    done = to;
  }
  return result + text.slice(done);
}

/**
 * A copy of plain JSON with every string and key redacted; a secret may begin in a key or in an item of a list and end
 * in what follows. Numbers stay: what reads a record counts on them.
 */
export function redactJson<T>(value: T, redact: Redactor): T {
  return redactValue(value as JsonValue, redact) as T;
}

function redactValue(value: JsonValue, redact: Redactor): JsonValue {
  if (typeof value === "string") return redact(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    if (value.length > 1 && value.every((item) => typeof item === "string"))
      return redact.together(value, [value.map((_, index) => index)]);
    return typeof value[0] === "number" ? value : value.map((item) => redactValue(item, redact));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      typeof item === "string"
        ? (redact.together([key, item], [[0, 1]]) as [string, string])
        : [redact(key), redactValue(item, redact)],
    ),
  );
}
