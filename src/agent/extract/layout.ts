/**
 * @file A layout says which groups of a page are the rows, and by which rules to read their fields. It is learned from
 * what a model reads of a few records, checked on records that it had not seen, and learned again from all of them if
 * it fails.
 */

import { ConfigError } from "../../core/errors.ts";
import type { Asked, RecordReader } from "./ask.ts";
import { chooseSamples, findGroups, matchGroup } from "./records.ts";
import type { PageRecord, RecordGroup } from "./records.ts";
import { agree, learnField, readField } from "./rule.ts";
import type { FieldReading, FieldRule, Sample } from "./rule.ts";
import type { Field } from "./schema.ts";
import { classesOf, elementsIn } from "./tree.ts";
import type { PageNode, PageTree } from "./tree.ts";

export interface ListRule {
  /** Identifies the layout's records on other pages. */
  key: string;
  shape: string[];
  fields: Record<string, FieldRule>;
  /** Class names of records that, as the model said, are not rows, such as advertisements. */
  not: string[];
  /** The fraction of the records in which a field had a value when it was learned. */
  filled: Record<string, number>;
}

/** Plain JSON, so that a resumed extraction can use it. */
export interface Layout {
  lists: ListRule[];
}

export interface ReadRecord {
  record: PageRecord;
  fields: Record<string, FieldReading>;
}

export interface PageReading {
  rows: ReadRecord[];
  /** Records that are not rows: they lack most of what the others have. */
  leftOut: number;
}

export interface LearnOptions {
  reader: RecordReader;
  instruction: string;
  fields: readonly Field[];
  signal?: AbortSignal | undefined;
}

/** How many lists a model is shown at first, and how many records of each. */
const LISTS = 5;
const FIRST_SAMPLES = 3;
const HELD_OUT = 3;
const ROUNDS = 3;

/**
 * Learns a page's layout; `null` if none of its lists has wanted rows. `taken`: records that another layout already
 * reads.
 */
export async function learnLayout(
  tree: PageTree,
  options: LearnOptions,
  taken: ReadonlySet<PageNode> = new Set(),
): Promise<Layout | null> {
  const groups = findGroups(tree.root).filter(
    ({ records }) => ![...elementsIn(records.map(({ node }) => node))].some((element) => taken.has(element)),
  );
  if (groups.length === 0) return null;
  const chosen = await chooseLists(groups, options, tree.url);
  const lists: ListRule[] = [];
  for (const { group, samples, not } of chosen) {
    const list = await learnList(group, samples, not, options, tree.url);
    if (list) lists.push(list);
  }
  return lists.length === 0 ? null : { lists };
}

interface Chosen {
  group: RecordGroup;
  samples: Sample[];
  /** Records that are not wanted. */
  not: PageRecord[];
}

/** Shows the likeliest lists, and further ones if the model wants none of them. */
async function chooseLists(
  groups: readonly RecordGroup[],
  options: LearnOptions,
  base: string,
): Promise<Chosen[]> {
  for (let from = 0; from < Math.min(groups.length, 3 * LISTS); from += LISTS) {
    const shown = groups.slice(from, from + LISTS);
    const asked = shown.flatMap((group, list) =>
      chooseSamples(group.records, list === 0 ? FIRST_SAMPLES : 2).map(
        (record, index): Asked & { group: RecordGroup } => ({
          id: `${String.fromCharCode(65 + list)}${index + 1}`,
          record,
          group,
        }),
      ),
    );
    const reply = await options.reader.read({ ...options, asked });
    const chosen = shown.flatMap((group): Chosen[] => {
      const mine = asked.filter((one) => one.group === group);
      const samples = mine.flatMap(({ id, record }) => {
        const values = reply.get(id);
        return values && Object.values(values).some((value) => value !== null) ? [{ record, values }] : [];
      });
      const not = mine.filter(({ id }) => reply.get(id) === null).map(({ record }) => record);
      return samples.length > 0 && samples.length >= not.length ? [{ group, samples, not }] : [];
    });
    const useful = withoutOverlap(chosen, options.fields, base);
    if (useful.length > 0) return useful;
  }
  return [];
}

/**
 * Among lists with the same text, choose the one whose samples have more of the fields: its records are nearer to rows.
 */
function withoutOverlap(chosen: Chosen[], fields: readonly Field[], base: string): Chosen[] {
  const worth = ({ group, samples }: Chosen) => {
    const learned = fields.map((field) => learnField(field, samples, [], base).rule);
    // As many records as possible in which all fields are found.
    return learned.filter(Boolean).length * 1e6 + group.records.length;
  };
  const ordered = chosen
    .map((one) => ({ one, worth: worth(one) }))
    .filter((each) => each.worth >= 1e6)
    .toSorted((a, b) => b.worth - a.worth);
  const kept: Chosen[] = [];
  const taken: Set<PageNode>[] = [];
  for (const { one } of ordered) {
    const elements = elementsIn(one.group.records.map(({ node }) => node));
    if (taken.some((other) => [...elements].some((element) => other.has(element)))) continue;
    taken.push(elements);
    kept.push(one);
  }
  return kept;
}

