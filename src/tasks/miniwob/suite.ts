/**
 * @file MiniWoB++ as a suite: the user's copy of its `html` directory, served from this process. Each page is a
 * template, each of its problems a task: page and number give the same problem in every episode. The truth is the
 * page's own raw reward, positive for success, as in BrowserGym's protocol (reference: section 11).
 *
 * The pages of BrowserGym's half for training have problems to train on and others to validate on. The other half is
 * for the test. The 125 pages of the protocol are those of the two held-out splits, `validation` and `test`.
 *
 * Deviations from BrowserGym's protocol:
 * 1. The viewport is ours (1280×720) and the page is not zoomed: elements are named, not pointed at. No script of a
 *    page reads the size of the window; of the style sheets, click-pie's does, below 150 pixels.
 * 2. Problems are numbered from 1 and drawn in the full range of seeds. BrowserGym's lie in 0 to 33, so that 35 of its
 *    625 episodes repeat one.
 * 3. An address that only gained a fragment is still the task's page: `search-engine` adds `#` to its own.
 * 4. A page stays as it was when it ended, without the START cover, so that the last observation shows the outcome.
 * 5. In `train`, evaluations included, an episode also ends at the limits of `rollout.*`: two minutes, four times the
 *    same action, four mistakes in a row. `eval` ends it only after its steps, as the protocol does.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, resolve, sep } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ConfigError, Fault, invariant } from "../../core/errors.ts";
import { hash32 } from "../../core/rng.ts";
import type { StartOptions } from "../../core/episode.ts";
import type { Split, Task } from "../../core/task.ts";
import type { Verdict } from "../../core/trajectory.ts";
import type { EpisodeWorld } from "../../browser/world.ts";
import { parseAction } from "../../text/action.ts";
import { NO_LIMIT } from "../suite.ts";
import type { OracleRun, Suite } from "../suite.ts";
import { createBrowserSite } from "../browser-site.ts";
import { filterTasks, findTask } from "../filter-tasks.ts";
import { makeInjectedScript, INSTRUCTION } from "./page.ts";
import type { Solver } from "./solvers/hands.ts";
import { SOLVERS } from "./solvers/index.ts";
import { TASK_NAMES, TRAIN_PAGES } from "./task-names.ts";

const HOST = "miniwob.webrl.test";

/** `directory`: `miniwob/html`, or its `miniwob` folder with the pages themselves. */
export async function loadMiniwobSuite(
  directory: string,
  options: { seeds?: number | undefined } = {},
): Promise<Suite> {
  const root = resolve(directory);
  const hint = "Clone Farama-Foundation/miniwob-plusplus and give the path of its miniwob/html directory.";
  if (!existsSync(root)) throw new ConfigError(`${directory} does not exist`, hint);
  const nested = existsSync(join(root, "miniwob"));
  const base = nested ? "/miniwob/" : "/";
  const pages = join(root, nested ? "miniwob" : ".");
  const { seeds = HELD_OUT } = options;
  if (seeds > BEFORE_TRAINED)
    throw new ConfigError(
      `a page has at most ${BEFORE_TRAINED} problems that are held out`,
      "Give fewer --seeds.",
    );
  const names = TASK_NAMES.filter((name) => existsSync(join(pages, `${name}.html`)));
  if (names.length === 0) throw new ConfigError(`${directory} has no MiniWoB++ pages`, hint);
  const missing = TASK_NAMES.filter((name) => !names.includes(name));
  const tasks = names.flatMap((name) =>
    problemsOf(name, seeds).map(({ number, split }): Task => ({
      id: `miniwob.${name}/${number}`,
      sites: ["miniwob"],
      // The episode's task has the page's own instruction, which depends on the problem.
      instruction: `MiniWoB++: ${name.replaceAll("-", " ")}`,
      startUrl: `http://${HOST}${base}${name}.html`,
      templateId: `miniwob.${name}`,
      params: { problem: number },
      category: "form filling",
      // At most 10 steps in BrowserGym's protocol.
      difficulty: 3,
      split,
      ...(split === "test" && { novelty: "new template" }),
    })),
  );
  return {
    name: "miniwob",
    ...(missing.length > 0 && {
      incomplete: `${missing.length} of the ${TASK_NAMES.length} pages of MiniWoB++ are missing in ${directory}: ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ", …" : ""}`,
    }),
    // BrowserGym counts steps, and nothing else ends an episode that the page has not ended.
    limits: { maxTimeMs: NO_LIMIT, repeatedAction: NO_LIMIT, repeatedError: NO_LIMIT },
    descriptions: {},
    catalog: null,
    tasks: (filter = {}) => filterTasks(tasks, filter),
    task: (id) => {
      // A page without a number: the episode's seed draws the problem.
      const ofPage = tasks.find((task) => task.templateId === id);
      return ofPage ? { ...ofPage, id, params: {} } : findTask(tasks, id);
    },
    createSite: async (options = {}) =>
      createBrowserSite("miniwob", options, (task, start) => worldOf(root, task, start)),
    hasOracle: (task) => solverOf(task) !== undefined,
    oracleFor: (task, first) => {
      const solver = solverOf(task);
      invariant(solver, `${task.id} has no oracle`);
      return actionsOf(solver(task.instruction, first));
    },
    oraclesTry: true,
    oraclesRead: "compact",
    wrongAnswer: () => "wrong",
  };
}

