/** @file The paths in a run directory (`docs/run-directory.md`). No other file knows these names. */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { phaseName } from "./episode-ids.ts";
import type { StageName } from "./events.ts";

/** A path relative to the run's directory, for records; with `run`, a path to open. */
export const phasePath = (phase: number, name: string) => join("phases", phaseName(phase), name);

/** Exists once the stage is done. */
export const donePath = (run: string, phase: number, stage: StageName) =>
  join(run, phasePath(phase, `${stage}.done.json`));

export const isStageDone = (run: string, phase: number, stage: StageName) =>
  existsSync(donePath(run, phase, stage));

/**
 * The weights of actor or critic after a phase. The marker of the stage that writes them says whether they are
 * complete.
 */
export const checkpointPath = (run: string, role: "actor" | "critic", phase: number) =>
  join(run, "checkpoints", `${role}-${phaseName(phase)}`);

/** Numbers of the phases that have a directory, ascending. */
export async function phasesIn(run: string): Promise<number[]> {
  const names = await readdir(join(run, "phases")).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => /^\d{2,}$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The last phase whose actor is trained; 0 if there is only the base. */
export async function lastTrainedPhase(run: string): Promise<number> {
  return (await phasesIn(run)).findLast((phase) => isStageDone(run, phase, "actor")) ?? 0;
}

/** A picture's name without its step and type. `/` separates an id's phase from its number. */
export const pictureName = (id: string) => id.replaceAll("/", "-");

/** A PNG begins with 0x89; otherwise browsers give JPEG. */
export const pictureType = (image: Uint8Array): "png" | "jpg" => (image[0] === 0x89 ? "png" : "jpg");

/** Inside a phase's directory. */
export const screenshotName = (id: string, index: number, image: Uint8Array) =>
  join("screenshots", pictureName(id), `${index}.${pictureType(image)}`);

/** Whether this path, relative to the run's directory, is exactly a screenshot of a run. */
export function isScreenshotPath(path: string): boolean {
  return /^phases\/\d+\/screenshots\/[\w.-]+\/\d+\.(png|jpg)$/.test(path) && !path.includes("..");
}
