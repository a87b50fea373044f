/**
 * @file How to read a field of every record of a list: learned from a few records whose values a model has read, and
 * applied to all. A rule says where (locator), what of the element (source), which part of that (pick) and how it is
 * written (reading).
 *
 * Learning is a search: every place in the samples from which a value can be read is a candidate and is tried on all
 * samples. The one that agrees with most of them becomes the rule; among equals, the one with the least cost that finds
 * something in more of the other records. A value that cannot be read anywhere in its record is not on the page,
 * whoever says so, and is dropped.
 */

import { squash } from "../../browser/page/text.ts";
import { convert, numbersIn } from "./convert.ts";
import type { Reading } from "./convert.ts";
import { locatorsOf, readSource, resolve, resolveAll, sourcesOf } from "./locate.ts";
import type { Locator, Source } from "./locate.ts";
import type { PageRecord } from "./records.ts";
import type { Field, FieldValue } from "./schema.ts";
import { elementsOf, indexOf, marksOf, walk } from "./tree.ts";
import type { PageNode } from "./tree.ts";

export type Pick =
  | { take: "whole" }
  /** The nth number in the text. */
  | { take: "number"; nth: number }
  /** What is between two texts; an empty text means the beginning or the end. */
  | { take: "between"; before: string; after: string };

export type FieldRule =
  | { kind: "value"; locator: Locator; source: Source; pick: Pick; reading: Reading }
  /** All elements that the locator matches. */
  | { kind: "list"; locator: Locator; source: Source; reading: Reading }
  /** Whether the record has the mark. */
  | { kind: "mark"; mark: string; there: boolean };

/** What a model has read from a record; fields that it was not asked for are absent. */
export interface Sample {
  record: PageRecord;
  values: Readonly<Record<string, unknown>>;
}

export interface FieldReading {
  value: FieldValue;
  /** Where the value is. */
  node: PageNode | null;
  /** Why there is no value although something is there. */
  note: string | null;
}

export interface Learned {
  rule: FieldRule | null;
  /** Indexes of the samples that the rule does not agree with. */
  wrong: number[];
  /** Values that the model gave but that are nowhere in their record. */
  unfounded: number;
}

const NOTHING: FieldReading = { value: null, node: null, note: null };

/** Reads a field by its rule. `base`: the page's own address. */
export function readField(rule: FieldRule, record: PageRecord, field: Field, base: string): FieldReading {
  if (rule.kind === "mark") {
    const holder = indexOf(record.node).byMark.get(rule.mark)?.[0] ?? null;
    return { value: (holder !== null) === rule.there, node: holder ?? record.node, note: null };
  }
  if (rule.kind === "list") {
    const nodes = resolveAll(rule.locator, record);
    const values = nodes.flatMap((node) => {
      const text = readSource(rule.source, node);
      const converted = text === null ? null : convert(text, field, rule.reading, base);
      return converted && "value" in converted ? [converted.value] : [];
    });
    return values.length === 0
      ? NOTHING
      : { value: [...new Set(values)] as FieldValue, node: nodes[0]!, note: null };
  }
  const node = resolve(rule.locator, record);
  const whole = node && readSource(rule.source, node);
  if (!node || whole === null) return NOTHING;
  const text = pickFrom(rule.pick, squash(whole));
  if (text === null || text === "") return { value: null, node, note: null };
  const converted = convert(text, field, rule.reading, base);
  if ("reason" in converted) return { value: null, node, note: converted.reason };
  const refused = field.many ? null : field.refuse(converted.value);
  return refused === null
    ? { value: converted.value, node, note: null }
    : { value: null, node, note: `${JSON.stringify(converted.value)}: ${refused}` };
}

function pickFrom(pick: Pick, text: string): string | null {
  if (pick.take === "whole") return text;
  if (pick.take === "number") return numbersIn(text)[pick.nth] ?? null;
  const start = pick.before === "" ? 0 : text.indexOf(pick.before);
  if (start < 0) return null;
  const from = start + pick.before.length;
  const end = pick.after === "" ? text.length : text.indexOf(pick.after, from);
  return end < 0 ? null : text.slice(from, end).trim();
}

const READINGS: Reading[] = (["month first", "day first"] as const).flatMap((order) =>
  ([".", ","] as const).map((decimal): Reading => ({ decimal, order })),
);

