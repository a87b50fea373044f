/** @file Says where a value of the user is wrong, what it must be, and what was found there. */

import type { z } from "zod";
import { describeAddress } from "./browser-settings.ts";
import { nearest } from "./nearest.ts";

/** Characters of what was found that are shown. */
const MAX_CHARS = 80;

/**
 * `sites.0: must be one of "shopping", "map", found "shoping"; the nearest is "shopping"`. `raw`: the whole value that
 * the schema refused.
 */
export function describeIssue(issue: z.core.$ZodIssue, raw: unknown): string {
  const where = issue.path.map(String).join(".") || "the whole";
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    raw,
  );
  // Addresses may contain keys, which must go before anything is cut off: half of an address shows what it is.
  const found = JSON.stringify(value)
    ?.replace(/\w+:\/\/[^"\s]+/g, describeAddress)
    .slice(0, MAX_CHARS);
  const near =
    issue.code === "invalid_value" && typeof value === "string"
      ? nearest(value, issue.values.map(String))
      : undefined;
  return [
    `${where}: ${demandOf(issue)}`,
    // The message names an unknown key itself.
    ...(issue.code === "unrecognized_keys" ? [] : [`, found ${found ?? "nothing"}`]),
    ...(near === undefined ? [] : [`; the nearest is ${JSON.stringify(near)}`]),
  ].join("");
}

/** What a value must be, without zod's "Invalid input". */
function demandOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${/^[aeio]/.test(issue.expected) ? "an" : "a"} ${issue.expected === "int" ? "integer" : issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      if (issue.origin !== "number" && issue.origin !== "int") return issue.message;
      return `must be ${issue.inclusive ? "at least" : "above"} ${issue.minimum}`;
    case "too_big":
      if (issue.origin !== "number" && issue.origin !== "int") return issue.message;
      return `must be ${issue.inclusive ? "at most" : "below"} ${issue.maximum}`;
    default:
      return issue.message;
  }
}
