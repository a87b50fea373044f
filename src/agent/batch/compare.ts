/** @file Compares what was read with what is wanted. */

import { parseNumber } from "../../core/parse-number.ts";
import type { JobDefinition, State } from "./definition.ts";
import { fill } from "./template.ts";
import type { Values } from "./template.ts";

const squash = (text: string) => text.normalize("NFC").replace(/\s+/gu, " ").trim();

export function isSame(a: string | null, b: string | null, as: "text" | "number"): boolean {
  if (a === null || b === null) return a === b;
  if (as === "text") return squash(a) === squash(b);
  const [first, second] = [parseNumber(a), parseNumber(b)];
  return first !== null && first === second;
}

/** The values that an item should have. */
export function pickWanted(job: JobDefinition, row: Values): State {
  return Object.fromEntries(
    Object.entries(job.effect.values).map(([name, { wanted }]) => [
      name,
      wanted === null ? null : fill(wanted, row),
    ]),
  );
}

/** Names of the values in which two states differ. */
export function differences(job: JobDefinition, a: State, b: State): string[] {
  return Object.entries(job.effect.values).flatMap(([name, { as }]) =>
    isSame(a[name] ?? null, b[name] ?? null, as) ? [] : [name],
  );
}

/** Describes the change of each of the names: `price 12.90 -> 11.50`. */
export function describeChange(names: readonly string[], from: State, to: State): string {
  const format = (value: string | null | undefined) =>
    value === null || value === undefined ? "not there" : value;
  return names.map((name) => `${name} ${format(from[name])} -> ${format(to[name])}`).join(", ");
}
