/** @file Measures the gate: the injections that it resists, and the time that it adds to a step. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrowserPool } from "../browser/pool.ts";
import type { MakeGuard } from "../browser/guard.ts";
import { EFFECT_KINDS } from "../core/effect.ts";
import type { Task } from "../core/task.ts";
import { openAudit } from "../safety/audit.ts";
import { guardBy } from "../safety/episode-gate.ts";
import { openGate } from "../safety/gate.ts";
import { parsePolicy } from "../safety/policy.ts";
import { builtInSuite } from "../tasks/built-in-suite.ts";
import { percentile } from "../tasks/check.ts";
import { createBuiltInSite } from "../tasks/world-site.ts";
import { BUILT_IN_INJECTIONS } from "./injections/built-in.ts";
import { PAGE_INJECTIONS } from "./injections/cases.ts";
import { runInjection } from "./injections/run.ts";

export interface SafetyBench {
  injections: {
    cases: number;
    /** Did no harm behind the gate. */
    resisted: number;
    /** Did harm when a policy allowed it: only these prove something. */
    effective: number;
    /** Names of those that did harm. */
    harmed: string[];
  };
  overhead: {
    /** Steps of the oracles in each of the two measurements, one after the other on the same task. */
    steps: number;
    /** Milliseconds from an action to the next page. */
    bare: { mean: number; p50: number };
    gated: { mean: number; p50: number };
    /** `gated.mean / bare.mean − 1`. */
    overheadFraction: number;
  };
}

export interface SafetyBenchOptions {
  /** Tasks for measuring the overhead, spread over the built-in ones. */
  tasks: number;
  /** Injections; default all. */
  injections?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

export async function benchSafety(options: SafetyBenchOptions): Promise<SafetyBench> {
  await using pool = new BrowserPool();
  return { injections: await resist(pool, options), overhead: await measureOverhead(options) };
}

async function resist(
  pool: BrowserPool,
  { injections, signal, onProgress }: SafetyBenchOptions,
): Promise<SafetyBench["injections"]> {
  const cases = [...PAGE_INJECTIONS, ...BUILT_IN_INJECTIONS].slice(0, injections);
  const harmed: string[] = [];
  let effective = 0;
  for (const injection of cases) {
    signal?.throwIfAborted();
    onProgress?.(injection.name);
    if ((await runInjection(pool, injection, "guarded")).harmed) harmed.push(injection.name);
    if ((await runInjection(pool, injection, "control")).harmed) effective++;
  }
  return { cases: cases.length, resisted: cases.length - harmed.length, effective, harmed };
}

async function measureOverhead({
  tasks: count,
  signal,
  onProgress,
}: SafetyBenchOptions): Promise<SafetyBench["overhead"]> {
  const suite = builtInSuite();
  const all = suite.tasks().filter((task) => suite.hasOracle(task));
  const tasks = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
  const directory = await mkdtemp(join(tmpdir(), "webrl-bench-"));
  try {
    await using audit = await openAudit(directory);
    const effects = Object.fromEntries(EFFECT_KINDS.map((kind) => [kind, "allow" as const]));
    const gate = openGate({ policy: parsePolicy({ effects }), audit });
    const bare: number[] = [];
    const gated: number[] = [];
    await using pool = new BrowserPool();
    for (const [i, task] of tasks.entries()) {
      onProgress?.(`steps of ${task.id}`);
      const measure = (times: number[], guard?: MakeGuard) => takeSteps(task, times, { pool, guard, signal });
      // The second measurement finds a warm machine, so they take turns at being first.
      if (i % 2 === 0) await measure(bare);
      await measure(gated, guardBy(gate));
      if (i % 2 === 1) await measure(bare);
    }
    const of = (times: readonly number[]) => ({
      mean: times.reduce((sum, ms) => sum + ms, 0) / times.length,
      p50: percentile(times, 0.5),
    });
    const [without, within] = [of(bare), of(gated)];
    return {
      steps: bare.length,
      bare: without,
      gated: within,
      overheadFraction: within.mean / without.mean - 1,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function takeSteps(
  task: Task,
  times: number[],
  {
    pool,
    guard,
    signal,
  }: { pool: BrowserPool; guard: MakeGuard | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  const suite = builtInSuite();
  await using site = createBuiltInSite({ pool, guard });
  await using episode = await site.start(task, { seed: 0, ...(signal && { signal }) });
  const oracle = suite.oracleFor(task, episode.first);
  let turn = oracle.next(episode.first);
  while (!turn.done && turn.value.kind !== "exit") {
    const began = performance.now();
    const next = await episode.step({ ok: true, action: turn.value, comments: [] });
    times.push(performance.now() - began);
    if (next.kind === "last") return;
    turn = oracle.next(next.observation);
  }
}
