/**
 * @file Fields that only an item's own page shows: learned from the pages of the first rows, checked on further ones.
 */

import type { RecordReader } from "./ask.ts";
import type { PageRecord } from "./records.ts";
import { agree, learnField, readField } from "./rule.ts";
import type { FieldReading, FieldRule, Sample } from "./rule.ts";
import type { Field } from "./schema.ts";
import { walk } from "./tree.ts";
import type { PageTree } from "./tree.ts";

export interface DetailRule {
  fields: Record<string, FieldRule>;
}

/** How many pages a rule is learned from and checked on. */
export const DETAIL_SAMPLES = 3;

/** A page's main part as one record. */
function recordOfPage(tree: PageTree): PageRecord {
  const main = [...walk(tree.root)].find(
    ({ tag, attributes }) => tag === "main" || attributes["role"] === "main",
  );
  return { node: main ?? tree.root, columns: null };
}

export interface LearnDetailOptions {
  reader: RecordReader;
  instruction: string;
  fields: readonly Field[];
  signal?: AbortSignal | undefined;
}

/**
 * Learns from the first pages; the last one, if there are several, is held out. `null` if the pages do not show the
 * fields. A field gets no rule if the rule and the model read it differently on the held-out page.
 */
export async function learnDetail(
  trees: readonly PageTree[],
  options: LearnDetailOptions,
): Promise<DetailRule | null> {
  const samples: Sample[] = [];
  for (const tree of trees) {
    const record = recordOfPage(tree);
    // One page per call, because it may be long.
    const reply = await options.reader.read({ ...options, asked: [{ id: "A1", record }] });
    const values = reply.get("A1");
    if (values) samples.push({ record, values });
  }
  const base = trees[0]!.url;
  const held = samples.length > 2 ? samples.at(-1)! : null;
  const learning = held ? samples.slice(0, -1) : samples;
  const fields = options.fields.flatMap((field): [string, FieldRule][] => {
    const first = learnField(field, learning, [], base).rule;
    const ok =
      first &&
      (!held ||
        agree(readField(first, held.record, field, base).value, held.values[field.name], field, base));
    const rule = ok ? first : learnField(field, samples, [], base).rule;
    return rule ? [[field.name, rule]] : [];
  });
  return fields.length === 0 ? null : { fields: Object.fromEntries(fields) };
}

export function readDetail(
  tree: PageTree,
  detail: DetailRule,
  fields: readonly Field[],
): Record<string, FieldReading> {
  const record = recordOfPage(tree);
  return Object.fromEntries(
    fields.flatMap((field) => {
      const rule = detail.fields[field.name];
      return rule ? [[field.name, readField(rule, record, field, tree.url)]] : [];
    }),
  );
}
