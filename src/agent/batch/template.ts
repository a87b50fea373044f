/** @file Texts with the names of columns in braces: `Set the price of {sku} to {price}`. `{{` and `}}` are braces. */

import { ConfigError } from "../../core/errors.ts";

/** The values of one row of a table of jobs, and what else a text may name. */
export type Values = Readonly<Record<string, string>>;

const PART = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/**
 * The columns that a text names, in order. Throws a `ConfigError` when its braces do not match; `where` says whose text
 * it is.
 */
export function columnsIn(text: string, where: string): string[] {
  const names: string[] = [];
  for (const [part, name] of text.matchAll(PART)) {
    if (part === "{{" || part === "}}") continue;
    if (name === undefined || name.trim() === "")
      throw new ConfigError(
        `${where} has a brace that names no column: ${JSON.stringify(text)}`,
        "Write {column}; for a literal brace, write it twice.",
      );
    names.push(name.trim());
  }
  return names;
}

/** The text with a row's values; with `encode`, encoded for an address. The row must have every column. */
export function fill(text: string, values: Values, encode = false): string {
  return text.replace(PART, (part: string, name: string | undefined) => {
    if (name === undefined) return part[0]!;
    const value = values[name.trim()]!;
    return encode ? encodeURIComponent(value) : value;
  });
}
