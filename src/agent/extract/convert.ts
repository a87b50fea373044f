/** @file Converts texts of pages to values of a schema's types, or says why a text does not fit. */

import { squash } from "../../browser/page/text.ts";
import { findDate } from "./dates.ts";
import type { DateOrder } from "./dates.ts";
import type { Field } from "./schema.ts";

export interface Reading {
  /** How numbers and dates are written when a text could be read in two ways; learned from samples. */
  decimal: "." | ",";
  order: DateOrder;
}

export type Converted = { value: string | number | boolean } | { reason: string };

const quote = (text: string) => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** `base`: the address that relative addresses refer to. */
export function convert(text: string, field: Field, reading: Reading, base: string): Converted {
  const said = squash(text);
  if (field.choices) return choose(said, field.choices, field.type === "string");
  if (field.type === "boolean") return readBoolean(said);
  if (field.type === "number" || field.type === "integer") {
    const number = readNumber(said, reading.decimal);
    if (number === null) return { reason: `${quote(said)} is not a number` };
    if (field.type === "integer" && !Number.isInteger(number))
      return { reason: `${quote(said)} is not a whole number` };
    return { value: number };
  }
  if (field.format === "uri") {
    if (!URL.canParse(said, base) || said === "") return { reason: `${quote(said)} is not an address` };
    return { value: new URL(said, base).href };
  }
  if (field.format) {
    const date = findDate(said, reading.order, field.format);
    return date === null ? { reason: `${quote(said)} has no readable date` } : { value: date };
  }
  return { value: said };
}

/** Words for small numbers, as in the class names of ratings. */
const WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/** Digits with blanks, points, commas or apostrophes between them. */
const NUMBER = /[-\u2212]?(?:\d+(?:[.,'’\u00a0\u202f ]\d+)*|[.,]\d+)/gu;

/** Every number in a text, as written. */
export function numbersIn(text: string): string[] {
  const found: string[] = [];
  for (const { 0: match, index } of text.matchAll(NUMBER)) {
    // `1 2` are two numbers, `1 200` is one; `12-15` is a range and `A-4` a name, neither is negative.
    const signed =
      /^[-\u2212]/.test(match) && index > 0 && /[\p{L}\d]/u.test(text[index - 1]!) ? match.slice(1) : match;
    const parts = signed.split(/(?<=\d)[ \u00a0\u202f](?=\d)/);
    const isGrouped =
      parts.length > 1 &&
      parts[0]!.length <= 4 &&
      parts.slice(1).every((part) => /^\d{3}(?:[.,]\d+)?$/.test(part));
    found.push(...(isGrouped ? [signed] : parts));
  }
  return found;
}

/** The first number in a text, or one written as stars or as a word. */
function readNumber(text: string, decimal: "." | ","): number | null {
  const [first] = numbersIn(text);
  if (first === undefined) {
    const full = [...text.matchAll(/[★⭐🌟]/gu)].length;
    const half = [...text.matchAll(/[⯨½]/gu)].length;
    if (full + half > 0 || /☆/.test(text)) return full + half / 2;
    const word = text
      .toLowerCase()
      .split(/[^a-z]+/)
      .find((each) => WORDS.includes(each));
    return word === undefined ? null : WORDS.indexOf(word);
  }
  const number = parseNumber(first, decimal);
  const after = text.slice(text.indexOf(first) + first.length);
  const [, unit] = /^\s?(k|m|mio|tsd|thousand|million|bn|billion)\b/i.exec(after) ?? [];
  if (number === null || unit === undefined) return number;
  // `5 m` means metres, `1.2M` millions.
  if (/^\s/.test(after) && /^[km]$/i.test(unit)) return number;
  if (unit === "m") return number;
  const factor = /^(?:k|tsd|thousand)$/i.test(unit) ? 1e3 : /^b/i.test(unit) ? 1e9 : 1e6;
  return Number((number * factor).toPrecision(12));
}

/** Parses a number as people write it. `decimal` decides when point or comma could be either. */
function parseNumber(written: string, decimal: "." | ","): number | null {
  let digits = written.replace(/[\s\u00a0\u202f'’]/g, "").replace("\u2212", "-");
  const points = digits.split(".").length - 1;
  const commas = digits.split(",").length - 1;
  let mark: "." | "," | null = null;
  if (points > 0 && commas > 0) mark = digits.lastIndexOf(".") > digits.lastIndexOf(",") ? "." : ",";
  else if (points + commas === 1) {
    const only = points === 1 ? "." : ",";
    const isThousands = /^-?[1-9]\d{0,2}[.,]\d{3}$/.test(digits);
    mark = isThousands && only !== decimal ? null : only;
  }
  digits =
    mark === null
      ? digits.replace(/[.,]/g, "")
      : digits.replaceAll(mark === "." ? "," : ".", "").replace(",", ".");
  const number = Number(digits);
  return Number.isFinite(number) && digits !== "" ? number : null;
}

const NO =
  /^(?:no|false|0|off|✗|✘|×|❌|☐|n\/a|none|-|–|unchecked|nein|non)$|\b(?:not|no longer|sold out|out of stock|unavailable|unverified|inactive|disabled|ausverkauft)\b/i;
const YES =
  /^(?:yes|true|1|on|✓|✔|✅|☑|checked|ja|oui|sí)$|\b(?:in stock|available|verified|active|enabled|auf lager)\b/i;

function readBoolean(text: string): Converted {
  if (NO.test(text)) return { value: false };
  if (YES.test(text)) return { value: true };
  return { reason: `${quote(text)} says neither yes nor no` };
}

const plainWords = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

function choose(text: string, choices: readonly string[], isText: boolean): Converted {
  const said = plainWords(text);
  const exact = choices.find((choice) => plainWords(choice) === said);
  const held = choices.filter((choice) => ` ${said} `.includes(` ${plainWords(choice)} `));
  // When both `shipped` and `not shipped` are in the text, the longer one is meant.
  const chosen = exact ?? held.toSorted((a, b) => b.length - a.length)[0];
  if (chosen === undefined) return { reason: `${quote(text)} is none of ${choices.join(", ")}` };
  return { value: isText ? chosen : Number(chosen) };
}
