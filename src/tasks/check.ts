/**
 * @file Checks a suite: every oracle must score 1, and doing nothing or giving a wrong answer must score 0. Runs in the
 * browser, with the same observations and actions that an agent has.
 */

import { quantile } from "d3-array";
import pLimit from "p-limit";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action } from "../core/action.ts";
import type { Episode } from "../core/episode.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { hash32 } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { answerOf } from "../core/trajectory.ts";
import type { Suite, SuiteSite } from "./suite.ts";
import { placeOf } from "./user-code.ts";

export interface CheckOptions {
  tasks: readonly Task[];
  /** Episodes at once. Default 4. */
  parallel?: number;
  /** Seed of the episodes; an instance has the same seed in every check. */
  seed?: number;
  signal?: AbortSignal;
  onTask?: (done: number, total: number, result: TaskCheck) => void;
}

export interface TaskCheck {
  task: string;
  template: string;
  ok: boolean;
  /** Actions that the oracle took, including `exit`; 0 if it failed. */
  steps: number;
  ms: number;
  failures: { what: "oracle" | "nothing" | "wrong answer"; reasons: string[] }[];
}

export interface TemplateCheck {
  id: string;
  site: string;
  ok: boolean;
  /** The number of checked instances, and how many of them passed in all three ways. */
  checked: number;
  passed: number;
  difficulty: number;
  /** The oracle's mean number of actions. */
  steps: number;
  msPerOracle: number;
  failures: ({ task: string } & TaskCheck["failures"][number])[];
}

export interface SuiteCheck {
  suite: string;
  ok: boolean;
  templates: TemplateCheck[];
  /** Milliseconds to make a world. */
  resetMs: { p50: number; p95: number };
  /** Milliseconds to sign a user in with a separate browser; `null` if nobody was signed in. */
  loginMs: { p50: number; p95: number } | null;
  episodes: number;
  seconds: number;
}

/** Oracles that take more actions than this are broken. */
const MAX_STEPS = 40;

export async function checkSuite(suite: Suite, site: SuiteSite, options: CheckOptions): Promise<SuiteCheck> {
  const { tasks, seed = 1, signal, onTask } = options;
  const started = performance.now();
  const results: TaskCheck[] = [];
  const limit = pLimit({
    concurrency: Math.min(options.parallel ?? 4, site.maxParallel),
    rejectOnClear: true,
  });
  let trouble: unknown;
  const checks = tasks.map((task) =>
    limit(async () => {
      try {
        signal?.throwIfAborted();
        const result = await checkTask(suite, site, task, seed, signal);
        results.push(result);
        onTask?.(results.length, tasks.length, result);
      } catch (error) {
        trouble ??= error;
        limit.clearQueue();
        throw error;
      }
    }),
  );
  // Episodes under way still use the site. Those that were still waiting only report that they did not begin.
  await Promise.allSettled(checks);
  if (trouble !== undefined) throw trouble;
  const byTask = new Map(results.map((result) => [result.task, result]));
  const templates = new Map<string, TemplateCheck>();
  for (const task of tasks) {
    const result = byTask.get(task.id)!;
    let row = templates.get(result.template);
    if (!row) {
      const { difficulty, sites } = task;
      row = {
        id: result.template,
        site: sites[0]!,
        ok: true,
        checked: 0,
        passed: 0,
        difficulty,
        steps: 0,
        msPerOracle: 0,
        failures: [],
      };
      templates.set(result.template, row);
    }
    row.checked++;
    row.passed += result.ok ? 1 : 0;
    row.ok &&= result.ok;
    row.steps += (result.steps - row.steps) / row.checked;
    row.msPerOracle += (result.ms - row.msPerOracle) / row.checked;
    row.failures.push(...result.failures.map((failure) => ({ task: task.id, ...failure })));
  }
  const list = [...templates.values()];
  return {
    suite: suite.name,
    ok: list.every((row) => row.ok),
    templates: list.map((row) => ({
      ...row,
      steps: Math.round(row.steps * 10) / 10,
      msPerOracle: Math.round(row.msPerOracle),
    })),
    resetMs: percentiles(site.resetMs),
    loginMs: site.loginMs?.length ? percentiles(site.loginMs) : null,
    episodes: 2 * tasks.length,
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

/** Linear between ranks; 0 for no values. */
export function percentile(values: readonly number[], share: number): number {
  return Math.round((quantile(values, share) ?? 0) * 100) / 100;
}

export const percentiles = (values: readonly number[]): { p50: number; p95: number } => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
});

