/**
 * @file A table of jobs: CSV with a head, or JSON Lines with one object a row. A mistake in the table must be corrected
 * before anything begins; a mistake in one row concerns only that row, and is reported with its line.
 */

import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { extname } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { ConfigError } from "../../core/errors.ts";
import { parseNumber } from "../../core/parse-number.ts";
import { nearest } from "../../core/nearest.ts";
import { refuseIrregular } from "../../run/json-lines.ts";
import { columnsOf } from "./definition.ts";
import type { JobDefinition } from "./definition.ts";
import { fill } from "./template.ts";
import type { Values } from "./template.ts";

export interface TableRow {
  /** Line in the file, counted from 1; the first line of a row that has several. */
  line: number;
  key: string;
  values: Values;
}

/** A row of the table that cannot be used, and why. */
export interface BrokenRow {
  line: number;
  /** What is wrong. */
  reason: string;
}

export interface Table {
  rows: TableRow[];
  /** Rows that cannot be jobs; nothing is done for them. */
  broken: BrokenRow[];
}

/** Separates the parts of a key that has several columns. */
const KEY_SEPARATOR = " / ";

/** Reads a table's file. Throws a `ConfigError` when it lacks columns that the job names, or has no rows. */
export async function readTable(file: string, job: JobDefinition): Promise<Table> {
  const extension = extname(file).toLowerCase();
  if (!existsSync(file))
    throw new ConfigError(`${file} does not exist`, "Name a table of jobs: a .csv or .jsonl file.");
  refuseIrregular(file);
  const text = await readFile(file);
  const content = decode(text, file);
  if (extension === ".csv" || extension === ".tsv") return readCsv(content, job, file, extension === ".tsv");
  if (extension === ".jsonl" || extension === ".ndjson") return readJsonRows(content, job, file);
  throw new ConfigError(
    `${file} is neither .csv nor .jsonl`,
    "Name the file for its format: comma-separated values with a header, or one JSON object per line.",
  );
}

