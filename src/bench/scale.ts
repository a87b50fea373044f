/**
 * @file Measures what one orchestrator can drive: the real scheduler, prompts, tokenizer, parser, records, episode
 * proxies and client of a model server over loopback, against browsers and a server (`outside.ts`) that take virtual
 * time. Playwright is not part of it.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Sampler } from "../core/engine.ts";
import type { Episode, Site } from "../core/episode.ts";
import { Fault } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { loadTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { rolloutConfigSchema } from "../rollout/config.ts";
import { modelPolicy } from "../rollout/model-policy.ts";
import { rollout } from "../rollout/rollout.ts";
import { SAMPLES_AT_ONCE } from "../engine/tinker/client/model.ts";
import { openNetwork } from "../browser/proxy.ts";
import { openJsonLines } from "../run/json-lines.ts";
import { packageDirectory } from "../run/run-info.ts";
import { openOutside, type Outside } from "./scale-outside.ts";
import { Resource, VirtualClock } from "./virtual-clock.ts";

export interface ScaleOptions {
  parallel: readonly number[];
  /** Steps of every episode. */
  steps: number;
  /** Characters of a page as the model reads it. */
  pageChars: number;
  browserMs: number;
  /** Steps that all browsers together take in a second. */
  browserPerSecond: number;
  modelMs: number;
  /** Requests that the model's server answers in a second. */
  modelPerSecond: number;
  /** Fractions of attempts that break; the runs by parallel episodes use the first. */
  faultRates: readonly number[];
  seed: number;
  signal?: AbortSignal | undefined;
  onProgress?: (text: string) => void;
}

export interface ScaleRun {
  parallel: number;
  faultRate: number;
  episodes: number;
  steps: number;
  faults: number;
  /** Virtual seconds, in which the orchestrator takes no time. */
  seconds: number;
  stepsPerSecond: number;
  /** Steps of episodes that were kept. */
  usefulStepsPerSecond: number;
  /** What runs out first when episodes are added. */
  bottleneck: "browsers" | "model" | "orchestrator" | "waiting";
  /** Fractions of their capacity; the orchestrator's is that of one core. */
  used: { browsers: number; model: number; orchestrator: number };
  /** Steps per second of processor time. */
  orchestratorStepsPerSecond: number;
  cpuMsPerStep: number;
  /** Growth of memory in use while all episodes wait, over their number. */
  kibPerEpisode: number;
}

const TOKENIZER = join(packageDirectory, "models", "base");
const ACTION = 'do(action="Click", element="link Item 7")';

export async function benchScale(options: ScaleOptions): Promise<ScaleRun[]> {
  const tokenizer = await loadTokenizer(TOKENIZER);
  const collect = garbageCollector();
  const runs: ScaleRun[] = [];
  const [usual = 0, ...others] = options.faultRates;
  const middle = options.parallel[Math.floor(options.parallel.length / 2)]!;
  const wanted = [
    ...options.parallel.map((parallel) => ({ parallel, faultRate: usual })),
    ...others.map((faultRate) => ({ parallel: middle, faultRate })),
  ];
  // The first run is slower: code is compiled in it.
  await measure(options, { parallel: 8, faultRate: 0, episodes: 16 }, tokenizer, collect);
  for (const one of wanted) {
    options.signal?.throwIfAborted();
    options.onProgress?.(`${one.parallel} episodes at once, ${one.faultRate * 100}% faults`);
    // Long enough for a steady state, and no shorter than two rounds of all places.
    const episodes = Math.max(64, 2 * one.parallel);
    runs.push(await measure(options, { ...one, episodes }, tokenizer, collect));
  }
  return runs;
}

