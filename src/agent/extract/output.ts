/**
 * @file Writes rows so that none is lost or written twice whenever the process ends. The truth is a journal beside the
 * output, `OUT.journal/`: a line with rows is on disk before the output has them. A continued extraction first brings
 * the output to the state of the journal; it refuses an output that somebody changed, and leaves it alone.
 */

import { appendFileSync, existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { stringify as stringifyCsv } from "csv-stringify/sync";
import stringify from "safe-stable-stringify";
import { ConfigError } from "../../core/errors.ts";
import { makeDirectory } from "../../core/make-directory.ts";
import { redactOutput } from "../../text/secrets.ts";
import { JOURNAL_FILE, openJournal } from "../journal.ts";
import type { Journal } from "../journal.ts";
import type { Layout } from "./layout.ts";
import type { DetailRule } from "./detail.ts";
import type { ExtractedRow } from "./row.ts";

/** Identifies an extraction: only the same one can be continued. */
export interface ExtractionHead {
  instruction: string;
  schema: unknown;
  site: string;
  start: string;
  key: readonly string[];
}

export type ExtractEvent =
  | ({ kind: "extract/begun" } & ExtractionHead)
  | { kind: "extract/layout"; layout: Layout }
  | { kind: "extract/detail"; detail: DetailRule | null }
  | { kind: "extract/rows"; rows: ExtractedRow[]; marks: string[] }
  /** A page is finished. `opened`: the address that was opened last; later pages were reached by clicks. */
  | { kind: "extract/page"; number: number; url: string; opened: string; next: string | null; clicks: number }
  | { kind: "extract/ended"; reason: string };

export interface Earlier {
  layouts: Layout[];
  /** `undefined`: never learned. */
  detail: DetailRule | null | undefined;
  rows: ExtractedRow[];
  marks: string[];
  last: Extract<ExtractEvent, { kind: "extract/page" }> | null;
  ended: string | null;
}

export interface Output extends AsyncDisposable {
  readonly earlier: Earlier;
  append(...events: ExtractEvent[]): void;
}

const NOTHING: Earlier = { layouts: [], detail: undefined, rows: [], marks: [], last: null, ended: null };

/** Rows that go only to the caller. */
export const noOutput = (): Output => ({
  earlier: NOTHING,
  append: () => {},
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

export const journalOf = (out: string): string => `${out}.journal`;

type Format = "jsonl" | "csv";

function formatOf(out: string): Format {
  const [, ending] = /\.([a-z]+)$/i.exec(out) ?? [];
  if (/^(?:jsonl|ndjson)$/i.test(ending ?? "")) return "jsonl";
  if (/^csv$/i.test(ending ?? "")) return "csv";
  throw new ConfigError(
    `the name of the output ${out} is neither that of a JSON Lines nor of a CSV file`,
    "Name it like rows.jsonl or rows.csv.",
  );
}

/** Throws a `ConfigError` when rows cannot go to `out`. Call it before anything starts. */
export function checkOutput(out: string): void {
  formatOf(out);
  const path = resolve(out);
  if (existsSync(path) && !statSync(path).isFile())
    throw new ConfigError(`${out} is not a regular file`, "Name another output.");
  if (existsSync(path) && statSync(path).size > 0 && !existsSync(join(journalOf(path), JOURNAL_FILE)))
    throw new ConfigError(
      `${out} exists already, but there is no ${journalOf(out)} to continue from`,
      "Name another output, or move that file away.",
    );
}

/** Opens an output, or continues one. `fields`: the columns of a CSV. */
export async function openOutput(
  out: string,
  head: ExtractionHead,
  fields: readonly string[],
): Promise<Output> {
  checkOutput(out);
  const format = formatOf(out);
  const path = resolve(out);
  const directory = journalOf(path);
  await makeDirectory(dirname(path));
  const journal = await openJournal(directory);
  try {
    const events = journal.earlier.filter(({ kind }) =>
      kind.startsWith("extract/"),
    ) as unknown as ExtractEvent[];
    const [begun] = events;
    if (begun) checkSame(begun, head, out);
    else journal.append({ kind: "extract/begun", ...head });
    const earlier = readEarlier(events);
    await heal(path, printAll(earlier.rows, format, fields), out);
    return new OpenOutput(path, journal, earlier, format, fields);
  } catch (error) {
    await journal[Symbol.asyncDispose]();
    throw error;
  }
}

class OpenOutput implements Output {
  readonly #path: string;
  readonly #journal: Journal;
  readonly #format: Format;
  readonly #fields: readonly string[];
  readonly earlier: Earlier;

  constructor(path: string, journal: Journal, earlier: Earlier, format: Format, fields: readonly string[]) {
    this.#path = path;
    this.#journal = journal;
    this.earlier = earlier;
    this.#format = format;
    this.#fields = fields;
  }

  append(...events: ExtractEvent[]): void {
    this.#journal.append(...events.map((event) => ({ ...event })));
    const rows = events.flatMap((event) => (event.kind === "extract/rows" ? event.rows : []));
    if (rows.length > 0) appendFileSync(this.#path, printRows(rows, this.#format, this.#fields));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#journal[Symbol.asyncDispose]();
  }
}

function checkSame(begun: ExtractEvent, head: ExtractionHead, out: string): void {
  const before = begun as unknown as Record<string, unknown>;
  for (const name of ["instruction", "schema", "site", "start", "key"] as const) {
    if (stringify(before[name]) === stringify(head[name])) continue;
    const told = name === "schema" ? "" : `: ${stringify(before[name])}, now ${stringify(head[name])}`;
    throw new ConfigError(
      `${out} was begun with another ${name}${told}`,
      `Name another output, or give the same ${name} to continue.`,
    );
  }
}

function readEarlier(events: readonly ExtractEvent[]): Earlier {
  const earlier: Earlier = { ...NOTHING, layouts: [], rows: [], marks: [] };
  for (const event of events) {
    if (event.kind === "extract/layout") earlier.layouts.push(event.layout);
    else if (event.kind === "extract/detail") earlier.detail = event.detail;
    else if (event.kind === "extract/rows") {
      earlier.rows.push(...event.rows);
      earlier.marks.push(...event.marks);
    } else if (event.kind === "extract/page") earlier.last = event;
    earlier.ended = event.kind === "extract/ended" ? event.reason : null;
  }
  return earlier;
}

/**
 * Completes the output to `text`. The output must hold a beginning of it: a process may have ended before it wrote the
 * rest.
 */
async function heal(path: string, text: string, out: string): Promise<void> {
  const there = existsSync(path) ? await readFile(path, "utf8") : "";
  if (there === text) return;
  if (!text.startsWith(there))
    throw new ConfigError(
      `${out} has been changed since its rows were written`,
      "Move it away: the next call writes it again from its journal and continues.",
    );
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}

const printAll = (rows: readonly ExtractedRow[], format: Format, fields: readonly string[]): string =>
  (format === "csv" ? printCsv([[...fields, "url", "notes", "sources"]]) : "") +
  printRows(rows, format, fields);

function printRows(rows: readonly ExtractedRow[], format: Format, fields: readonly string[]): string {
  if (format === "jsonl") return rows.map((row) => redactOutput(`${JSON.stringify(row)}\n`)).join("");
  const lines = rows.map(({ row, url, notes, sources }) => {
    const values = fields.map((name) => (Array.isArray(row[name]) ? JSON.stringify(row[name]) : row[name]));
    return [...values, url, notes.join("; "), JSON.stringify(sources)];
  });
  return redactOutput(printCsv(lines));
}

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe in front, because anybody may have written the
 * page.
 */
const printCsv = (lines: readonly (readonly unknown[])[]): string =>
  stringifyCsv(
    lines.map((line) => [...line]),
    {
      escape_formulas: true,
      record_delimiter: "\r\n",
      cast: { boolean: String },
    },
  );
