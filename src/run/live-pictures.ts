/**
 * @file The latest page of each episode in flight, for people who watch a run: `RUN/live/EPISODE.STEP.jpg`, one file
 * per episode. These are not a record: nothing depends on them, they may be missing or old, and a kill may leave some
 * behind. `rollout.screenshots` keeps pictures.
 */

import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../core/errors.ts";
import { pictureName, pictureType } from "./paths.ts";

export interface LivePictures extends AsyncDisposable {
  /** Shows a picture that was taken for another purpose. */
  show(episodeId: string, index: number, image: Uint8Array): Promise<void>;
  /** Takes and shows a picture if one is due. Never rejects because of a picture: the episode is what counts. */
  offer(episodeId: string, index: number, take: () => Promise<Uint8Array>): Promise<void>;
  /** Ends the episode's pictures. */
  end(episodeId: string): Promise<void>;
}

export interface LivePictureOptions {
  /** Number of episodes that run at once: taking a picture delays one of them. */
  parallel: number;
  /** Called once when pictures cannot be written; after that none is tried. */
  onTrouble(message: string): void;
  /** Milliseconds. */
  now?: () => number;
}

/** Milliseconds between two pictures taken only for this, over all episodes. */
const INTERVAL_MS = 2000;
/** The fraction of the episodes' time that may be spent on pictures: on a slow machine they are rarer. */
const TIME_SHARE = 0.02;

/** Directory in the run. */
export const LIVE_PICTURES = "live";
const LIVE_PICTURE = /^([\w.-]+)\.(\d+)\.(?:png|jpg)$/;

/** Whether this path, relative to the run's directory, is exactly a live picture. */
export const isLivePicturePath = (path: string): boolean =>
  path.startsWith(`${LIVE_PICTURES}/`) && LIVE_PICTURE.test(path.slice(LIVE_PICTURES.length + 1));

export interface LivePicture {
  /** In the run. */
  path: string;
  /** It was taken before this step, counted from 0. */
  step: number;
  takenAt: Date;
}

/**
 * Finds the picture of an episode, if there is one. Pictures of a killed process stay until the next process begins.
 */
export async function readLivePictures(
  runDirectory: string,
): Promise<(episodeId: string) => LivePicture | undefined> {
  const pictures = new Map<string, LivePicture>();
  for (const name of await readdir(join(runDirectory, LIVE_PICTURES)).catch(() => [] as string[])) {
    const [, episode, step] = LIVE_PICTURE.exec(name) ?? [];
    const path = `${LIVE_PICTURES}/${name}`;
    const written = episode && (await stat(join(runDirectory, path)).catch(() => null));
    if (written) pictures.set(episode, { path, step: Number(step), takenAt: written.mtime });
  }
  return (episodeId) => pictures.get(pictureName(episodeId));
}

/** Removes from `live/` what an interrupted process left; disposing removes the directory. */
export async function openLivePictures(
  runDirectory: string,
  options: LivePictureOptions,
): Promise<LivePictures> {
  const directory = join(runDirectory, LIVE_PICTURES);
  const now = options.now ?? Date.now;
  const shown = new Map<string, string>();
  let dueAt = -Infinity;
  let broken = false;

  /** Runs it unless writing has failed before. */
  const write = async (action: () => Promise<void>) => {
    if (broken) return;
    try {
      await action();
    } catch (error) {
      // A concurrent episode may have reported it meanwhile.
      if (!broken) options.onTrouble(error instanceof Error ? error.message : String(error));
      broken = true;
    }
  };

  const show = (episodeId: string, index: number, image: Uint8Array) =>
    write(async () => {
      const path = join(directory, `${pictureName(episodeId)}.${index}.${pictureType(image)}`);
      await writeFile(`${path}.part`, image);
      await rename(`${path}.part`, path);
      const before = shown.get(episodeId);
      shown.set(episodeId, path);
      if (before !== undefined && before !== path) await rm(before, { force: true });
    });

  await write(async () => {
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory);
  });
  return {
    show,
    offer: async (episodeId, index, take) => {
      const started = now();
      if (broken || started < dueAt) return;
      dueAt = Infinity;
      try {
        await show(episodeId, index, await take());
      } catch (error) {
        // A page that cannot be shown is the world's fault; the next step runs into it and reports it.
        if (!(error instanceof Fault)) throw error;
      } finally {
        dueAt = started + Math.max(INTERVAL_MS, (now() - started) / (TIME_SHARE * options.parallel));
      }
    },
    end: async (episodeId) => {
      const path = shown.get(episodeId);
      shown.delete(episodeId);
      if (path !== undefined) await write(() => rm(path, { force: true }));
    },
    [Symbol.asyncDispose]: () => write(() => rm(directory, { recursive: true, force: true })),
  };
}
