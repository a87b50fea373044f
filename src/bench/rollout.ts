/**
 * @file How fast episodes run: random and oracle agents at several degrees of parallelism, beside a loop of bare
 * Playwright over the same pages in the same run. The random agent and the bare loop do the same work: a fresh
 * context, then {@link STEPS} clicks on visible links, reading the page after each.
 */

import { Hono } from "hono";
import { availableParallelism, cpus } from "node:os";
import { readFile, readdir } from "node:fs/promises";
import type { Browser } from "playwright-core";
import type { Action, ParsedAction } from "../core/action.ts";
import type { Episode } from "../core/episode.ts";
import type { Observation } from "../core/observation.ts";
import { createRng } from "../core/rng.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { StepTimes } from "../browser/episode.ts";
import { launchBrowser } from "../browser/launch.ts";
import { guard, isLoopback } from "../http/guard.ts";
import { listen } from "../http/listen.ts";
import { ConfigError } from "../core/errors.ts";
import { APPS, createWorld } from "../sites/world.ts";
import { percentile } from "../tasks/check.ts";
import type { Suite, SuiteSite } from "../tasks/suite.ts";

export interface RolloutBenchOptions {
  parallel: readonly number[];
  /** Of each measurement. */
  seconds: number;
  agents: readonly ("random" | "oracle")[];
  seed: number;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

interface Percentiles {
  p50: number;
  p95: number;
}

export interface RolloutBenchRun {
  agent: "random" | "oracle";
  parallel: number;
  episodes: number;
  steps: number;
  faults: number;
  episodesPerHour: number;
  stepsPerSecond: number;
  /** Our steps per second by those of the bare loop with as many contexts; the random agent only. */
  fractionOfBare: number | null;
  /** From `start` to the first observation: reset, context, first page. */
  startMs: Percentiles;
  /** A step from action to observation. */
  stepMs: Percentiles;
  /** Where a step's time went: mouse and keyboard, navigation and quiet, reading the page. */
  actMs: Percentiles;
  waitMs: Percentiles;
  observeMs: Percentiles;
  /** Steps by what was done: a click, typing, and a step that only observes, alone, before the clock. */
  clickMs: Percentiles;
  typeMs: Percentiles;
  lookMs: Percentiles;
  disposeMs: Percentiles;
  /** Largest resident memory of this process and the browser's together, MiB; `null` where it cannot be read. */
  peakMiB: number | null;
}

export interface RolloutBench {
  machine: { processors: number; model: string; node: string };
  stepsPerEpisode: number;
  runs: RolloutBenchRun[];
  bare: { parallel: number; stepsPerSecond: number; stepMs: Percentiles }[];
  resetMs: Percentiles;
  leakedContexts: number;
}

/** Clicks of an episode of the random agent and of the bare loop. */
const STEPS = 8;

export async function benchRollout(suite: Suite, options: RolloutBenchOptions): Promise<RolloutBench> {
  const { parallel, agents, signal, onProgress } = options;
  const tasks = suite.tasks();
  if (tasks.length === 0)
    throw new ConfigError(`the suite ${suite.name} has no task`, "Choose another suite.");
  if (agents.includes("oracle") && !tasks.some((task) => suite.hasOracle(task)))
    throw new ConfigError(
      `the suite ${suite.name} has no oracle`,
      "Measure the random agent alone with --agents random, or write oracles for the tasks.",
    );
  const result: RolloutBench = {
    machine: {
      processors: availableParallelism(),
      model: cpus()[0]?.model ?? "unknown",
      node: process.version,
    },
    stepsPerEpisode: STEPS,
    runs: [],
    bare: [],
    resetMs: { p50: 0, p95: 0 },
    leakedContexts: 0,
  };
  const resets: number[] = [];
  for (const n of parallel) {
    signal?.throwIfAborted();
    // The pages of the bare loop are those of the built-in sites.
    if (suite.name === "built-in" && agents.includes("random")) {
      onProgress?.(`bare Playwright, ${n} parallel`);
      result.bare.push({ parallel: n, ...(await bareLoop(n, options)) });
    }
    for (const agent of agents) {
      signal?.throwIfAborted();
      onProgress?.(`${agent} agent, ${n} parallel`);
      const stepTimes: StepTimes[] = [];
      await using site = await suite.createSite({ onStepTimes: (times) => void stepTimes.push(times) });
      const chosen = agent === "oracle" ? tasks.filter((task) => suite.hasOracle(task)) : tasks;
      const run = await measure(
        { suite, site, tasks: chosen, agent, parallel: Math.min(n, site.maxParallel), stepTimes },
        options,
      );
      const bare = result.bare.find((b) => b.parallel === run.parallel);
      if (bare && agent === "random") run.fractionOfBare = round(run.stepsPerSecond / bare.stepsPerSecond);
      result.runs.push(run);
      result.leakedContexts += site.openEpisodes;
      resets.push(...site.resetMs);
    }
  }
  result.resetMs = percentiles(resets);
  return result;
}

const TYPING = new Set<Action["kind"]>(["type", "search", "insert"]);

/** Cannot be parsed: the page is only observed again. */
const NOTHING: ParsedAction = { ok: false, error: { code: "parse_error", message: "nothing" }, comments: [] };

const round = (value: number) => Math.round(value * 100) / 100;
const percentiles = (values: readonly number[]): Percentiles => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
});

