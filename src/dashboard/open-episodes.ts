/** @file Running episodes: those that have started but not ended, with their latest picture. */

import { readLivePictures } from "../run/live-pictures.ts";
import type { Progress } from "./progress.ts";
import type { RunFiles } from "../run/run-files.ts";

export interface OpenEpisode {
  id: string;
  taskId: string;
  instruction: string;
  startedAt: string;
  /** Path in the run of its latest picture, and the step (from 0) that it was taken before; `null` before the first. */
  screenshot: { path: string; step: number } | null;
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
  const pictureOf = await readLivePictures(run.directory);
  return [...open.values()].map((episode) => {
    const picture = pictureOf(episode.id);
    const isNew = picture && picture.takenAt >= new Date(episode.startedAt);
    return { ...episode, screenshot: isNew ? { path: picture.path, step: picture.step } : null };
  });
}
