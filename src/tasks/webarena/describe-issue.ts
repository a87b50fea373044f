/** @file Says where a file of the user is wrong, and what was found there. */

import type { z } from "zod";
import { nearest } from "../../core/nearest.ts";

/** Characters of what was found that are shown. */
const MAX_CHARS = 80;

/** `sites.0: found "shoping"; the nearest is "shopping"`. `raw`: the whole value that the schema refused. */
export function describeIssue(issue: z.core.$ZodIssue, raw: unknown): string {
  const where = issue.path.map(String).join(".") || "the whole";
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    raw,
  );
  const found = JSON.stringify(value)?.slice(0, MAX_CHARS);
  if (issue.code === "invalid_value" && found !== undefined) {
    const known = issue.values.map(String);
    const near = typeof value === "string" ? nearest(value, known) : undefined;
    const right = known.map((name) => JSON.stringify(name)).join(", ");
    return `${where}: found ${found}; ${near === undefined ? `it can be ${right}` : `the nearest is ${JSON.stringify(near)}`}`;
  }
  // The message names an unknown key, and says if there is nothing.
  const isSaid = issue.code === "unrecognized_keys" || found === undefined || value === null;
  return `${where}: ${issue.message}${isSaid ? "" : `, found ${found}`}`;
}