async function measure(
  options: ScaleOptions,
  { parallel, faultRate, episodes }: { parallel: number; faultRate: number; episodes: number },
  tokenizer: Sampler["tokenizer"],
  collect: () => void,
): Promise<ScaleRun> {
  const clock = new VirtualClock();
  const browsers = new Resource(clock, options.browserMs, options.browserPerSecond);
  const model = new Resource(clock, options.modelMs, options.modelPerSecond);
  await using outside = await openOutside(clock, model, {
    tokenizer: TOKENIZER,
    tokens_T: [...tokenizer.encode(ACTION), ...(tokenizer.endTokens ?? [])],
    signal: options.signal,
  });
  const site = simulatedSite(options, { browsers, faultRate, outside, clock });
  const requests = Array.from({ length: episodes }, (_, i) => ({
    id: `e${i}`,
    task: taskOf(i, options.steps),
    seed: i,
  }));
  const directory = await mkdtemp(join(tmpdir(), "webrl-scale-"));
  try {
    const lines = openJsonLines<unknown>(join(directory, "trajectories.jsonl"));
    let [kept, faults, held, measured] = [0, 0, 0, false];
    collect();
    const before = usedBytes();
    const cpuBefore = process.cpuUsage();
    let cpuOfMeasuring = 0;
    await clock.run(
      rollout({
        site,
        policy: modelPolicy({
          name: "scale",
          sampler: outside.sampler,
          template: "compact",
          maxNewTokens: 96,
          temperature: 1,
        }),
        requests,
        config: rolloutConfigSchema.parse({
          parallel,
          maxSteps: options.steps,
          maxTimeMs: 24 * 3600_000,
          repeatedAction: 1000,
          faultRateLimit: 1,
          faultRetries: 20,
        }),
        onEpisode: (record) => {
          kept += record.trajectory.steps.length;
          lines.append(record);
        },
        onFault: () => void faults++,
        now: clock.now,
        pause: (ms) => clock.sleep(ms),
        signal: options.signal,
      }),
      (waiting) => {
        // Half-way through the first round: every place has an episode with half its pages. The client has at most this
        // many samples on their way.
        if (measured || browsers.passed < (parallel * (options.steps + 1)) / 2) return;
        if (waiting < Math.min(parallel, SAMPLES_AT_ONCE) * 0.9) return;
        measured = true;
        const from = process.cpuUsage();
        collect();
        held = usedBytes() - before;
        cpuOfMeasuring = cpuMs(process.cpuUsage(from));
      },
    );
    const cpu = cpuMs(process.cpuUsage(cpuBefore)) - cpuOfMeasuring;
    const ms = clock.now();
    const steps = model.passed;
    const used = {
      browsers: browsers.measureUse(ms),
      model: model.measureUse(ms),
      orchestrator: cpu / ms,
    };
    const most = (["orchestrator", "model", "browsers"] as const).reduce((a, b) =>
      used[b] > used[a] ? b : a,
    );
    return {
      parallel,
      faultRate,
      episodes,
      steps,
      faults,
      seconds: ms / 1000,
      stepsPerSecond: (steps * 1000) / ms,
      usefulStepsPerSecond: (kept * 1000) / ms,
      bottleneck: used[most] < 0.8 ? "waiting" : most,
      used,
      orchestratorStepsPerSecond: (steps * 1000) / cpu,
      cpuMsPerStep: cpu / steps,
      kibPerEpisode: held / 1024 / parallel,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Pages of links, all different; attempts that break do so at a random step, on a random one of the codes that a pool
 * gives.
 */
function simulatedSite(
  { steps, pageChars, seed }: ScaleOptions,
  {
    browsers,
    faultRate,
    outside,
    clock,
  }: { browsers: Resource; faultRate: number; outside: Outside; clock: VirtualClock },
): Site {
  const rng = createRng(seed).fork(`faults-${faultRate}`);
  return {
    name: "simulated",
    start: async (task, { seed: episodeSeed, signal }) => {
      signal?.throwIfAborted();
      const breaksAt = rng.next() < faultRate ? Math.floor(rng.next() * steps) : -1;
      const world = { hosts: new Map([[HOST, showPage]]), allowedHosts: [] };
      clock.hold();
      const network = await openNetwork(world, { listenHost: "127.0.0.1" });
      clock.release();
      const load = async (index: number) => {
        await browsers.pass();
        await outside.fetch(network.port, urlOf(episodeSeed, index));
      };
      await load(0);
      let index = 0;
      const first = page(episodeSeed, 0, pageChars);
      const episode: Episode = {
        task,
        first,
        step: async () => {
          await load(index + 1);
          if (index++ === breaksAt)
            return {
              kind: "last",
              observation: null,
              ending: { kind: "faulted", code: "page_crashed", message: "simulated" },
            };
          return { kind: "mid", observation: page(episodeSeed, index, pageChars) };
        },
        screenshot: () => Promise.reject(new Fault("page_crashed", "nothing is shown", { retryable: false })),
        verify: () => Promise.resolve(null),
        countBlockedHosts: () => ({}),
        [Symbol.asyncDispose]: async () => {
          clock.hold();
          await network[Symbol.asyncDispose]();
          clock.release();
        },
      };
      return episode;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const HOST = "shop.webrl.test";
const urlOf = (seed: number, index: number) => `http://${HOST}/${seed}/${index}`;
/** The proxy's answer. What it costs to make a page is the site's business. */
const HTML = `<title>Shop</title>${"<p>A page of a shop.</p>".repeat(200)}`;
const showPage = () => new Response(HTML, { headers: { "content-type": "text/html" } });

function page(seed: number, index: number, chars: number): Observation {
  const lines = [`Page ${index} of ${seed}`];
  for (let item = 0, length = 0; length < chars; item++) {
    const line = `link Item ${item} of order ${(seed * 7919 + index * 104_729 + item * 31) % 1_000_003} for $${item}.95`;
    lines.push(line);
    length += line.length + 1;
  }
  const text = lines.join("\n");
  // One flat string, as it comes from a browser.
  return {
    format: "compact",
    url: urlOf(seed, index),
    title: `Page ${index}`,
    tabs: [],
    scroll: { top: 0, viewport: 720, page: 720 },
    focused: null,
    error: null,
    text: Buffer.from(text).toString(),
    elements: [],
  };
}

const taskOf = (index: number, steps: number): Task => ({
  id: `scale/${index}`,
  sites: ["simulated"],
  instruction: `Order item 7 of order ${index} and tell its price.`,
  startUrl: "http://shop.webrl.test/",
  templateId: null,
  params: {},
  category: "shopping",
  difficulty: steps,
  split: "train",
});

const cpuMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Garbage says nothing about what an episode needs. */
function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  return () => {
    collect();
    collect();
  };
}
