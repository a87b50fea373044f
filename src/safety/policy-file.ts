/** @file What every policy that is written as data has in common: its file, and the messages if it is not valid. */

import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";

/** Reads the JSON of a file. Throws a `ConfigError` if that fails. */
export async function readPolicyFile(file: string): Promise<unknown> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ConfigError(`the policy ${file} cannot be read`, "Name a JSON file; docs/agent.md shows one.", {
      cause,
    });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${file} is not JSON: ${(cause as Error).message}`, "Correct the file.", { cause });
  }
}

/** The `ConfigError` for an invalid policy; `keys` are suggested for mistyped ones. */
export function invalidPolicy(error: z.ZodError, keys: readonly string[], from: string): ConfigError {
  const lines = error.issues.map((issue) => {
    const where = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") return `${where || "the whole"}: ${issue.message}`;
    const key = issue.keys[0]!;
    const near = nearest(key, keys);
    return `there is no setting ${[where, key].filter(Boolean).join(".")}${near === undefined ? "" : `; the nearest is ${near}`}`;
  });
  return new ConfigError(`${from} is not valid: ${lines.join("; ")}`, "See docs/agent.md for every key.", {
    cause: error,
  });
}
