/**
 * @file Writes the results of a batch: a page for people, CSV and JSON Lines for machines. Each call overwrites them.
 */

import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { writeAtomically } from "../../run/run-directory.ts";
import { redactOutput } from "../../text/secrets.ts";
import type { BatchResult } from "./result.ts";
import type { Plan } from "./plan-file.ts";
import { renderBatchReport } from "./report-page.tsx";

export async function writeResults(result: Omit<BatchResult, "files">, plan: Plan): Promise<BatchResult> {
  const { directory, direction, dryRun, items } = result;
  const name = dryRun ? "dry-run" : direction === "undo" ? "undo" : "results";
  const files = {
    report: join(directory, `${name}.html`),
    csv: join(directory, `${name}.csv`),
    jsonl: join(directory, `${name}.jsonl`),
  };
  const rows = items.map((item) => ({
    line: item.line,
    key: item.key,
    status: item.status,
    reason: item.reason,
    ...Object.fromEntries(
      Object.keys(plan.job.effect.values).flatMap((value) => [
        [`${value} before`, item.before?.[value] ?? ""],
        [`${value} wanted`, item.wanted[value] ?? ""],
        [`${value} after`, item.after?.[value] ?? ""],
      ]),
    ),
    run: item.run ?? "",
    turns: item.turns ?? "",
    seconds: item.seconds,
  }));
  const broken = result.broken.map(({ line, reason }) => ({ line, key: "", status: "broken", reason }));
  const all = [...rows, ...broken];
  const columns = [...new Set(all.flatMap((row) => Object.keys(row)))];
  // A spreadsheet takes a text that begins with = for a formula, whoever wrote it.
  await write(files.csv, stringify(all, { header: true, columns, escape_formulas: true }));
  await write(files.jsonl, [...items, ...broken].map((row) => `${JSON.stringify(row)}\n`).join(""));
  const whole = { ...result, files };
  await write(files.report, renderBatchReport(whole, plan));
  return whole;
}

const write = (path: string, text: string) => writeAtomically(path, redactOutput(text));
