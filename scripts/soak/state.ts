/** @file What a soak knows of itself, in its directory: figures that add up over all its processes. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../src/run/run-directory.ts";
import { openFiles, processesBelow, isBrowser } from "./processes.ts";

export interface Soak {
  seed: number;
  /** Time that was spent in rounds, of all processes together. */
  seconds: number;
  /** By part. */
  parts: Record<string, { rounds: number; seconds: number; figures: Record<string, number> }>;
  findings: { part: string; round: number; text: string }[];
}

/** After a round, what this process and those below it hold. */
export interface Sample {
  part: string;
  round: number;
  /** Since the soak began, without pauses between its processes. */
  seconds: number;
  residentMiB: number;
  heapMiB: number;
  browserMiB: number;
  processes: number;
  openFiles: number;
  /** Timers, sockets and the like that keep the process alive. */
  handles: number;
  temporaryFiles: number;
}

const statePath = (directory: string) => join(directory, "soak.json");
const samplesPath = (directory: string) => join(directory, "samples.jsonl");

export const readSoak = (directory: string): Soak | null =>
  existsSync(statePath(directory)) ? (JSON.parse(readFileSync(statePath(directory), "utf8")) as Soak) : null;

export const writeSoak = (directory: string, soak: Soak) =>
  writeAtomically(statePath(directory), `${JSON.stringify(soak, null, 2)}\n`);

export function takeSample(
  place: Pick<Sample, "part" | "round" | "seconds">,
  temporaryFiles: number,
): Sample {
  // Without it, what is garbage looks like a leak.
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const below = processesBelow();
  const browserMiB = below.filter(isBrowser).reduce((sum, { residentMiB }) => sum + residentMiB, 0);
  return {
    ...place,
    residentMiB: Math.round(rss / 2 ** 20),
    heapMiB: Math.round(heapUsed / 2 ** 20),
    browserMiB: Math.round(browserMiB),
    processes: below.length,
    openFiles: openFiles(),
    handles: process.getActiveResourcesInfo().length,
    temporaryFiles,
  };
}

export const appendSample = (directory: string, sample: Sample) =>
  appendFileSync(samplesPath(directory), `${JSON.stringify(sample)}\n`);

export const readSamples = (directory: string): Sample[] =>
  existsSync(samplesPath(directory))
    ? readFileSync(samplesPath(directory), "utf8")
        .split("\n")
        .filter((line) => line.endsWith("}"))
        .map((line) => JSON.parse(line) as Sample)
    : [];
