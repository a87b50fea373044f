/**
 * @file Defines what a table of jobs means: what identifies an item, what to tell the agent, and where and how to read
 * the effect. It is data (a JSON file), so that it can be kept beside the table, or a TypeScript file if reading needs
 * code.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { z } from "zod";
import { describeIssue } from "../../core/describe-issue.ts";
import { ConfigError } from "../../core/errors.ts";
import { EFFECT_KINDS } from "../../core/effect.ts";
import { nearest } from "../../core/nearest.ts";
import { loadDefault } from "../../tasks/own-suite.ts";
import { columnsIn } from "./template.ts";
import type { Values } from "./template.ts";

/** The values read of an item, by name; `null` when the item or this value is not there. */
export type State = Record<string, string | null>;

/** The pages of the site, for code that reads an item. */
export interface ItemPage {
  row: Values;
  /**
   * Opens an address of the site. `false`: there is no such page. Throws when the site answers with an error, or
   * redirects elsewhere.
   */
  open(address: string): Promise<boolean>;
  /**
   * The value with this label, or whichever of these texts is shown, `in` the row that has a text; `null` when it is
   * not there.
   */
  value(request: { label?: string; text?: string | readonly string[]; in?: string }): Promise<string | null>;
  /** Visible text of the whole page. */
  text(): Promise<string>;
}

/** Reads an item when labels and texts do not suffice. Throws when the item cannot be read: it must never guess. */
export type ReadItem = (page: ItemPage) => Promise<State>;

const text = z.string().min(1);

const valueSchema = z.strictObject({
  label: text.optional().describe("the label of the field, table column, row or entry on the page: `Price`"),
  text: z
    .union([text, z.array(text).min(1)])
    .optional()
    .describe(
      "a text that may be shown, such as a title; or several of which one is shown, such as the states of an order",
    ),
  in: text.optional().describe("only in the table row, list entry or card that has this text: `{name}`"),
  as: z
    .enum(["text", "number"])
    .default("text")
    .describe(
      "how to compare it: as a text, ignoring white space, or as a number, so that $19.90 equals 19.9",
    ),
  wanted: text
    .nullable()
    .describe("the value that it should have: `{price}`; null if it should not be there"),
});

const effectSchema = z.strictObject({
  open: text.optional().describe("address of the page on which to read it: `/products?q={name}`"),
  follow: text
    .optional()
    .describe(
      "name of the link on that page which leads to where the item is read: `{title}`; if there is no such link, the item does not exist",
    ),
  shows: text
    .optional()
    .describe(
      "a text that this page always has when it can be read; without it the page counts as unreadable",
    ),
  values: z
    .record(text, valueSchema)
    .refine((values) => Object.keys(values).length > 0, "names no value to read")
    .describe("what to read there, by names that you choose: `price`"),
  read: z
    .custom<ReadItem>((value) => typeof value === "function", "must be a function")
    .optional()
    .describe("reads the values instead of labels and texts; only in a TypeScript file"),
  settleSeconds: z
    .number()
    .min(0)
    .max(600)
    .default(3)
    .describe("how long the site may take until an effect can be read"),
});

export const jobSchema = z.strictObject({
  key: z
    .union([text, z.array(text).min(1)])
    .describe("the column or columns that identify an item; no two rows may have the same"),
  instruction: text.describe("the agent's instruction: `Set the price of {name} to {price}`"),
  start: text
    .optional()
    .describe("address where the agent begins; default: the page where the effect is read"),
  creates: z
    .boolean()
    .default(false)
    .describe(
      "the job may create the item: a page, a post, a message. Without this, a missing item is an error",
    ),
  effect: effectSchema,
  undo: z
    .strictObject({
      instruction: text.describe("the instruction that undoes it; `{was.price}` is what was read before"),
      start: text.optional().describe("where the agent begins in order to undo it"),
      does: z.enum(EFFECT_KINDS).optional().describe("as the job's `does`, for undoing it"),
    })
    .optional()
    .describe("default: the job's instruction with the earlier values, if it contains them all"),
  does: z
    .enum(EFFECT_KINDS)
    .optional()
    .describe(
      "the kind of irreversible action that an item needs: approving the item also permits one such action at the gate",
    ),
});

export type JobDefinition = z.output<typeof jobSchema>;

/** A job as a person writes it: what is left out gets its default. */
export type JobInput = z.input<typeof jobSchema>;

