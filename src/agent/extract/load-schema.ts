/** @file Loads the schema of an extraction from a file: JSON, or TypeScript or JavaScript that exports a zod object. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import { parseJson } from "../../core/json.ts";
import { IrregularFile, readRegular } from "../../core/regular-file.ts";
import { loadDefault } from "../../tasks/own-suite.ts";

const HINT =
  'Give a JSON schema, such as {"type": "object", "properties": {"author": {"type": "string"}, "stars": {"type": "number"}}}, or a .ts or .js file whose default export is z.object({ … }).';
const MOST_BYTES = 1 << 20;

export async function loadSchema(file: string): Promise<object> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ConfigError(`the schema ${file} does not exist`, HINT);
  const schema = /\.[cm]?[jt]s$/.test(file) ? await loadDefault(path) : await readJson(path, file);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    throw new ConfigError(`the schema ${file} holds no schema`, HINT);
  return schema;
}

async function readJson(path: string, file: string): Promise<unknown> {
  try {
    return parseJson((await readRegular(path, { maxBytes: MOST_BYTES })).toString("utf8"));
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof IrregularFile)
      throw new ConfigError(`the schema ${file} cannot be read: ${cause.message}`, HINT, { cause });
    throw cause;
  }
}
