/**
 * @file A reader that knows the truth, instead of a model: it gives what a faultless model would read from a record.
 */

import { createRng } from "../core/rng.ts";
import type { RecordReader } from "../agent/extract/ask.ts";
import { textOf, walk } from "../agent/extract/tree.ts";

/** The content of a record: its text and its attributes, a line each. */
export interface Said {
  text: string;
  attributes: string[];
}

/**
 * `rows`: all existing rows. A record is a row if `isRow` finds exactly one that it is. `mistakes`: the fraction of
 * values for which it returns another row's value, or nothing.
 */
export function knowingReader<T extends object>(
  rows: readonly T[],
  isRow: (row: T, said: Said) => boolean,
  mistakes = 0,
): RecordReader {
  let calls = 0;
  const rng = createRng(1);
  const valueOf = (row: T, name: string): unknown => {
    const from = rng.next() < mistakes ? (rng.next() < 0.5 ? rng.pick(rows) : null) : row;
    return (from as Record<string, unknown> | null)?.[name] ?? null;
  };
  return {
    name: "scripted",
    maxUnits: 100_000,
    get calls() {
      return calls;
    },
    usage: null,
    read: ({ asked, fields }) => {
      calls++;
      const reply = new Map<string, Record<string, unknown> | null>();
      for (const { id, record } of asked) {
        const attributes = [...walk(record.node)].flatMap((node) => Object.values(node.attributes));
        const said = { text: textOf(record.node), attributes };
        const found = rows.filter((row) => isRow(row, said));
        const row = found.length === 1 ? found[0]! : null;
        reply.set(id, row && Object.fromEntries(fields.map(({ name }) => [name, valueOf(row, name)])));
      }
      return Promise.resolve(reply);
    },
  };
}
