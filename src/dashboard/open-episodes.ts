/** @file Episodes that run right now: those that have started and not ended, with their latest picture. */

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "./progress.ts";
import type { RunFiles } from "./run-files.ts";

export interface OpenEpisode {
  id: string;
  taskId: string;
  instruction: string;
  startedAt: string;
  /** Path in the run of its latest picture, and the step (from 0) that it was taken before; `null` before the first. */
  screenshot: { path: string; step: number } | null;
}

/** Where a run shows the episodes in flight (`run/live-pictures.ts`). */
export const LIVE_PICTURES = "live";
const LIVE_PICTURE = /^([\w.-]+)\.(\d+)\.(?:png|jpg)$/;

/** A live picture of a run, nothing else. */
export const isLivePicturePath = (path: string): boolean =>
  path.startsWith(`${LIVE_PICTURES}/`) && LIVE_PICTURE.test(path.slice(LIVE_PICTURES.length + 1));

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
  const directory = join(run.directory, LIVE_PICTURES);
  const pictures = new Map<string, { path: string; step: number }>();
  for (const name of await readdir(directory).catch(() => [] as string[])) {
    const [, episode, step] = LIVE_PICTURE.exec(name) ?? [];
    if (episode !== undefined)
      pictures.set(episode, { path: `${LIVE_PICTURES}/${name}`, step: Number(step) });
  }
  return Promise.all(
    [...open.values()].map(async (episode) => {
      const picture = pictures.get(episode.id.replaceAll("/", "-"));
      const written = picture && (await stat(join(run.directory, picture.path)).catch(() => null));
      // What a killed process left lies there until the next one begins.
      const isOld = !written || written.mtime < new Date(episode.startedAt);
      return { ...episode, screenshot: picture && !isOld ? picture : null };
    }),
  );
}
