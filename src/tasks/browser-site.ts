/** @file A suite's site from its worlds: every episode is played in a browser, in a world that is made for it. */

import { startBrowserEpisode } from "../browser/episode.ts";
import { BrowserPool } from "../browser/pool.ts";
import type { EpisodeWorld } from "../browser/world.ts";
import type { StartOptions } from "../core/episode.ts";
import type { Task } from "../core/task.ts";
import type { SiteOptions, SuiteSite } from "./suite.ts";

/** `worldOf` makes the world of one episode, which owns it. It throws a `Fault` if the world cannot be made. */
export function createBrowserSite(
  name: string,
  options: SiteOptions,
  worldOf: (task: Task, start: StartOptions) => EpisodeWorld | Promise<EpisodeWorld>,
): SuiteSite {
  const pool = new BrowserPool(options.browser);
  const resetMs: number[] = [];
  return {
    name,
    browser: pool.settings,
    resetMs,
    maxParallel: Number.POSITIVE_INFINITY,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task, start) => {
      start.signal?.throwIfAborted();
      const began = performance.now();
      const world = await worldOf(task, start);
      resetMs.push(performance.now() - began);
      return startBrowserEpisode(pool, task, world, {
        format: options.format ?? "compact",
        seed: start.seed,
        ...(start.signal ? { signal: start.signal } : {}),
        guard: options.guard,
        ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
      });
    },
    [Symbol.asyncDispose]: async () => pool[Symbol.asyncDispose](),
  };
}
