/** @file The built-in world as a site: every episode starts in a fresh private copy. */

import { startBrowserEpisode } from "../browser/episode.ts";
import { BrowserPool } from "../browser/pool.ts";
import { createWorld, pristineState } from "../sites/world.ts";
import { builtInTasks } from "./built-in-tasks.ts";
import type { SiteOptions, SuiteSite } from "./suite.ts";

export interface BuiltInSiteOptions extends SiteOptions {
  /** A pool that outlives the site; default: one of its own. */
  pool?: BrowserPool;
}

export function createBuiltInSite(options: BuiltInSiteOptions = {}): SuiteSite {
  const pool = options.pool ?? new BrowserPool(options.browser);
  const tasks = builtInTasks();
  const resetMs: number[] = [];
  return {
    name: "built-in",
    browser: pool.settings,
    resetMs,
    maxParallel: Number.POSITIVE_INFINITY,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task, { seed, signal }) => {
      signal?.throwIfAborted();
      // A task of the curriculum may have no template: it starts signed in, like most.
      const template = task.templateId === null ? null : tasks.template(task.templateId);
      const initial = pristineState();
      const began = performance.now();
      const world = createWorld(template ? (template.signedOut ? [] : template.sites) : task.sites);
      resetMs.push(performance.now() - began);
      const episodeWorld = {
        hosts: world.hosts,
        allowedHosts: [],
        cookies: world.cookies,
        irreversible: world.irreversible,
        startUrl: task.startUrl,
        verify: (answer: string | null, page: { url: string; pageText: string }) =>
          tasks.verify(task, {
            answer,
            url: page.url,
            pageText: page.pageText,
            state: world.snapshot(),
            initial,
            volatile: world.volatile,
          }),
      };
      return startBrowserEpisode(pool, task, episodeWorld, {
        format: options.format ?? "compact",
        seed,
        ...(signal ? { signal } : {}),
        guard: options.guard,
        ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
      });
    },
    [Symbol.asyncDispose]: async () => {
      if (!options.pool) await pool[Symbol.asyncDispose]();
    },
  };
}
