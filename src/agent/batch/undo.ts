/** @file Undoes an item with the values that were read before it was changed. */

import { parseNumber } from "../../core/parse-number.ts";
import { differences } from "./compare.ts";
import type { JobDefinition, State } from "./definition.ts";
import type { ItemOutcome } from "./events.ts";
import type { Goal } from "./item.ts";
import type { FilledInstruction } from "./learned.ts";
import type { Plan } from "./plan-file.ts";
import type { TableRow } from "./table.ts";
import { columnsIn, fill } from "./template.ts";
import type { Values } from "./template.ts";

/** The goal, or why there is none, in one sentence. */
export function undoGoal({ job, home }: Plan, { key, values }: TableRow, result: ItemOutcome): Goal | string {
  const { before, after } = result;
  if (before === null || after === null) return "its earlier values are not known";
  const told = job.undo ? byDefinition(job, values, before) : byInstruction(job, values, before, after);
  if (typeof told === "string") return told;
  return {
    key,
    // The item is found by its present values.
    row: values,
    wanted: before,
    instruction: fill(told.template, told.values),
    told: { template: told.template, values: told.values },
    start: new URL(told.start, home).href,
    expected: after,
    mayBeMissing: false,
  };
}

interface UndoInstruction extends FilledInstruction {
  start: string;
}

function byDefinition(job: JobDefinition, values: Values, before: State): UndoInstruction | string {
  const { instruction, start } = job.undo!;
  const was = Object.fromEntries(Object.entries(before).map(([name, value]) => [`was.${name}`, value]));
  const used = [instruction, start ?? ""].flatMap((text) => columnsIn(text, "undo"));
  const unknown = used.find((name) => was[name] === null);
  if (unknown !== undefined)
    return `the job's undo names {${unknown}}, but the item had no such value before`;
  const all = { ...values, ...(was as Values) };
  return {
    template: instruction,
    values: all,
    start: fill(start ?? job.start ?? job.effect.open!, all, true),
  };
}

/** The job's own instruction suffices if each changed value comes from its own column. */
function byInstruction(
  job: JobDefinition,
  values: Values,
  before: State,
  after: State,
): UndoInstruction | string {
  const earlier: Record<string, string> = {};
  for (const name of differences(job, before, after)) {
    const { wanted, as } = job.effect.values[name]!;
    const column = wanted === null ? null : /^\{([^{}]+)\}$/.exec(wanted)?.[1]?.trim();
    const value = before[name] ?? null;
    if (column === null || column === undefined || value === null || [job.key].flat().includes(column))
      return `the job does not say how to undo ${name} (undo)`;
    earlier[column] = as === "number" ? plainNumber(value) : value;
  }
  const all = { ...values, ...earlier };
  return { template: job.instruction, values: all, start: fill(job.start ?? job.effect.open!, all, true) };
}

/** `$1,234.50` as people type it: `1234.50`. */
function plainNumber(text: string): string {
  const value = parseNumber(text)!;
  const decimals = /[.,](\d{1,2})\D*$/.exec(text)?.[1]?.length ?? 0;
  return value.toFixed(
    Number.isInteger(value) ? decimals : Math.max(decimals, String(value).split(".")[1]?.length ?? 0),
  );
}