interface Measured {
  suite: Suite;
  site: SuiteSite;
  tasks: readonly Task[];
  agent: "random" | "oracle";
  parallel: number;
  /** The site adds to it. */
  stepTimes: StepTimes[];
}

/** Milliseconds of what an episode is made of. */
type Times = Record<"start" | "click" | "type" | "look" | "dispose" | "all", number[]>;

async function timeInto<T>(into: number[], body: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const value = await body();
  into.push(performance.now() - from);
  return value;
}

/** Plays an episode to its end, or until the time is over. */
async function play(
  episode: Episode,
  policy: Generator<Action, void, Observation>,
  until: number,
  times: Times,
  counts: { steps: number; faults: number },
): Promise<void> {
  let next = policy.next();
  for (let done = false; !done && performance.now() < until;) {
    const action: Action = next.done ? { kind: "exit", message: "" } : next.value;
    const into = TYPING.has(action.kind) ? times.type : times.click;
    const from = performance.now();
    const time = await episode.step({ ok: true, action, comments: [] });
    if (action.kind !== "exit") {
      into.push(performance.now() - from);
      times.all.push(performance.now() - from);
      counts.steps++;
    }
    done = time.kind === "last";
    if (time.kind === "mid") next = policy.next(time.observation);
    else if (time.ending.kind === "faulted") counts.faults++;
  }
}

async function measure(
  { suite, site, tasks, agent, parallel, stepTimes }: Measured,
  { seconds, seed, signal }: RolloutBenchOptions,
): Promise<RolloutBenchRun> {
  const rng = createRng(seed).fork(`${agent} ${parallel}`);
  const times: Times = { start: [], click: [], type: [], look: [], dispose: [], all: [] };
  // The browser is launched before the clock starts.
  const warm = await site.start(tasks[0]!, { seed });
  for (let i = 0; i < 10; i++) {
    const from = performance.now();
    await warm.step(NOTHING);
    times.look.push(performance.now() - from);
  }
  await warm[Symbol.asyncDispose]();
  stepTimes.length = 0;
  const memory = watchMemory();
  const began = performance.now();
  const until = began + seconds * 1000;
  const counts = { episodes: 0, steps: 0, faults: 0 };
  const worker = async (own: Rng) => {
    while (performance.now() < until) {
      signal?.throwIfAborted();
      const task = own.pick(tasks);
      const episode = await timeInto(times.start, () => site.start(task, { seed: own.int(2 ** 31) }));
      try {
        const policy = agent === "oracle" ? oracle(suite, task, episode.first) : random(own, episode.first);
        await play(episode, policy, until, times, counts);
        if (performance.now() < until) counts.episodes++;
      } finally {
        await timeInto(times.dispose, () => episode[Symbol.asyncDispose]());
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, i) => worker(rng.fork(i))));
  const elapsed = (performance.now() - began) / 1000;
  return {
    agent,
    parallel,
    ...counts,
    episodesPerHour: Math.round((counts.episodes / elapsed) * 3600),
    stepsPerSecond: round(counts.steps / elapsed),
    fractionOfBare: null,
    startMs: percentiles(times.start),
    stepMs: percentiles(times.all),
    actMs: percentiles(stepTimes.map((time) => time.actMs)),
    waitMs: percentiles(stepTimes.map((time) => time.waitMs)),
    observeMs: percentiles(stepTimes.map((time) => time.observeMs)),
    clickMs: percentiles(times.click),
    typeMs: percentiles(times.type),
    lookMs: percentiles(times.look),
    disposeMs: percentiles(times.dispose),
    peakMiB: await memory.stop(),
  };
}

