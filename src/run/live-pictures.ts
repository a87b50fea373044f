/**
 * @file The latest page of each episode in flight, for people who watch a run: `RUN/live/EPISODE.STEP.jpg`, one file an
 * episode. Not a record: nothing is decided by these files, they may be missing or old, and a kill may leave some
 * behind. What a run keeps is `rollout.screenshots`.
 */

import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../core/errors.ts";
import { pictureName, pictureType } from "./paths.ts";

export interface LivePictures extends AsyncDisposable {
  /** Shows a picture that was taken anyway. */
  show(episodeId: string, index: number, image: Uint8Array): Promise<void>;
  /** Takes and shows one, if one is due. Never rejects because of a picture: the episode is what counts. */
  offer(episodeId: string, index: number, take: () => Promise<Uint8Array>): Promise<void>;
  /** The episode is over. */
  end(episodeId: string): Promise<void>;
}

export interface LivePictureOptions {
  /** Episodes that run at once: taking a picture holds one of them up. */
  parallel: number;
  /** Told once when pictures cannot be written; none is tried after that. */
  onTrouble(message: string): void;
  /** Milliseconds. */
  now?: () => number;
}

/** Milliseconds between two pictures that are taken for this alone, over all episodes. */
const INTERVAL_MS = 2000;
/** Share of the episodes' time that may go into taking them: on a slow machine they are rarer. */
const TIME_SHARE = 0.02;

/** Directory in the run. */
export const LIVE_PICTURES = "live";
const LIVE_PICTURE = /^([\w.-]+)\.(\d+)\.(?:png|jpg)$/;

/** Is this, relative to the run's directory, a live picture, and nothing else? */
export const isLivePicturePath = (path: string): boolean =>
  path.startsWith(`${LIVE_PICTURES}/`) && LIVE_PICTURE.test(path.slice(LIVE_PICTURES.length + 1));

export interface LivePicture {
  /** In the run. */
  path: string;
  /** The step, from 0, that it was taken before. */
  step: number;
  takenAt: Date;
}

/** Finds the picture of an episode, if there is one. What a killed process left lies there until the next begins. */
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

/** Empties `live/` of what an interrupted process left; disposing removes it. */
export async function openLivePictures(
  runDirectory: string,
  options: LivePictureOptions,
): Promise<LivePictures> {
  const directory = join(runDirectory, LIVE_PICTURES);
  const now = options.now ?? Date.now;
  const shown = new Map<string, string>();
  let dueAt = -Infinity;
  let broken = false;

  /** Runs it unless something of the kind has failed before. */
  const write = async (action: () => Promise<void>) => {
    if (broken) return;
    try {
      await action();
    } catch (error) {
      // One of the episodes beside this one may have said so meanwhile.
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
        // A page that cannot be shown is the world's fault; the step that follows meets it, and says so.
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