async function learnList(
  group: RecordGroup,
  first: readonly Sample[],
  unwanted: readonly PageRecord[],
  options: LearnOptions,
  base: string,
): Promise<ListRule | null> {
  const { reader, fields } = options;
  const samples = [...first];
  const not = [...unwanted];
  const seen = new Set<PageRecord>([...samples.map(({ record }) => record), ...not]);
  let rules = learnRules(fields, samples, group, base);
  for (let round = 0; round < ROUNDS; round++) {
    const asked = chooseSamples(group.records, HELD_OUT, seen).map((record, index): Asked => ({
      id: `A${index + 1}`,
      record,
    }));
    if (asked.length === 0) break;
    const reply = await reader.read({ ...options, asked });
    for (const { record } of asked) seen.add(record);
    const held = asked.flatMap(({ id, record }) => {
      const values = reply.get(id);
      return values ? [{ record, values }] : [];
    });
    not.push(...asked.filter(({ id }) => reply.get(id) === null).map(({ record }) => record));
    const failed = fields.filter((field) =>
      held.some(({ record, values }) => {
        const rule = rules[field.name];
        const read = rule ? readField(rule, record, field, base).value : null;
        return !agree(read, values[field.name], field, base);
      }),
    );
    samples.push(...held);
    if (failed.length === 0) break;
    rules = learnRules(fields, samples, group, base);
  }
  if (Object.keys(rules).length === 0) return null;
  const wanted = new Set(samples.flatMap(({ record }) => classesOf(record.node)));
  const list: ListRule = {
    key: group.key,
    shape: [...group.shape],
    fields: rules,
    not: [...new Set(not.flatMap(({ node }) => classesOf(node)))].filter((name) => !wanted.has(name)),
    filled: {},
  };
  list.filled = fillOf(readGroup(group, list, fields, base).rows, fields);
  return list;
}

function learnRules(
  fields: readonly Field[],
  samples: readonly Sample[],
  group: RecordGroup,
  base: string,
): Record<string, FieldRule> {
  const read = new Set(samples.map(({ record }) => record));
  const others = group.records.filter((record) => !read.has(record));
  return Object.fromEntries(
    fields.flatMap((field) => {
      const { rule } = learnField(field, samples, others, base);
      return rule ? [[field.name, rule]] : [];
    }),
  );
}

function readGroup(group: RecordGroup, list: ListRule, fields: readonly Field[], base: string): PageReading {
  const all = group.records
    .filter(({ node }) => !classesOf(node).some((name) => list.not.includes(name)))
    .map((record): ReadRecord => ({
      record,
      fields: Object.fromEntries(
        fields.map((field) => {
          const rule = list.fields[field.name];
          return [
            field.name,
            rule ? readField(rule, record, field, base) : { value: null, node: null, note: null },
          ];
        }),
      ),
    }));
  const counts = (row: ReadRecord, name: string) =>
    row.fields[name]!.value !== null && list.fields[name]?.kind !== "mark";
  const core = fields
    .map(({ name }) => name)
    .filter((name) => all.filter((row) => counts(row, name)).length >= 0.7 * all.length);
  const rows = all.filter((row) => {
    const has = fields.filter(({ name }) => counts(row, name)).length;
    return has > 0 && core.filter((name) => counts(row, name)).length * 2 >= core.length;
  });
  return { rows, leftOut: group.records.length - rows.length };
}

function fillOf(rows: readonly ReadRecord[], fields: readonly Field[]): Record<string, number> {
  return Object.fromEntries(
    fields.map(({ name }) => [
      name,
      rows.length === 0 ? 0 : rows.filter((row) => row.fields[name]!.value !== null).length / rows.length,
    ]),
  );
}

/** Reads a page by a layout; `null` if the page is built differently. */
export function readByLayout(
  tree: PageTree,
  layout: Layout,
  fields: readonly Field[],
  groups = findGroups(tree.root),
): PageReading | null {
  const reading: PageReading = { rows: [], leftOut: 0 };
  const single = () => findGroups(tree.root, new Set(layout.lists.map(({ key }) => key)));
  const used = new Set<RecordGroup>();
  for (const list of layout.lists) {
    const pattern = { key: list.key, shape: new Set(list.shape) };
    const free = groups.filter((group) => !used.has(group));
    // The last page may have one row.
    const match = matchGroup(free, pattern) ?? matchGroup(single(), pattern);
    if (!match) continue;
    used.add(match.group);
    const { rows, leftOut } = readGroup(match.group, list, fields, tree.url);
    if (!isFilledAlike(fillOf(rows, fields), list.filled)) continue;
    reading.rows.push(...rows);
    reading.leftOut += leftOut;
  }
  return reading.rows.length === 0 ? null : reading;
}

/**
 * Whether a page's fields occur about as often as when the rule was learned. A field that always occurred and now never
 * does fails this.
 */
function isFilledAlike(now: Record<string, number>, then: Record<string, number>): boolean {
  return Object.entries(then).every(([name, share]) => share < 0.6 || now[name]! >= share / 3);
}

/** The error when a schema fits nothing, with what was looked at. */
export function explainNoMatch(tree: PageTree, fields: readonly Field[], instruction: string): ConfigError {
  const groups = findGroups(tree.root);
  const seen = groups
    .slice(0, 3)
    .map(({ records }) => `${records.length} × ${JSON.stringify(sampleText(records[0]!.node))}`);
  const page = tree.status >= 400 ? `${tree.url}, which answered with status ${tree.status},` : tree.url;
  return new ConfigError(
    groups.length === 0
      ? `${page} has no lists: nothing on it repeats, so there are no rows to read for ${JSON.stringify(instruction)}`
      : `no list on ${page} matches what was asked (${JSON.stringify(instruction)} with ${fields.map(({ name }) => name).join(", ")}); its lists are ${seen.join("; ")}`,
    "Say more clearly which rows you want, start on the page that has them, correct the schema, or use a stronger model.",
  );
}

const sampleText = (node: PageNode): string => {
  const text = (at: PageNode): string =>
    at.children.map((child) => (typeof child === "string" ? child : text(child))).join(" ");
  return text(node).replace(/\s+/g, " ").trim().slice(0, 60);
};
