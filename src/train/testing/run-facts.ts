/** @file For tests and the soak: the facts of a run that must not depend on interruptions. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { readJsonLines } from "../../run/json-lines.ts";
import type { MetricLine } from "../../run/records.ts";

export interface RunFacts {
  /** Without times and regardless of order: a stage that was done again comes later. */
  metrics: string[];
  /** Lines of every file of every phase; those of episodes by id, without what depends on the clock. */
  files: Record<string, unknown>;
  /** Contents of the checkpoints. */
  weights: Record<string, string>;
}

export async function runFacts(directory: string): Promise<RunFacts> {
  const metrics = (await readJsonLines<MetricLine>(join(directory, "metrics.jsonl"))).map((line) =>
    JSON.stringify(Object.fromEntries(Object.entries(line).filter(([name]) => !name.startsWith("time/")))),
  );
  const files: Record<string, unknown> = {};
  for (const phase of await readdir(join(directory, "phases")))
    for (const name of (await readdir(join(directory, "phases", phase))).filter((f) =>
      f.endsWith(".jsonl"),
    )) {
      const lines = await readJsonLines<unknown>(join(directory, "phases", phase, name));
      files[`${phase}/${name}`] = /trajectories|evaluation/.test(name)
        ? episodesOf(lines as EpisodeRecord[])
        : lines;
    }
  const weights: Record<string, string> = {};
  for (const name of await readdir(join(directory, "checkpoints"), { recursive: true, withFileTypes: true }))
    if (name.isFile()) {
      const path = join(name.parentPath, name.name);
      weights[path.slice(directory.length)] = (await readFile(path)).toString("base64");
    }
  return { metrics: metrics.sort(), files, weights };
}

const episodesOf = (records: readonly EpisodeRecord[]) =>
  [...records]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, truth, trajectory }) => ({
      id,
      truth,
      ending: trajectory.ending,
      responses: trajectory.steps.map((step) => step.response),
      logprobs: trajectory.steps.map((step) => step.logprobs),
    }));
