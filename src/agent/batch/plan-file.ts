/**
 * @file `batch.json` in an agent's directory: the job and the rows as they were when the batch began. A batch can be
 * continued only with the same job and rows, and it is undone by what was done, whatever the table says by now.
 */

import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { ConfigError } from "../../core/errors.ts";
import { readIfThere } from "../../run/json-lines.ts";
import { writeAtomically } from "../../run/run-directory.ts";
import { packageVersion } from "../../run/run-info.ts";
import { defineJob } from "./definition.ts";
import type { JobDefinition, ReadItem } from "./definition.ts";
import type { Table, TableRow } from "./table.ts";

const FILE = "batch.json";
/** Increase it when a reader of an earlier version would misunderstand the file. */
const FORMAT = 1;

const planSchema = z.object({
  format: z.number(),
  version: z.string(),
  file: z.string(),
  /** The address that the job's addresses are relative to. */
  home: z.string(),
  /** The job reads by code, which is not in the file. */
  byCode: z.boolean(),
  job: z.looseObject({}),
  rows: z.array(z.object({ line: z.number(), key: z.string(), values: z.record(z.string(), z.string()) })),
  broken: z.array(z.object({ line: z.number(), reason: z.string() })),
});

export interface Plan extends Table {
  /** The table's file name, for people. */
  file: string;
  home: string;
  job: JobDefinition;
}

/** How many keys a message lists before it only counts them. */
const NAMED = 5;

/**
 * Writes the plan of a new batch, or checks that a continued batch has the same plan. `begun`: the batch has done
 * something; a plan that was only a dry run may be replaced. The result keeps the `home` of the first plan. Throws a
 * `ConfigError` that says what has changed.
 */
export async function keepPlan(directory: string, plan: Plan, begun: boolean): Promise<Plan> {
  // Checked even when nothing has begun: never overwrite what another version wrote.
  const earlier = await readPlan(directory, plan.job.effect.read);
  if (earlier === null || !begun) {
    const { read, ...effect } = plan.job.effect;
    const written: z.input<typeof planSchema> = {
      format: FORMAT,
      version: packageVersion(),
      ...plan,
      byCode: read !== undefined,
      job: { ...plan.job, effect },
    };
    await writeAtomically(join(directory, FILE), `${JSON.stringify(written, null, 1)}\n`);
    return plan;
  }
  const hint = "Continue with the original file, or name another directory for the new one.";
  const job = (one: JobDefinition) => ({ ...one, effect: { ...one.effect, read: undefined } });
  if (!isDeepStrictEqual(job(earlier.job), job(plan.job)))
    throw new ConfigError(
      `the job has changed since the batch in ${directory} began: ${changedKeys(earlier.job, plan.job)}`,
      hint,
    );
  const changed = changedRows(earlier.rows, plan.rows);
  if (changed !== null)
    throw new ConfigError(`${plan.file} has changed since the batch in ${directory} began: ${changed}`, hint);
  return { ...plan, home: earlier.home };
}

const changedKeys = (before: JobDefinition, now: JobDefinition): string =>
  Object.keys({ ...before, ...now })
    .filter((key) => !isDeepStrictEqual(before[key as keyof JobDefinition], now[key as keyof JobDefinition]))
    .join(", ");

/** The order of the rows does not matter. */
function changedRows(before: readonly TableRow[], now: readonly TableRow[]): string | null {
  const earlier = new Map(before.map(({ key, values }) => [key, values]));
  const present = new Map(now.map(({ key, values }) => [key, values]));
  const kinds = {
    "is changed": [...earlier.keys()].filter(
      (key) => present.has(key) && !isDeepStrictEqual(earlier.get(key), present.get(key)),
    ),
    "is gone": [...earlier.keys()].filter((key) => !present.has(key)),
    "is new": [...present.keys()].filter((key) => !earlier.has(key)),
  };
  const parts = Object.entries(kinds).flatMap(([kind, keys]) => {
    const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : "";
    return keys.length === 0 ? [] : [`${keys.slice(0, NAMED).join(", ")}${more} ${kind}`];
  });
  return parts.length === 0 ? null : parts.join("; ");
}

/** The plan of the batch in a directory; `null` if none has begun. `read`: the job's reading code, if it has any. */
export async function readPlan(directory: string, read?: ReadItem): Promise<Plan | null> {
  const path = join(directory, FILE);
  const text = await readIfThere(path);
  if (text === "") return null;
  const hint = "Restore the file from a copy, or name another directory.";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${path} is not JSON`, hint, { cause });
  }
  const format = (json as { format?: unknown } | null)?.format;
  if (format !== FORMAT)
    throw new ConfigError(
      `${path} is a batch in format ${JSON.stringify(format) ?? "unknown"}; this version reads format ${FORMAT}`,
      "Continue with the version that wrote it, or name another directory.",
    );
  const parsed = planSchema.safeParse(json);
  if (!parsed.success) throw new ConfigError(`${path} is damaged: ${parsed.error.issues[0]!.message}`, hint);
  const { file, home, rows, broken, job, byCode } = parsed.data;
  if (byCode && !read)
    throw new ConfigError(`the batch in ${directory} reads its items by code`, "Also give --job FILE.");
  const effect = { ...(job["effect"] as object), ...(byCode && { read }) };
  return { file, home, rows, broken, job: defineJob({ ...job, effect }, path) };
}
