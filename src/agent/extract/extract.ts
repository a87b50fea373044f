/**
 * @file Extracts the rows of a list over all its pages. A model reads a few records of a layout; after that, rules do,
 * until a page is built differently.
 */

import { ConfigError } from "../../core/errors.ts";
import type { ExtractContext, ExtractOptions, ExtractSummary } from "./options.ts";
import type { ExtractedRow } from "./row.ts";
import { readSchema } from "./schema.ts";
import { Work } from "./work.ts";

/** Rows as they are found; when an output is continued, its earlier rows come first. */
export interface Extraction<T> extends AsyncIterable<ExtractedRow<T>> {
  readonly summary: Readonly<ExtractSummary>;
}

/** Checks everything that can be checked before anything is opened. Throws a `ConfigError`. */
export function extract<T>(
  instruction: string,
  schema: unknown,
  context: ExtractContext,
  options: ExtractOptions = {},
): Extraction<T> {
  const rowSchema = readSchema(schema);
  if (instruction.trim() === "")
    throw new ConfigError("no instruction says which rows are wanted", 'Give one, such as "all reviews".');
  for (const name of options.key ?? [])
    if (!rowSchema.fields.some((field) => field.name === name))
      throw new ConfigError(
        `the key ${JSON.stringify(name)} is not a field of the schema`,
        `Its fields are ${rowSchema.fields.map((field) => field.name).join(", ")}.`,
      );
  const { rate } = options;
  if (rate !== undefined && rate !== null && !(rate > 0))
    throw new ConfigError(`the rate is ${rate}, which allows no pages`, "Give pages a second, such as 0.5.");
  const work = new Work(instruction.trim(), rowSchema, context, options);
  return {
    summary: work.summary,
    [Symbol.asyncIterator]: () => work.run() as AsyncGenerator<ExtractedRow<T>>,
  };
}