/** Readings that matter for a text. */
function readingsOf(text: string, field: Field): Reading[] {
  if (field.format === "date" || field.format === "date-time") {
    const open = /(?<!\d)\d{1,2}[/-]\d{1,2}[/-]\d{2,4}/.test(text);
    return open ? [READINGS[0]!, READINGS[2]!] : [READINGS[0]!];
  }
  const isNumber = field.type === "number" || field.type === "integer";
  return isNumber && /\d[.,]\d{3}(?!\d)/.test(text) ? [READINGS[0]!, READINGS[1]!] : [READINGS[0]!];
}

const plain = (text: string) =>
  squash(text)
    .toLowerCase()
    .replace(/[“”„"«»]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/[‐-―]/g, "-");

/** Texts shorter than this are never cut when shown. */
const LONG = 280;

/** Whether a rule reads what the model said. A text that the model cut short counts if its beginning is the same. */
export function agree(read: FieldValue, said: unknown, field: Field, base: string): boolean {
  const isNothing = said === null || said === undefined || said === "";
  if (read === null || isNothing) return read === null && isNothing;
  if (Array.isArray(read))
    return (
      Array.isArray(said) &&
      read.length === said.length &&
      read.every((one, index) => agree(one, said[index], { ...field, many: false }, base))
    );
  if (typeof read === "string" && field.format === null && !field.choices) {
    const [a, b] = [plain(read), plain(String(said))];
    if (a === b) return true;
    // The model sees a long text cut short.
    const cut = b.replace(/(?:…|\.\.\.)$/, "").trim();
    return (cut !== b || cut.length >= LONG) && cut.length >= 20 && a.startsWith(cut);
  }
  if (typeof read === "number" && typeof said === "number") return Math.abs(read - said) < 1e-9;
  if (typeof read === "boolean" && typeof said === "boolean") return read === said;
  return READINGS.some((reading) => {
    const converted = convert(String(said), field, reading, base);
    return "value" in converted && converted.value === read;
  });
}

interface Candidate {
  rule: FieldRule;
  cost: number;
}

/** Learns the rule of one field. `others`: records that no model has read, used to choose among equally good rules. */
export function learnField(
  field: Field,
  samples: readonly Sample[],
  others: readonly PageRecord[],
  base: string,
): Learned {
  const asked = samples.flatMap((sample, index) =>
    field.name in sample.values ? [{ ...sample, index }] : [],
  );
  const candidates = new Map<string, Candidate>();
  let unfounded = 0;
  const founded = asked.filter(({ record, values }) => {
    const said = values[field.name];
    if (said === null || said === undefined || said === "") return true;
    const found = [...candidatesFor(field, record, said, base)];
    for (const candidate of found) {
      const key = JSON.stringify(candidate.rule);
      const known = candidates.get(key);
      if (!known || known.cost > candidate.cost) candidates.set(key, candidate);
    }
    if (found.length === 0) unfounded++;
    return found.length > 0;
  });
  const scored = [...candidates.values()].map((candidate) => {
    const wrong = founded.filter(({ record, values }) => {
      const { value } = readField(candidate.rule, record, field, base);
      return !agree(value, values[field.name], field, base);
    });
    return { ...candidate, wrong };
  });
  const fewest = Math.min(...scored.map(({ wrong }) => wrong.length));
  const best = scored
    .filter(({ wrong }) => wrong.length === fewest)
    .map((candidate) => ({
      ...candidate,
      cost: candidate.cost - 3 * fillOf(candidate.rule, field, others, base),
    }));
  const [chosen] = best.toSorted((a, b) => a.cost - b.cost);
  const said = founded.filter(
    ({ values }) => values[field.name] !== null && values[field.name] !== undefined,
  ).length;
  // A rule that is wrong about a third of its samples is useless, and so is a mark that all records have.
  const most = chosen?.rule.kind === "mark" ? 0.1 : 0.34;
  if (!chosen || said === 0 || fewest > most * founded.length) return { rule: null, wrong: [], unfounded };
  return { rule: chosen.rule, wrong: chosen.wrong.map(({ index }) => index), unfounded };
}

/** The fraction of records in which the rule finds a value. */
function fillOf(rule: FieldRule, field: Field, records: readonly PageRecord[], base: string): number {
  const some = records.slice(0, 30);
  if (some.length === 0 || rule.kind === "mark") return 0;
  return some.filter((record) => readField(rule, record, field, base).value !== null).length / some.length;
}

/** Every way to read from the record what the model said. */
function* candidatesFor(field: Field, record: PageRecord, said: unknown, base: string): Generator<Candidate> {
  if (field.type === "boolean" && !field.many) {
    yield* markCandidates(record, said);
  }
  if (field.many) {
    yield* listCandidates(field, record, said, base);
    return;
  }
  const isNumber = field.type === "number" || field.type === "integer";
  for (const { locator, node, cost } of locatorsOf(record)) {
    for (const { source, cost: ofSource } of sourcesOf(node, isNumber)) {
      const raw = readSource(source, node);
      if (raw === null) continue;
      const text = squash(raw);
      for (const { pick, cost: ofPick } of picksFor(field, text, said)) {
        for (const reading of readingsOf(text, field)) {
          const rule: FieldRule = { kind: "value", locator, source, pick, reading };
          const { value } = readField(rule, record, field, base);
          if (value !== null && agree(value, said, field, base)) {
            const named = affinity(field, locator, source);
            // The innermost element is the value's.
            const around = elementsOf(node).length > 0 ? 0.3 : 0;
            yield {
              rule,
              cost: cost + ofSource + ofPick - named + around + (reading.decimal === "," ? 0.1 : 0),
            };
          }
        }
      }
    }
  }
}

/** An element named like the field is probably the right one. */
function affinity(field: Field, { anchor }: Locator, source: Source): number {
  const name =
    anchor.by === "mark"
      ? anchor.mark
      : anchor.by === "label"
        ? anchor.label
        : anchor.by === "column"
          ? anchor.header
          : "";
  const words = `${name} ${source.from === "attribute" ? source.name : ""}`.toLowerCase();
  return words.includes(field.name.toLowerCase()) ? 1.5 : 0;
}

function* markCandidates(record: PageRecord, said: unknown): Generator<Candidate> {
  const value = said === true || /^(?:true|yes)$/i.test(String(said));
  for (const node of walk(record.node))
    for (const mark of marksOf(node))
      yield { rule: { kind: "mark", mark, there: value }, cost: value ? 3 : 4 };
}

function* listCandidates(
  field: Field,
  record: PageRecord,
  said: unknown,
  base: string,
): Generator<Candidate> {
  for (const { locator, node, cost } of locatorsOf(record)) {
    if (locator.anchor.by !== "mark" && locator.anchor.by !== "tag") {
      // The elements within one: `ul.tags > li`.
      continue;
    }
    const anchor = { ...locator.anchor, nth: 0 };
    for (const { source, cost: ofSource } of sourcesOf(node, false)) {
      const rule: FieldRule = {
        kind: "list",
        locator: { anchor, steps: locator.steps },
        source,
        reading: READINGS[0]!,
      };
      if (agree(readField(rule, record, field, base).value, said, field, base))
        yield { rule, cost: cost + ofSource };
    }
  }
}

/** Parts of a text that could be the value. */
function* picksFor(field: Field, text: string, said: unknown): Generator<{ pick: Pick; cost: number }> {
  yield { pick: { take: "whole" }, cost: 0 };
  if (field.type === "number" || field.type === "integer") {
    for (let nth = 1; nth < Math.min(numbersIn(text).length, 8); nth++)
      yield { pick: { take: "number", nth }, cost: 1 + nth };
    yield { pick: { take: "number", nth: 0 }, cost: 0.3 };
  }
  if (field.type === "boolean" || field.format === "uri") return;
  const value = squash(String(said)).replace(/(?:…|\.\.\.)$/, "");
  const at = field.format || field.type !== "string" ? -1 : plain(text).indexOf(plain(value));
  if (at < 0 || value === "" || plain(text) === plain(value)) return;
  const left = text.slice(0, at);
  const right = text.slice(at + value.length);
  for (const before of anchorsBefore(left))
    for (const after of anchorsAfter(right))
      if (before !== "" || after !== "" || left + right === "")
        yield {
          pick: { take: "between", before, after },
          cost: 1 + (/\d/.test(before + after) ? 3 : 0) + (before.length + after.length) / 100,
        };
}

/** Texts that end directly before the value: the whole text, its last word or two, a sign. */
const anchorsBefore = (left: string): Set<string> =>
  new Set(
    left === ""
      ? [""]
      : [
          left,
          /\S+\s*$/.exec(left)?.[0] ?? left,
          /\S+\s+\S+\s*$/.exec(left)?.[0] ?? left,
          /[^\p{L}\p{N}\s]\s*$/u.exec(left)?.[0] ?? left,
        ],
  );

const anchorsAfter = (right: string): Set<string> =>
  new Set(
    right === ""
      ? [""]
      : [
          right,
          /^\s*\S+/.exec(right)?.[0] ?? right,
          /^\s*\S+\s+\S+/.exec(right)?.[0] ?? right,
          /^\s*[^\p{L}\p{N}\s]/u.exec(right)?.[0] ?? right,
        ],
  );