function decode(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file} is not UTF-8`, "Save it as CSV in UTF-8.", { cause });
  }
}

interface CsvRecord {
  record: string[];
  info: { lines: number; error?: CsvError };
}

function readCsv(content: string, job: JobDefinition, file: string, tabs: boolean): Table {
  // Spreadsheets in half of Europe write semicolons.
  const first = content.split(/\r?\n/, 1)[0]!;
  const delimiter = tabs ? "\t" : !first.includes(",") && first.includes(";") ? ";" : ",";
  let records: CsvRecord[];
  try {
    records = parse(content, {
      bom: true,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as CsvRecord[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new ConfigError(
      `${file}: ${cause.message}`,
      "Close every quote, and write a quote inside a quoted cell twice; otherwise all later rows would be read wrong.",
      { cause },
    );
  }
  const [head, ...rest] = records;
  if (!head) throw new ConfigError(`${file} is empty`, "Its first line must have the names of the columns.");
  checkColumns(head.record, job, file);
  const width = head.record.length;
  const lines = content.split(/\r?\n/);
  let line = head.info.lines + 1;
  const table: Table = { rows: [], broken: [] };
  for (const { record, info } of rest) {
    const at = lineOf(lines, line, info.lines);
    line = info.lines + 1;
    if (record.length !== width)
      table.broken.push({
        line: at,
        reason: `it has ${record.length} ${record.length === 1 ? "cell" : "cells"}, but the header names ${width} columns`,
      });
    else add(table, at, Object.fromEntries(head.record.map((name, i) => [name, record[i]!])), job);
  }
  return finish(table, file);
}

/** The record's first line, not counting empty lines before it. */
function lineOf(lines: readonly string[], from: number, to: number): number {
  let at = from;
  while (at < to && (lines[at - 1] ?? "").trim() === "") at++;
  return at;
}

function readJsonRows(content: string, job: JobDefinition, file: string): Table {
  const table: Table = { rows: [], broken: [] };
  const objects: { line: number; row: Record<string, unknown> }[] = [];
  for (const [index, text] of content
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (text.trim() === "") continue;
    const line = index + 1;
    try {
      const row = JSON.parse(text) as unknown;
      if (row !== null && typeof row === "object" && !Array.isArray(row))
        objects.push({ line, row: row as Record<string, unknown> });
      else table.broken.push({ line, reason: "it is not a JSON object" });
    } catch (error) {
      table.broken.push({ line, reason: `it is not JSON: ${(error as Error).message}` });
    }
  }
  if (objects.length > 0)
    checkColumns([...new Set(objects.flatMap(({ row }) => Object.keys(row)))], job, file);
  for (const { line, row } of objects) {
    const missing = [...columnsOf(job).keys()].filter(
      (name) => row[name] === undefined || row[name] === null,
    );
    const odd = Object.keys(row).find((name) => row[name] !== null && typeof row[name] === "object");
    if (missing.length > 0) table.broken.push({ line, reason: `it has no ${missing.join(", ")}` });
    else if (odd !== undefined) table.broken.push({ line, reason: `${odd} is neither a text nor a number` });
    else
      add(
        table,
        line,
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value ?? "")])),
        job,
      );
  }
  return finish(table, file);
}

function checkColumns(head: readonly string[], job: JobDefinition, file: string): void {
  const twice = head.find((name, i) => head.indexOf(name) !== i);
  if (twice !== undefined)
    throw new ConfigError(
      `${file} has two columns ${JSON.stringify(twice)}`,
      "Give every column a different name.",
    );
  for (const [name, where] of columnsOf(job)) {
    if (head.includes(name)) continue;
    const near = nearest(name, head);
    throw new ConfigError(
      `${file} has no column ${JSON.stringify(name)}, which ${where} of the job names`,
      `It has ${head.map((one) => JSON.stringify(one)).join(", ")}${near ? `; the nearest is ${JSON.stringify(near)}` : ""}.`,
    );
  }
}

function add(table: Table, line: number, values: Values, job: JobDefinition): void {
  const parts = [job.key].flat().map((name) => values[name]!);
  const reason = faultOf(values, job, parts);
  if (reason === null) table.rows.push({ line, key: parts.join(KEY_SEPARATOR), values });
  else table.broken.push({ line, reason });
}

/** Says what is wrong with a row, if anything. */
function faultOf(values: Values, job: JobDefinition, key: readonly string[]): string | null {
  if (key.some((part) => part === ""))
    return `${[job.key].flat()[key.indexOf("")]!} is empty, but it identifies the item`;
  for (const [name, { as, wanted }] of Object.entries(job.effect.values)) {
    if (wanted === null) continue;
    const filled = fill(wanted, values);
    if (filled.trim() === "") return `${name} should be ${JSON.stringify(wanted)}, but that is empty`;
    if (as === "number" && parseNumber(filled) === null)
      return `${name}: ${JSON.stringify(filled)} is not a number`;
  }
  return null;
}

/** It is unclear which of several rows with the same key is meant, so none of them is done. */
function finish(table: Table, file: string): Table {
  const lines = new Map<string, number[]>();
  for (const { key, line } of table.rows) lines.set(key, [...(lines.get(key) ?? []), line]);
  const rows = table.rows.filter(({ key }) => lines.get(key)!.length === 1);
  const doubled = table.rows.filter(({ key }) => lines.get(key)!.length > 1);
  const broken = [
    ...table.broken,
    ...doubled.map(({ key, line }) => ({
      line,
      reason: `${JSON.stringify(key)} is named again in line ${lines
        .get(key)!
        .filter((one) => one !== line)
        .join(", ")}`,
    })),
  ].sort((a, b) => a.line - b.line);
  if (rows.length === 0 && broken.length === 0)
    throw new ConfigError(`${file} has no rows`, "Give the table at least one row below its header.");
  return { rows, broken };
}
