/** @file The built-in world as a site: every episode starts in a fresh, private copy. */

import { startBrowserEpisode } from "../browser/episode.ts";
import { BrowserPool } from "../browser/pool.ts";
import type { EpisodeWorld } from "../browser/world.ts";
import type { Task } from "../core/task.ts";
import { createWorld, pristineState } from "../sites/world.ts";
import { builtInTasks } from "./built-in-tasks.ts";
import type { SiteOptions, SuiteSite } from "./suite.ts";

export interface BuiltInSiteOptions extends SiteOptions {
  /** A pool that outlives the site; by default the site makes its own. */
  pool?: BrowserPool;
}

/** A fresh private copy of the built-in world, at the start of a task, with its verifier. */
export function builtInWorld(task: Task): EpisodeWorld {
  const tasks = builtInTasks();
  // A task of the curriculum may have no template: like most tasks, it starts signed in.
  const template = task.templateId === null ? null : tasks.template(task.templateId);
  const initial = pristineState();
  const world = createWorld(template ? (template.signedOut ? [] : template.sites) : task.sites);
  return {
    hosts: world.hosts,
    allowedHosts: [],
    cookies: world.cookies,
    irreversible: world.irreversible,
    startUrl: task.startUrl,
    verify: (answer, page) =>
      tasks.verify(task, {
        answer,
        url: page.url,
        pageText: page.pageText,
        state: world.snapshot(),
        initial,
        volatile: world.volatile,
      }),
  };
}

export function createBuiltInSite(options: BuiltInSiteOptions = {}): SuiteSite {
  const pool = options.pool ?? new BrowserPool(options.browser);
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
      const began = performance.now();
      const world = builtInWorld(task);
      resetMs.push(performance.now() - began);
      return startBrowserEpisode(pool, task, world, {
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
