/**
 * @file Notes of which templates a model has seen no verdicts, so that a reward model made from it is measured on those
 * only.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { writeAtomically } from "../run/run-directory.ts";

/** The templates that `splitOrmExamples` holds out with these options. */
export interface SparedVerdicts {
  heldOutFraction: number;
  seed: number;
}

/** What pre-training spares: the templates that `webrl model orm` holds out by default. */
export const SPARED: SparedVerdicts = { heldOutFraction: 0.15, seed: 0 };

const noteIn = (directory: string) => join(directory, "spared-verdicts.json");

/** `null` if the model says nothing about it: it has seen no verdicts, or was made by an earlier version. */
export async function readSpared(directory: string): Promise<SparedVerdicts | null> {
  const note = noteIn(directory);
  return existsSync(note) ? (JSON.parse(await readFile(note, "utf8")) as SparedVerdicts) : null;
}

export const writeSpared = (directory: string, spared: SparedVerdicts): Promise<void> =>
  writeAtomically(noteIn(directory), `${JSON.stringify(spared)}\n`);

/** Throws a `ConfigError` if the model in `base` may have seen verdicts on a template that would be held out. */
export async function refuseSeenVerdicts(
  base: string,
  { heldOutFraction, seed }: SparedVerdicts,
): Promise<void> {
  const spared = await readSpared(base);
  if (spared === null || (spared.seed === seed && heldOutFraction <= spared.heldOutFraction)) return;
  throw new ConfigError(
    `${base} has seen verdicts on templates that --seed ${seed} --held-out ${heldOutFraction} would hold out: it spared those of --seed ${spared.seed} --held-out ${spared.heldOutFraction}`,
    "Give the seed and fraction that it spared, or another --base.",
  );
}
