/** @file Episodes that run right now: those that have started and not ended, with their latest picture where one is kept. */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "./progress.ts";
import type { RunFiles } from "./run-files.ts";

export interface OpenEpisode {
  id: string;
  taskId: string;
  instruction: string;
  startedAt: string;
  /** Path in the run of the latest page, and how many there are; `null` where the run keeps no pictures. */
  screenshot: { path: string; count: number } | null;
}

export async function openEpisodes(
  run: RunFiles,
  { phase, stage }: Pick<Progress, "phase" | "stage">,
): Promise<OpenEpisode[]> {
  if (phase === null || stage === null) return [];
  const open = new Map<string, Omit<OpenEpisode, "screenshot">>();
  for (const event of await run.events()) {
    // A resumed process starts the stage again, and with it every episode that was under way.
    if (event.kind === "stage_started" || event.kind === "run_resumed") open.clear();
    else if (event.kind === "episode") open.delete(event.id);
    else if (event.kind === "episode_started" && event.phase === phase && event.stage === stage) {
      const { id, taskId, instruction, time } = event;
      open.set(id, { id, taskId, instruction, startedAt: time });
    }
  }
  return Promise.all(
    [...open.values()].map(async (episode) => ({
      ...episode,
      screenshot: await latest(run, phase, episode),
    })),
  );
}

async function latest(
  run: RunFiles,
  phase: number,
  { id, startedAt }: Pick<OpenEpisode, "id" | "startedAt">,
): Promise<OpenEpisode["screenshot"]> {
  const directory = run.path(phase, join("screenshots", id.replaceAll("/", "-")));
  const names = await readdir(directory).catch(() => [] as string[]);
  const pictures = names
    .filter((name) => /^\d+\.(png|jpg)$/.test(name))
    .sort((a, b) => parseInt(a, 10) - parseInt(b, 10));
  const path = pictures.length === 0 ? null : join(directory, pictures.at(-1)!);
  const written = path === null ? null : await stat(path).catch(() => null);
  // What an interrupted attempt left lies there until this one has overwritten it.
  if (path === null || written === null || written.mtime < new Date(startedAt)) return null;
  return { path: path.slice(run.directory.length + 1).replaceAll("\\", "/"), count: pictures.length };
}
