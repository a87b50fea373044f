/** @file Where things are in a run directory (`docs/run-directory.md`): the one place that knows these names. */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { phaseName } from "./episode-ids.ts";
import type { StageName } from "./events.ts";

/** Path relative to the run's directory, for records; with one in front, a path to open. */
export const phasePath = (phase: number, name: string) => join("phases", phaseName(phase), name);

/** Exists once the stage is done. */
export const donePath = (run: string, phase: number, stage: StageName) =>
  join(run, phasePath(phase, `${stage}.done.json`));

export const isStageDone = (run: string, phase: number, stage: StageName) =>
  existsSync(donePath(run, phase, stage));

/** The weights of actor or critic after a phase. Whether they are complete is known by the stage that writes them. */
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

/** The last phase whose actor is trained; 0 where only the base is there. */
export async function lastTrainedPhase(run: string): Promise<number> {
  return (await phasesIn(run)).findLast((phase) => isStageDone(run, phase, "actor")) ?? 0;
}

/** A picture's name without its step and kind. `/` parts an id's phase from its number. */
export const pictureName = (id: string) => id.replaceAll("/", "-");

/** A PNG begins with 0x89; everything else that browsers give is JPEG. */
export const pictureType = (image: Uint8Array): "png" | "jpg" => (image[0] === 0x89 ? "png" : "jpg");

/** Inside a phase's directory. */
export const screenshotName = (id: string, index: number, image: Uint8Array) =>
  join("screenshots", pictureName(id), `${index}.${pictureType(image)}`);

/** Is this, relative to the run's directory, a screenshot of a run, and nothing else? */
export function isScreenshotPath(path: string): boolean {
  return /^phases\/\d+\/screenshots\/[\w.-]+\/\d+\.(png|jpg)$/.test(path) && !path.includes("..");
}
