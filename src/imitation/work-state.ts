/** @file The state of a training that can be killed and continued: `state.json` in its work directory. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeDifference } from "../core/describe-difference.ts";
import { ConfigError } from "../core/errors.ts";
import { writeAtomically } from "../run/run-directory.ts";

/** How far a training has come. */
export interface WorkState {
  /** Optimiser steps done. */
  step: number;
  /** Directory of the checkpoint, in the work directory. */
  checkpoint: string;
  /** Seconds trained so far, where they count. */
  seconds?: number;
}

/** Settings and data, as plain JSON: a killed training continues only with the same. */
export type DependsOn = Record<string, unknown>;

const stateFile = (workDirectory: string) => join(workDirectory, "state.json");

/** `null` if nothing was begun. Throws a `ConfigError` if what was begun depends on something else. */
export async function readState(workDirectory: string, dependsOn: DependsOn): Promise<WorkState | null> {
  if (!existsSync(stateFile(workDirectory))) return null;
  const { dependsOn: before = {}, ...state } = JSON.parse(
    await readFile(stateFile(workDirectory), "utf8"),
  ) as WorkState & { dependsOn?: DependsOn };
  const difference = describeDifference(before, JSON.parse(JSON.stringify(dependsOn)));
  if (difference === null) return state;
  throw new ConfigError(
    `${workDirectory} holds a training with other settings or data: ${difference}`,
    `Give those that it was begun with, or remove ${workDirectory} to start anew.`,
  );
}

export const writeState = (workDirectory: string, state: WorkState, dependsOn: DependsOn): Promise<void> =>
  writeAtomically(stateFile(workDirectory), JSON.stringify({ ...state, dependsOn }));

/** SHA-256 of examples, in hexadecimal. */
export function hashExamples(examples: readonly object[]): string {
  const hash = createHash("sha256");
  for (const example of examples) hash.update(`${JSON.stringify(example)}\n`);
  return hash.digest("hex");
}
