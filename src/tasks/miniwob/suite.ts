/**
 * @file MiniWoB++ as a suite: the user's copy of its `html` directory, served from this process. Each page is a task; a
 * task and a seed give the same problem. The truth is the page's own raw reward (reference: section 11).
 *
 * Deviations from BrowserGym's protocol:
 * 1. The instruction stays on the page, where the agent reads it; a task's own text only points to it.
 * 2. The viewport is ours (1280×720), and clicks go by element: pages that need dragging or drawing are left out.
 * 3. Seeds are those of the episode, in their full range.
 */

import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import type { Verdict } from "../../core/trajectory.ts";
import { startBrowserEpisode } from "../../browser/episode.ts";
import { BrowserPool } from "../../browser/pool.ts";
import type { EpisodeWorld } from "../../browser/world.ts";
import type { RunnableSuite, SiteOptions, SuiteSite } from "../runnable.ts";
import { filterTasks, unknown } from "../suite.ts";

const HOST = "miniwob.webrl.test";

/** Need dragging, drawing, a moving pointer, or are left out of the 125 by BrowserGym. */
const LEFT_OUT =
  /^(drag-|draw-|button-delay|chase-circle|hover-shape|moving-items|simon-says|bisect-angle|find-midpoint|right-angle|highlight-text|circle-center|resize-textarea|use-slider|use-colorwheel|text-transform)/;

/** Milliseconds; so long that time plays no role. */
const EPISODE_MAX_MS = 1_000_000;

/** `directory`: `miniwob/html`, or its `miniwob` folder with the pages themselves. */
export async function loadMiniwobSuite(directory: string): Promise<RunnableSuite> {
  const root = resolve(directory);
  const hint = "Clone Farama-Foundation/miniwob-plusplus and give the path of its miniwob/html directory.";
  if (!existsSync(root)) throw new ConfigError(`${directory} does not exist`, hint);
  const nested = existsSync(join(root, "miniwob"));
  const base = nested ? "/miniwob/" : "/";
  const names = (await readdir(join(root, nested ? "miniwob" : ".")))
    .filter((name) => name.endsWith(".html"))
    .map((name) => name.slice(0, -".html".length))
    .filter((name) => !LEFT_OUT.test(name))
    .sort();
  if (names.length === 0) throw new ConfigError(`${directory} has no MiniWoB++ pages`, hint);
  const tasks = names.map((name): Task => ({
    id: `miniwob.${name}`,
    sites: ["miniwob"],
    instruction: `Do what the text at the top of the page asks for (${name.replaceAll("-", " ")}).`,
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
    resetMs: [],
    maxParallel: Number.POSITIVE_INFINITY,
    get openEpisodes() {
      return pool.open;
    },
    start: async (task, { seed, signal }) => {
      signal?.throwIfAborted();
      let reward: number | null = null;
      const look = async (read: (expression: string) => Promise<unknown>) => {
        const done = await read("globalThis.WOB_DONE_GLOBAL ? WOB_RAW_REWARD_GLOBAL : null");
        // The page starts over after its end; the first reward counts.
        if (typeof done === "number") reward ??= done;
        return reward !== null;
      };
      const world: EpisodeWorld = {
        hosts: new Map([[HOST, (request: Request) => servePage(root, request, seed)]]),
        allowedHosts: [],
        cookies: [],
        startUrl: task.startUrl,
        ended: async ({ url, read }) => url === task.startUrl && look(read),
        verify: async (_, { url, read }): Promise<Verdict> => {
          if (url === task.startUrl) await look(read);
          const success = reward !== null && reward > 0;
          const why = reward === null ? "the page did not end" : `the page's reward is ${reward}`;
          return { by: "verifier", success, probability: success ? 1 : 0, reasons: success ? [] : [why] };
        },
      };
      return startBrowserEpisode(pool, task, world, {
        format: options.format ?? "compact",
        seed,
        ...(signal ? { signal } : {}),
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

async function servePage(root: string, request: Request, seed: number): Promise<Response> {
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
  const starter = startScript(seed);
  return new Response(at < 0 ? html + starter : html.slice(0, at) + starter + html.slice(at), { headers });
}

/** Begins the seeded problem without the START cover, once the page has loaded. */
function startScript(seed: number): string {
  return `<script>addEventListener("load", () => setTimeout(() => {
  if (typeof core === "undefined") return;
  if (Math.seedrandom) Math.seedrandom(${seed >>> 0});
  core.EPISODE_MAX_TIME = ${EPISODE_MAX_MS};
  core.startEpisodeReal();
}))</script>`;
}
