/** @file A suite that the user's file exports as it is, instead of a site's definition: another benchmark. */

import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import type { Suite } from "./suite.ts";

/** What each member of a suite is; those with `?` may be absent. */
const MEMBERS: Record<keyof Suite, string> = {
  name: "string",
  tasks: "function",
  task: "function",
  catalog: "object",
  descriptions: "object",
  createSite: "function",
  hasOracle: "function",
  oracleFor: "function",
  wrongAnswer: "function",
  column: "function?",
  incomplete: "string?",
  limits: "object?",
  howToTrain: "string?",
  evaluator: "string?",
  unusable: "function?",
  oraclesTry: "boolean?",
  oraclesRead: "string?",
};

/** A site's definition lists its tasks, and has no `createSite`. */
export const isSuite = (given: unknown): given is object =>
  typeof given === "object" &&
  given !== null &&
  ("createSite" in given || typeof (given as { tasks?: unknown }).tasks === "function");

/** Throws a `ConfigError` that names every member that is missing, is of another kind or does not belong to a suite. */
export function readSuite(given: object, file: string): Suite {
  const members = Object.entries(MEMBERS).map(([name, kind]) => ({
    name,
    kind: kind.replace("?", ""),
    value: Reflect.get(given, name) as unknown,
    isOptional: kind.endsWith("?"),
  }));
  const wrong = members.flatMap(({ name, kind, value, isOptional }) => {
    if (value === undefined) return isOptional ? [] : [`${name} (a ${kind}) is missing`];
    return typeof value === kind ? [] : [`${name} must be a ${kind}`];
  });
  const unknown = Object.keys(given)
    .filter((name) => !(name in MEMBERS))
    .map((name) => {
      const near = nearest(name, Object.keys(MEMBERS));
      return `it has no ${name}${near ? `; the nearest is ${near}` : ""}`;
    });
  if (wrong.length + unknown.length > 0)
    throw new ConfigError(
      `the suite of ${file} is not valid: ${[...wrong, ...unknown].join("; ")}`,
      "See docs/task-sources.md for every member.",
    );
  // An instance of a class would lose its methods when a part of the suite is taken.
  return Object.fromEntries(
    members.flatMap(({ name, value }) =>
      value === undefined
        ? []
        : [[name, typeof value === "function" ? (value.bind(given) as unknown) : value]],
    ),
  ) as unknown as Suite;
}