/** A problem is there when the page has loaded; some pages wait for a picture. */
const [READY_TRIES, READY_PAUSE_MS] = [8, 250];

/** How many problems of each page are held out, as in BrowserGym's protocol. */
const HELD_OUT = 5;
/** How many problems of a page are for training, and the number before the first of them: that many can be held out. */
const [TRAINED, BEFORE_TRAINED] = [100, 1000];

function problemsOf(name: string, heldOut: number): { number: number; split: Split }[] {
  const numbers = (from: number, count: number, split: Split) =>
    Array.from({ length: count }, (_, i) => ({ number: from + i, split }));
  if (!TRAIN_PAGES.has(name)) return numbers(1, heldOut, "test");
  return [...numbers(1, heldOut, "validation"), ...numbers(BEFORE_TRAINED + 1, TRAINED, "train")];
}

const solverOf = ({ templateId }: Task): Solver | undefined =>
  templateId === null ? undefined : SOLVERS[templateId.slice("miniwob.".length)];

/** What draws the task's problem; `null`: the episode's seed does. */
export const seedOf = ({ templateId, params: { problem } }: Task): number | null =>
  typeof problem === "number" ? hash32(`${templateId}/${problem}`) : null;

/** What a solver writes, as actions. */
function* actionsOf(steps: ReturnType<Solver>): OracleRun {
  for (let next = steps.next(); !next.done;) {
    const parsed = parseAction(next.value);
    invariant(parsed.ok, `a solver wrote ${next.value}`);
    next = steps.next(yield parsed.action);
  }
}

/** One episode on one page. */
function worldOf(root: string, task: Task, { seed, signal }: StartOptions): EpisodeWorld {
  const pageSeed = seedOf(task) ?? seed;
  let reward: number | null = null;
  const isTaskPage = (url: string) => url.split("#", 1)[0] === task.startUrl;
  const look = async (read: (expression: string) => Promise<unknown>) => {
    const done = await read("globalThis.WOB_DONE_GLOBAL ? WOB_RAW_REWARD_GLOBAL : null");
    if (typeof done === "number") reward ??= done;
    return reward !== null;
  };
  return {
    hosts: new Map([[HOST, (request: Request) => servePage(root, request, pageSeed)]]),
    allowedHosts: [],
    cookies: [],
    startUrl: task.startUrl,
    instruction: async (read) => {
      for (let tries = 0; tries < READY_TRIES; tries++) {
        const instruction = await read(INSTRUCTION);
        if (typeof instruction === "string" && instruction !== "") return instruction;
        await setTimeout(READY_PAUSE_MS, undefined, { signal });
      }
      const text = String(await read("document.body.innerText")).slice(0, 100);
      throw new Fault(
        "task_unusable",
        `${task.startUrl} is no MiniWoB++ page that becomes ready: ${text || "it is empty"}`,
        { retryable: false },
      );
    },
    isOver: async ({ url, read }) => isTaskPage(url) && look(read),
    verify: async (_, { url, read }): Promise<Verdict> => {
      if (isTaskPage(url)) await look(read);
      const success = reward !== null && reward > 0;
      const why = reward === null ? "the page did not end" : `the page's reward is ${reward}`;
      return { by: "verifier", success, probability: success ? 1 : 0, reasons: success ? [] : [why] };
    },
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
  const extra = makeInjectedScript(seed);
  return new Response(at < 0 ? html + extra : html.slice(0, at) + extra + html.slice(at), { headers });
}