/** Clicks links that lead somewhere on the page, at random. */
function* random(rng: Rng, first: Observation): Generator<Action, void, Observation> {
  let page = first;
  for (let step = 0; step < STEPS; step++) {
    const links = page.elements.filter(
      (element) => element.role === "link" && !/sign out/i.test(element.label),
    );
    page = yield links.length > 0
      ? { kind: "click", element: rng.pick(links).name }
      : { kind: "go_backward" };
  }
}

function* oracle(suite: Suite, task: Task, first: Observation): Generator<Action, void, Observation> {
  yield* suite.oracleFor(task, first);
}

/** The same work as the random agent's, by Playwright alone: the sites on ports of this machine, no proxy, no guard. */
async function bareLoop(parallel: number, { seconds, seed, signal }: RolloutBenchOptions) {
  const servers = await Promise.all(
    APPS.map(async (site) => {
      const { hosts, cookies } = createWorld([site.name]);
      const fetchPage = hosts.get(site.host)!;
      const app = new Hono();
      app.use(guard({ isOurs: isLoopback, methods: ["POST"], policy: "frame-ancestors 'none'" }));
      app.all("*", (c) => {
        const { pathname, search } = new URL(c.req.url);
        return fetchPage(new Request(`http://${site.host}${pathname}${search}`, c.req.raw));
      });
      const listening = await listen(app.fetch, { port: 0 });
      return { listening, cookies: cookies.filter((cookie) => cookie.host === site.host) };
    }),
  );
  const stepMs: number[] = [];
  let browser: Browser | undefined;
  try {
    const opened = (browser = await launchBrowser());
    const began = performance.now();
    const until = began + seconds * 1000;
    const rng = createRng(seed).fork(`bare ${parallel}`);
    const worker = async (own: Rng) => {
      while (performance.now() < until) {
        signal?.throwIfAborted();
        const { listening, cookies } = own.pick(servers);
        const base = `http://127.0.0.1:${listening.port}/`;
        await bareEpisode(opened, base, cookies, own, until, stepMs);
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, i) => worker(rng.fork(i))));
    return {
      stepsPerSecond: round(stepMs.length / ((performance.now() - began) / 1000)),
      stepMs: percentiles(stepMs),
    };
  } finally {
    await browser?.close();
    for (const { listening } of servers) await listening[Symbol.asyncDispose]();
  }
}

/** Middles of the links in the viewport that lead to another page of the site. */
const VISIBLE_LINKS = `[...document.querySelectorAll('a[href^="/"]')].flatMap((a) => {
  const { left, top, width, height } = a.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  return width > 0 && y > 0 && y < innerHeight && !/sign out/i.test(a.textContent) && a.contains(document.elementFromPoint(x, y)) ? [[x, y]] : [];
})`;

async function bareEpisode(
  browser: Browser,
  base: string,
  cookies: readonly { name: string; value: string }[],
  rng: Rng,
  until: number,
  stepMs: number[],
): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 720 },
    // The browser is launched with a dead proxy; loopback goes past it here.
    proxy: { server: "http://127.0.0.1:9", bypass: "127.0.0.1" },
  });
  try {
    await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url: base })));
    const page = await context.newPage();
    await page.goto(base);
    for (let step = 0; step < STEPS && performance.now() < until; step++) {
      const from = performance.now();
      const links = (await page.evaluate(VISIBLE_LINKS)) as [x: number, y: number][];
      const loaded = page.waitForEvent("load");
      if (links.length > 0) await page.mouse.click(...rng.pick(links));
      else await page.goto(base);
      await loaded;
      await page.evaluate(() => document.body.innerText);
      stepMs.push(performance.now() - from);
    }
  } finally {
    await context.close();
  }
}

/** Samples the resident memory of this process and its descendants; Linux only. */
function watchMemory(): { stop(): Promise<number | null> } {
  let peak: number | null = null;
  const sample = async () => {
    const kib = await residentKiB(process.pid);
    if (kib !== null) peak = Math.max(peak ?? 0, Math.round(kib / 1024));
  };
  const timer = setInterval(() => void sample(), 1000);
  return {
    stop: async () => {
      clearInterval(timer);
      await sample();
      return peak;
    },
  };
}

async function residentKiB(root: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const processes = new Map<number, { parent: number; kib: number }>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // A process may end while it is read.
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    processes.set(Number(name), { parent: field("PPid"), kib: field("VmRSS") });
  }
  const within = (id: number): boolean => {
    for (let at: number | undefined = id; at; at = processes.get(at)?.parent) if (at === root) return true;
    return false;
  };
  let sum = 0;
  for (const [id, { kib }] of processes) if (within(id)) sum += kib;
  return sum;
}
