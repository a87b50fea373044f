/**
 * @file Measures repetitions on changed pages: oracles do built-in tasks, and the recordings are repeated without a
 * model on varied sites. The sites' own verifiers judge the results.
 */

import { startBrowserEpisode } from "../../browser/episode.ts";
import { BrowserPool } from "../../browser/pool.ts";
import type { Site } from "../../core/episode.ts";
import { createRng } from "../../core/rng.ts";
import { spread } from "../../core/spread.ts";
import type { Task } from "../../core/task.ts";
import { oraclePolicy } from "../../rollout/oracle-policy.ts";
import { rolloutConfigSchema } from "../../rollout/config.ts";
import { runEpisode } from "../../rollout/episode.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import type { Policy } from "../../rollout/policy.ts";
import { createWorld, pristineState } from "../../sites/world.ts";
import { builtInTasks } from "../../tasks/built-in-tasks.ts";
import { recordingOf } from "../../agent/repeat/recording.ts";
import { repeatPolicy } from "../../agent/repeat/repeat-policy.ts";
import { VARIATIONS, vary } from "./vary.ts";
import type { Variation } from "./vary.ts";

export interface RepeatBenchOptions {
  tasks: number;
  seed: number;
  variations?: readonly Variation[] | undefined;
  onProgress?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface VariationResult {
  variation: Variation;
  tasks: number;
  /** Reached the recorded end, and the verifier agrees. */
  right: number;
  /** Would have asked the model. */
  handedOver: number;
  /** Reached the end and said that the outcome differs from the recorded one. */
  saidOtherwise: number;
  /** Reached the end without a word, and the verifier disagrees. */
  wrongSilently: number;
  /** Fraction of steps that were done as recorded. */
  stepRate: number;
  /** Milliseconds a step. */
  stepMs: number;
  /** Tasks that were silently wrong, and why others were handed over. */
  notes: string[];
}

export interface RepeatBenchResult {
  tasks: number;
  /** Milliseconds a step the first time. */
  firstStepMs: number;
  variations: VariationResult[];
}

export async function measureRepeat(options: RepeatBenchOptions): Promise<RepeatBenchResult> {
  const { seed, onProgress, signal } = options;
  const built = builtInTasks();
  const tasks = spread(built.tasks({ split: "train" }), options.tasks, createRng(seed).fork("repeat"));
  await using pool = new BrowserPool();
  const limits = rolloutConfigSchema.parse({ maxSteps: 40 });
  const run = (task: Task, policy: Policy, variation: Variation) =>
    runEpisode(
      { id: `${variation}/${task.id}`, task, seed: 0 },
      { site: siteOf(pool, variation), policy, limits, signal },
    );
  const oracle = oraclePolicy({
    oracleFor: (task, first) => built.template(task.templateId!).oracle(task.params, first),
  });
  const first: EpisodeRecord[] = [];
  for (const task of tasks) {
    const record = await run(task, oracle, "unchanged");
    if (record.truth?.success) first.push(record);
    onProgress?.(`recorded ${first.length} of ${tasks.length}`);
  }
  const results: VariationResult[] = [];
  for (const variation of options.variations ?? (Object.keys(VARIATIONS) as Variation[])) {
    const result: VariationResult = {
      variation,
      tasks: first.length,
      right: 0,
      handedOver: 0,
      saidOtherwise: 0,
      wrongSilently: 0,
      stepRate: 0,
      stepMs: 0,
      notes: [],
    };
    let [steps, done, taken, ms] = [0, 0, 0, 0];
    for (const { trajectory } of first) {
      const recording = recordingOf(trajectory);
      const policy = repeatPolicy(recording, new Map(), null, null);
      const record = await run(trajectory.task, policy, variation);
      const { report } = policy;
      steps += recording.steps.length;
      done += report.repeated;
      taken += record.trajectory.steps.length;
      ms += record.wallMs;
      const { ending } = record.trajectory;
      const reached = ending.kind === "terminated" && report.stuck === null;
      if (!reached) result.handedOver++;
      else if (report.differences.length > 0) result.saidOtherwise++;
      else if (record.truth?.success) result.right++;
      else result.wrongSilently++;
      const note = reached
        ? record.truth?.success
          ? null
          : `wrong: ${record.truth?.reasons.join("; ") ?? "no verdict"}`
        : (report.stuck ?? JSON.stringify(ending));
      if (note !== null) result.notes.push(`${trajectory.task.id}: ${note}`);
      onProgress?.(
        `${variation}: ${result.right} right, ${result.handedOver} handed over, ${result.wrongSilently} wrong`,
      );
    }
    results.push({ ...result, stepRate: done / Math.max(1, steps), stepMs: ms / Math.max(1, taken) });
  }
  const all = first.reduce((sum, { trajectory }) => sum + trajectory.steps.length, 0);
  return {
    tasks: first.length,
    firstStepMs: first.reduce((sum, { wallMs }) => sum + wallMs, 0) / Math.max(1, all),
    variations: results,
  };
}

/** The built-in world with variations; a private copy for each episode. */
function siteOf(pool: BrowserPool, variation: Variation): Site {
  const built = builtInTasks();
  const initial = pristineState();
  return {
    name: "built-in",
    start: (task, { seed, signal }) => {
      const template = built.template(task.templateId!);
      const world = createWorld(template.signedOut ? [] : template.sites);
      const hosts = new Map([...world.hosts].map(([host, app]) => [host, vary(app, variation)]));
      return startBrowserEpisode(
        pool,
        task,
        {
          hosts,
          allowedHosts: [],
          cookies: world.cookies,
          startUrl: task.startUrl,
          verify: (answer, page) =>
            built.verify(task, {
              answer,
              url: page.url,
              pageText: page.pageText,
              state: world.snapshot(),
              initial,
              volatile: world.volatile,
            }),
        },
        { format: "compact", seed, ...(signal && { signal }) },
      );
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
