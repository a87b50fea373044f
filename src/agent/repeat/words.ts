/** @file Words and values: compares texts, and replaces the values of one task by those of another. */

import { ConfigError } from "../../core/errors.ts";

export const fold = (text: string): string => text.normalize("NFKC").replace(/\s+/gu, " ").trim();

/** In lower case, with all numbers equal, because ids, dates and amounts differ from time to time. */
export const mask = (text: string): string =>
  fold(text)
    .toLowerCase()
    .replace(/\d+(?:[.,:]\d+)*/g, "#");

/** The words and numbers of a text, in lower case. */
export const wordsIn = (text: string): string[] =>
  fold(text)
    .toLowerCase()
    .match(/[\p{L}\p{M}]+|\d+(?:[.,]\d+)*/gu) ?? [];

/** A path in which everything that looks like an id is masked: numbers and long hexadecimal parts. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  const parts = pathname
    .split("/")
    .map((part) => (/^(?=.*\d)[0-9a-f-]{8,}$/i.test(part) ? "#" : mask(decode(part))));
  return `${host}${parts.join("/").replace(/\/$/, "")}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Values of the recorded task and their replacements. */
export type Replacements = ReadonlyMap<string, string>;

const NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");
/** `2` of `two`, and `two` of `2`. */
function twinOf(text: string): string | null {
  const at = NUMBERS.indexOf(text.toLowerCase());
  return at >= 0 ? String(at) : /^\d{1,2}$/.test(text) ? (NUMBERS[Number(text)] ?? null) : null;
}

/** The ways in which a value may be written in a step. */
export const spellingsOf = (value: string): string[] => [value, ...[twinOf(value) ?? []].flat()];

const BOUND = /[\p{L}\p{M}\p{N}]/u;

/**
 * The values with their other spellings: `two` is also `2`. Throws a `ConfigError` when a value is not in the
 * instruction, or is part of another value.
 */
export function replacementsOf(values: Readonly<Record<string, string>>, instruction: string): Replacements {
  const all = new Map<string, string>();
  for (const [from, to] of Object.entries(values)) {
    if (from.trim() === "" || to.trim() === "")
      throw new ConfigError(
        `the value ${JSON.stringify(from)} -> ${JSON.stringify(to)} is empty`,
        "Write what the instruction says now, and what it should say.",
      );
    if (indexOfWord(instruction, from) < 0)
      throw new ConfigError(
        `${JSON.stringify(from)} is not in the instruction ${JSON.stringify(instruction)}`,
        "Name a word, a number or a phrase of the instruction.",
      );
    const other = Object.keys(values).find((one) => one !== from && indexOfWord(from, one) >= 0);
    if (other !== undefined)
      throw new ConfigError(
        `the values ${JSON.stringify(from)} and ${JSON.stringify(other)} overlap`,
        "Give the longer one alone.",
      );
    all.set(from, to);
    const twin = twinOf(from);
    if (twin !== null) all.set(twin, twinOf(to) ?? to);
  }
  return all;
}

/** Where a text contains `word` as whole words, ignoring case. */
export function indexOfWord(text: string, word: string): number {
  const [hay, needle] = [text.toLowerCase(), word.toLowerCase()];
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1)) {
    const goesOn = BOUND.test(needle.at(-1)!) && BOUND.test(hay[at + needle.length] ?? "");
    if (!(BOUND.test(needle[0]!) && BOUND.test(hay[at - 1] ?? "")) && !goesOn) return at;
  }
  return -1;
}

/** Replaces the values in one pass, so that a new value is never replaced itself. */
export function replaceIn(text: string, values: Replacements): string {
  if (values.size === 0) return text;
  const froms = [...values.keys()].sort((a, b) => b.length - a.length);
  let result = "";
  for (let at = 0; at < text.length;) {
    const from = froms.find((one) => {
      const rest = text.slice(at, at + one.length);
      if (rest.toLowerCase() !== one.toLowerCase()) return false;
      const before = BOUND.test(one[0]!) && BOUND.test(text[at - 1] ?? "");
      return !before && !(BOUND.test(one.at(-1)!) && BOUND.test(text[at + one.length] ?? ""));
    });
    if (from === undefined) result += text[at++]!;
    else {
      result += values.get(from)!;
      at += from.length;
    }
  }
  return result;
}

/** Addresses may contain a value with hyphens, or encoded. */
export function replaceInPlace(place: string, values: Replacements): string {
  const slug = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  const slugs = new Map([...values].map(([from, to]) => [slug(from), slug(to)]));
  return mask(replaceIn(replaceIn(place, slugs), values));
}

/** Replaces the values in an address, as they are written there. Short numbers may be ids, so they stay. */
export function replaceInUrl(url: string, values: Replacements): string {
  const encoded = new Map<string, string>();
  for (const [from, to] of values) {
    if (/^\d{1,2}$/.test(from)) continue;
    encoded.set(encodeURIComponent(from), encodeURIComponent(to));
    encoded.set(
      encodeURIComponent(from).replaceAll("%20", "+"),
      encodeURIComponent(to).replaceAll("%20", "+"),
    );
  }
  return replaceIn(url, encoded);
}
