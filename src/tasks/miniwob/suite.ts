/**
 * @file MiniWoB++ as a suite: the user's copy of its `html` directory, served from this process. Each page is a task; a
 * task and a seed give the same problem. The truth is the page's own raw reward, positive for success, as in
 * BrowserGym's protocol (reference: section 11).
 *
 * Deviations from BrowserGym's protocol:
 * 1. The viewport is ours (1280×720) and the page is not zoomed: elements are named, not pointed at.
 * 2. Seeds are those of the episode, in their full range.
 * 3. An address that only gained a fragment is the task's page still: `search-engine` adds `#` to its own.
 * 4. A page stays as it was when it ended, without the START cover, so that the last observation shows the outcome.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import { ConfigError, Fault } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import type { Verdict } from "../../core/trajectory.ts";
import { startBrowserEpisode } from "../../browser/episode.ts";
import { BrowserPool } from "../../browser/pool.ts";
import type { EpisodeWorld } from "../../browser/world.ts";
import type { Suite, SiteOptions, SuiteSite } from "../suite.ts";
import { filterTasks, unknown } from "../filter-tasks.ts";
import { injected, INSTRUCTION } from "./page.ts";
import { TASK_NAMES } from "./task-names.ts";

const HOST = "miniwob.webrl.test";

/** `directory`: `miniwob/html`, or its `miniwob` folder with the pages themselves. */
export async function loadMiniwobSuite(directory: string): Promise<Suite> {
  const root = resolve(directory);
  const hint = "Clone Farama-Foundation/miniwob-plusplus and give the path of its miniwob/html directory.";
  if (!existsSync(root)) throw new ConfigError(`${directory} does not exist`, hint);
  const nested = existsSync(join(root, "miniwob"));
  const base = nested ? "/miniwob/" : "/";
  const pages = join(root, nested ? "miniwob" : ".");
  const names = TASK_NAMES.filter((name) => existsSync(join(pages, `${name}.html`)));
  if (names.length === 0) throw new ConfigError(`${directory} has no MiniWoB++ pages`, hint);
  const tasks = names.map((name): Task => ({
    id: `miniwob.${name}`,
    sites: ["miniwob"],
    // The episode's task has the page's own, which depends on the seed.
    instruction: `MiniWoB++: ${name.replaceAll("-", " ")}`,
    startUrl: `http://${HOST}${base}${name}.html`,
    templateId: `miniwob.${name}`,
    params: {},
    category: "form filling",
    // At most 10 steps in BrowserGym's protocol.
    difficulty: 3,
    split: "test",
  }));
  return {
    name: "miniwob",
    descriptions: {},
    catalog: null,
    tasks: (filter = {}) => filterTasks(tasks, filter),
    task: (id) => {
      const found = tasks.find((task) => task.id === id);
      if (found) return found;
      throw unknown(
        "task",
        id,
        tasks.map((task) => task.id),
        "webrl suite list --suite miniwob --file PATH",
      );
    },
    createSite: async (options = {}) => createMiniwobSite(root, options),
    hasOracle: () => false,
    oracleFor: (task) => {
      throw new ConfigError(`${task.id} has no oracle`, "MiniWoB++ ships none.");
    },
    wrongAnswer: () => "wrong",
  };
}

function createMiniwobSite(root: string, options: SiteOptions): SuiteSite {
  const pool = new BrowserPool(options.browser);
  return {
    name: "miniwob",
    browser: pool.settings,
    resetMs: [],
    maxParallel: Number.POSITIVE_INFINITY,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task, { seed, signal }) => {
      signal?.throwIfAborted();
      let reward: number | null = null;
      const isTaskPage = (url: string) => url.split("#", 1)[0] === task.startUrl;
      const look = async (read: (expression: string) => Promise<unknown>) => {
        const done = await read("globalThis.WOB_DONE_GLOBAL ? WOB_RAW_REWARD_GLOBAL : null");
        if (typeof done === "number") reward ??= done;
        return reward !== null;
      };
      const world: EpisodeWorld = {
        hosts: new Map([[HOST, (request: Request) => servePage(root, request, seed)]]),
        allowedHosts: [],
        cookies: [],
        startUrl: task.startUrl,
        instruction: async (read) => {
          const instruction = await read(INSTRUCTION);
          if (typeof instruction === "string") return instruction;
          const text = String(await read("document.body.innerText")).slice(0, 100);
          throw new Fault("site_down", `${task.startUrl} is no MiniWoB++ page: ${text}`, {
            retryable: false,
          });
        },
        ended: async ({ url, read }) => isTaskPage(url) && look(read),
        verify: async (_, { url, read }): Promise<Verdict> => {
          if (isTaskPage(url)) await look(read);
          const success = reward !== null && reward > 0;
          const why = reward === null ? "the page did not end" : `the page's reward is ${reward}`;
          return { by: "verifier", success, probability: success ? 1 : 0, reasons: success ? [] : [why] };
        },
      };
      return startBrowserEpisode(pool, task, world, {
        format: options.format ?? "compact",
        seed,
        ...(signal ? { signal } : {}),
        guard: options.guard,
        ...(options.onStepTimes ? { onStepTimes: options.onStepTimes } : {}),
      });
    },
    [Symbol.asyncDispose]: async () => pool[Symbol.asyncDispose](),
  };
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".gif": "image/gif",
  ".jpg": "image/jpeg",
  ".svg": "image/svg+xml",
};

export async function servePage(root: string, request: Request, seed: number): Promise<Response> {
  const { pathname } = new URL(request.url);
  const path = resolve(root, `.${decodeURIComponent(pathname)}`);
  if (!path.startsWith(root + sep)) return new Response("not found", { status: 404 });
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EISDIR") return new Response("not found", { status: 404 });
    throw error;
  }
  const headers = { "content-type": TYPES[extname(path)] ?? "application/octet-stream" };
  if (extname(path) !== ".html") return new Response(new Uint8Array(content), { headers });
  const html = content.toString("utf8");
  const at = html.lastIndexOf("</body>");
  const extra = injected(seed);
  return new Response(at < 0 ? html + extra : html.slice(0, at) + extra + html.slice(at), { headers });
}