/** How often a task is tried when the world breaks it. */
const TRIES = 3;
/** The same when a browser elsewhere goes away: another one may take a while to come. */
const BROWSERS = 9;

/** The world's faults tell nothing about a task, so it is checked again. The last fault counts. */
async function checkTask(
  ...given: [Suite, SuiteSite, Task, baseSeed: number, signal: AbortSignal | undefined]
): Promise<TaskCheck> {
  for (let tries = 1; ; tries++)
    try {
      return await checkOnce(...given, tries >= TRIES);
    } catch (error) {
      if (!(error instanceof Fault) || tries === BROWSERS) throw error;
      await sleep(1000 * 2 ** (tries - 1), undefined, { signal: given[4] });
    }
}

async function checkOnce(
  suite: Suite,
  site: SuiteSite,
  task: Task,
  baseSeed: number,
  signal: AbortSignal | undefined,
  isLast: boolean,
): Promise<TaskCheck> {
  const result: TaskCheck = {
    task: task.id,
    template: task.templateId ?? task.id,
    ok: false,
    steps: 0,
    ms: 0,
    failures: [],
  };
  const seed = hash32(`check ${baseSeed} ${task.id}`);
  const start = () => site.start(task, { seed, ...(signal ? { signal } : {}) });
  const began = performance.now();
  try {
    await using episode = await start();
    const { answer, steps } = await solve(suite, episode);
    const verdict = await episode.verify(answer);
    result.steps = steps;
    if (!verdict) result.failures.push({ what: "oracle", reasons: ["the task has no verifier"] });
    else if (!verdict.success) result.failures.push({ what: "oracle", reasons: verdict.reasons });
  } catch (error) {
    result.failures.push({ what: "oracle", reasons: [explain(error, signal, isLast)] });
  }
  result.ms = performance.now() - began;
  try {
    await using episode = await start();
    await episode.step({ ok: true, action: { kind: "exit", message: "" }, comments: [] });
    for (const [what, answer] of [
      ["nothing", ""],
      ["wrong answer", suite.wrongAnswer(task)],
    ] as const) {
      const verdict = await episode.verify(answer);
      if (verdict?.success !== false)
        result.failures.push({ what, reasons: [`${JSON.stringify(answer)} was accepted`] });
    }
  } catch (error) {
    result.failures.push({ what: "nothing", reasons: [explain(error, signal, isLast)] });
  }
  result.ok = result.failures.length === 0;
  return result;
}

/** Runs the oracle to its end. Its mistakes are errors here, unless the suite's oracles work by trial and error. */
async function solve(suite: Suite, episode: Episode): Promise<{ answer: string | null; steps: number }> {
  const oracle = suite.oracleFor(episode.task, episode.first);
  let next = oracle.next();
  for (let steps = 1; steps <= MAX_STEPS; steps++) {
    const action: Action = next.done ? { kind: "exit", message: "" } : next.value;
    const time = await episode.step({ ok: true, action, comments: [] });
    if (time.kind === "last") {
      if (time.ending.kind === "faulted")
        throw new Fault(time.ending.code, time.ending.message, { retryable: true });
      return { answer: answerOf(time.ending), steps };
    }
    const { error } = time.observation;
    if (error && !suite.oraclesTry)
      throw new Error(`${JSON.stringify(action)}: ${error.message}\n${time.observation.text}`);
    next = oracle.next(time.observation);
  }
  throw new Error(`the oracle did not exit within ${MAX_STEPS} actions`);
}

/** Rethrows what is not the task's fault: the user's mistakes, and faults after which it is tried again. */
function explain(error: unknown, signal: AbortSignal | undefined, isLast: boolean): string {
  signal?.throwIfAborted();
  // The user's mistakes: no browser, a site that does not start. Then no task can be checked.
  if (error instanceof ConfigError) throw error;
  if (error instanceof Fault && error.code === "browser_launch_failed")
    throw new ConfigError(error.message, "Run `webrl doctor`: it says what is missing and how to get it.", {
      cause: error,
    });
  if (error instanceof Fault && (error.code === "browser_lost" || (error.retryable && !isLast))) throw error;
  if (error instanceof Fault) return `${error.code}: ${error.message}`;
  const place = placeOf(error);
  return `${error instanceof Error ? error.message : String(error)}${place === null ? "" : ` (${place})`}`;
}
