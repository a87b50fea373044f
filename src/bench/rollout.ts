/**
 * @file How fast episodes run: random and oracle agents at several degrees of parallelism, beside a loop of bare
 * Playwright over the same pages in the same run, for the built-in sites and MiniWoB++. The random agent and the bare
 * loop do the same work: a fresh context, then {@link STEPS} clicks on links (where there are none, on whatever can be
 * clicked), reading the page after each.
 */

import { availableParallelism, cpus } from "node:os";
import { readFile, readdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Action, ParsedAction } from "../core/action.ts";
import type { Episode } from "../core/episode.ts";
import type { Observation } from "../core/observation.ts";
import { createRng } from "../core/rng.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { StepTimes } from "../browser/episode.ts";
import { ConfigError } from "../core/errors.ts";
import { percentiles } from "../tasks/check.ts";
import type { Suite, SuiteSite } from "../tasks/suite.ts";
import { bareLoop, builtInPages, miniwobPages } from "./bare-loop.ts";
import type { BarePages } from "./bare-loop.ts";

export interface RolloutBenchOptions {
  parallel: readonly number[];
  /** Of each measurement. */
  seconds: number;
  agents: readonly ("random" | "oracle")[];
  seed: number;
  /** File of the suite's tasks. */
  file?: string;
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
  /**
   * Our steps per second over those of the bare loop with as many contexts, and the same for episodes; only for the
   * random agent.
   */
  fractionOfBare: number | null;
  episodesOfBare: number | null;
  /** From `start` to the first observation: reset, context, first page. */
  startMs: Percentiles;
  /** A step, from action to observation. */
  stepMs: Percentiles;
  /** Where a step's time went: mouse and keyboard, navigation and quiet, reading the page. */
  actMs: Percentiles;
  waitMs: Percentiles;
  observeMs: Percentiles;
  /** Steps by kind: a click, typing, and a step that only observes; measured alone, before the clock starts. */
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
  bare: { parallel: number; stepsPerSecond: number; episodesPerHour: number; stepMs: Percentiles }[];
  resetMs: Percentiles;
  /** `null` if nobody signed in. */
  loginMs: Percentiles | null;
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
    loginMs: null,
    leakedContexts: 0,
  };
  const resets: number[] = [];
  const logins: number[] = [];
  await using bare = agents.includes("random") ? await barePages(suite, tasks, options.file) : null;
  for (const n of parallel) {
    signal?.throwIfAborted();
    if (bare) {
      onProgress?.(`bare Playwright, ${n} parallel`);
      const { seconds, seed } = options;
      const loop = await bareLoop(bare, { parallel: n, seconds, steps: STEPS, seed, signal });
      result.bare.push({
        parallel: n,
        stepsPerSecond: round(loop.stepMs.length / loop.seconds),
        episodesPerHour: Math.round((loop.episodes / loop.seconds) * 3600),
        stepMs: percentiles(loop.stepMs),
      });
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
      const beside = result.bare.find((b) => b.parallel === run.parallel);
      if (beside && agent === "random") {
        run.fractionOfBare = round(run.stepsPerSecond / beside.stepsPerSecond);
        run.episodesOfBare = round(run.episodesPerHour / beside.episodesPerHour);
      }
      result.runs.push(run);
      result.leakedContexts += site.openEpisodes;
      resets.push(...site.resetMs);
      logins.push(...(site.loginMs ?? []));
    }
  }
  result.resetMs = percentiles(resets);
  if (logins.length > 0) result.loginMs = percentiles(logins);
  return result;
}

/** `null`: only the suite's application knows its pages. */
async function barePages(
  suite: Suite,
  tasks: readonly Task[],
  file: string | undefined,
): Promise<BarePages | null> {
  if (suite.name === "built-in") return builtInPages();
  if (suite.name === "miniwob" && file !== undefined) return miniwobPages(resolve(file), tasks);
  return null;
}

const TYPING = new Set<Action["kind"]>(["type", "search", "insert"]);

/** Cannot be parsed: the page is only observed again. */
const NOTHING: ParsedAction = { ok: false, error: { code: "parse_error", message: "nothing" }, comments: [] };

const round = (value: number) => Math.round(value * 100) / 100;

interface Measured {
  suite: Suite;
  site: SuiteSite;
  tasks: readonly Task[];
  agent: "random" | "oracle";
  parallel: number;
  /** The site adds to this array. */
  stepTimes: StepTimes[];
}

/** Milliseconds of the parts of an episode. */
type Times = Record<"start" | "click" | "type" | "look" | "dispose" | "all", number[]>;

async function timeInto<T>(into: number[], body: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const value = await body();
  into.push(performance.now() - from);
  return value;
}

/** Plays an episode to its end, or until the time is up. */
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
  // The browser, and every copy of an application, is started before the clock.
  const warm = await Promise.all(
    Array.from({ length: parallel }, async () => site.start(tasks[0]!, { seed })),
  );
  for (let i = 0; i < 10; i++) {
    const from = performance.now();
    await warm[0]!.step(NOTHING);
    times.look.push(performance.now() - from);
  }
  for (const episode of warm) await episode[Symbol.asyncDispose]();
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
    episodesOfBare: null,
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

/** Clicks links at random; where a page has none, anything else. */
function* random(rng: Rng, first: Observation): Generator<Action, void, Observation> {
  let page = first;
  for (let step = 0; step < STEPS; step++) {
    const links = page.elements.filter(
      (element) => element.role === "link" && !/sign out/i.test(element.label),
    );
    const choices = links.length > 0 ? links : page.elements.filter(({ disabled }) => !disabled);
    page = yield choices.length > 0
      ? { kind: "click", element: rng.pick(choices).name }
      : { kind: "go_backward" };
  }
}

function* oracle(suite: Suite, task: Task, first: Observation): Generator<Action, void, Observation> {
  yield* suite.oracleFor(task, first);
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