/** Checks a definition. Throws a `ConfigError` that names the key. `where` says in messages whose definition it is. */
export function defineJob(input: unknown, where = "the job"): JobDefinition {
  const parsed = jobSchema.safeParse(input);
  if (!parsed.success)
    throw new ConfigError(`${where}: ${whatIsWrong(parsed.error.issues[0]!, input)}`, HINT);
  const job = parsed.data;
  checkTemplates(job, where);
  return job;
}

const HINT = "See docs/agent.md, “Jobs”: key, instruction, and an effect with open and values.";

function whatIsWrong(issue: z.core.$ZodIssue, input: unknown): string {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const known =
      path === ""
        ? Object.keys(jobSchema.shape)
        : path === "effect"
          ? Object.keys(effectSchema.shape)
          : Object.keys(valueSchema.shape);
    const near = nearest(key!, known);
    return `${path === "" ? "" : `${path}: `}there is no ${JSON.stringify(key)}${near ? `; the nearest is ${JSON.stringify(near)}` : ""}`;
  }
  return describeIssue(issue, input);
}

/** The job's texts that contain columns to fill in, by key. */
function templatesOf(job: JobDefinition): [where: string, text: string][] {
  const { effect } = job;
  const found: [string, string | undefined | null][] = [
    ["instruction", job.instruction],
    ["start", job.start],
    ["effect.open", effect.open],
    ["effect.follow", effect.follow],
    ["effect.shows", effect.shows],
  ];
  for (const [name, value] of Object.entries(effect.values)) {
    found.push([`effect.values.${name}.label`, value.label], [`effect.values.${name}.in`, value.in]);
    found.push([`effect.values.${name}.wanted`, value.wanted]);
    for (const one of [value.text ?? []].flat()) found.push([`effect.values.${name}.text`, one]);
  }
  return found.filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

/** The columns that the job names, and where it names them. */
export function columnsOf(job: JobDefinition): Map<string, string> {
  const columns = new Map<string, string>([job.key].flat().map((name) => [name, "key"]));
  for (const [where, template] of templatesOf(job))
    for (const name of columnsIn(template, where)) if (!columns.has(name)) columns.set(name, where);
  for (const template of [job.undo?.instruction, job.undo?.start])
    for (const name of template === undefined ? [] : columnsIn(template, "undo"))
      if (!name.startsWith("was.") && !columns.has(name)) columns.set(name, "undo");
  return columns;
}

function checkTemplates(job: JobDefinition, where: string): void {
  const { effect } = job;
  for (const [place, template] of templatesOf(job)) columnsIn(template, `${where}: ${place}`);
  if (effect.read === undefined && effect.open === undefined)
    throw new ConfigError(
      `${where}: effect.open is not given`,
      "Give the address of the page on which to read the effect.",
    );
  for (const [name, value] of Object.entries(effect.values)) {
    const ways = [value.label, value.text].filter((way) => way !== undefined).length;
    if (effect.read ? ways > 0 : ways !== 1)
      throw new ConfigError(
        effect.read
          ? `${where}: effect.values.${name} has a label or a text, but effect.read reads the values`
          : `${where}: effect.values.${name} has ${ways === 0 ? "neither label nor text" : "both label and text"}`,
        effect.read
          ? "Leave one of them out."
          : "Say how to find it on the page: by its label, or by a text.",
      );
    if (value.as === "number" && value.text !== undefined)
      throw new ConfigError(
        `${where}: effect.values.${name} compares a text as a number`,
        "Give the label of the number.",
      );
  }
  for (const name of columnsIn(job.undo?.instruction ?? "", `${where}: undo.instruction`))
    if (name.startsWith("was.") && !(name.slice(4) in effect.values))
      throw new ConfigError(
        `${where}: undo.instruction names {${name}}, and effect.values has no ${name.slice(4)}`,
        `It has ${Object.keys(effect.values).join(", ")}.`,
      );
  if (job.start === undefined && effect.open === undefined)
    throw new ConfigError(`${where}: start is not given`, "Say where the agent begins.");
}

/** Loads a definition: JSON, or the default export of a TypeScript or JavaScript file. */
export async function loadJob(file: string): Promise<JobDefinition> {
  if (!existsSync(file)) throw new ConfigError(`${file} does not exist`, HINT);
  if (/^\.[cm]?[jt]s$/.test(extname(file))) return defineJob(await loadDefault(resolve(file)), file);
  const content = await readFile(file, "utf8");
  try {
    return defineJob(JSON.parse(content), file);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, HINT, { cause });
  }
}
