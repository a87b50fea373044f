/**
 * @file Compares methods: each starts from the same base model, on the same tasks and test tasks, with the same number
 * of episodes. Every run is a run directory, so the comparison resumes; the page of results is written from their data.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { mean, standardError } from "../algo/statistics.ts";
import { describeDifference } from "../core/describe-difference.ts";
import { ConfigError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { ABLATIONS, MethodName, TrainConfig } from "../run/config.ts";
import { checkConsistency, leaveOutUnread } from "../run/check-consistency.ts";
import { readJsonLines } from "../run/json-lines.ts";
import { phasePath } from "../run/paths.ts";
import type { Evaluation } from "../run/records.ts";
import { EPISODE_FILES } from "../run/records.ts";
import type { MetricName } from "../run/metrics.ts";
import { readRunInfo } from "../run/run-directory.ts";
import { openRunFiles, readEvaluations } from "../run/run-files.ts";
import type { Difference, Outcomes, TaskOutcome } from "./compare.ts";
import { compareOutcomes } from "./compare.ts";

export interface Variant {
  name: string;
  title: string;
  method: MethodName;
  without?: (typeof ABLATIONS)[number][];
}

export const VARIANTS: readonly Variant[] = [
  { name: "sft", title: "SFT (the base model)", method: "sft" },
  { name: "filtered-bc", title: "Filtered BC", method: "filtered-bc" },
  { name: "awr", title: "AWR", method: "awr" },
  { name: "digirl", title: "DigiRL", method: "digirl" },
  { name: "webrl", title: "WebRL", method: "webrl" },
  { name: "webrl-no-replay", title: "WebRL without replay", method: "webrl", without: ["replay"] },
  { name: "webrl-no-kl", title: "WebRL without KL constraint", method: "webrl", without: ["kl"] },
  {
    name: "webrl-no-curriculum",
    title: "WebRL without curriculum",
    method: "webrl",
    without: ["curriculum"],
  },
];

export interface BenchRun {
  variant: Variant;
  seed: number;
  directory: string;
  config: TrainConfig;
}

/**
 * Every run of the comparison, seed by seed, so that a comparison that was stopped has whole seeds. Throws a
 * `ConfigError` if a method cannot have these settings.
 */
export function planBench(
  directory: string,
  config: TrainConfig,
  seeds: number,
  variants: readonly Variant[],
): BenchRun[] {
  return Array.from({ length: seeds }).flatMap((_, seed) =>
    variants.map((variant) => ({
      variant,
      seed,
      directory: join(directory, `${variant.name}-seed-${seed}`),
      config: configOf(variant, { ...config, seed }),
    })),
  );
}

/** A variant's settings. Those that only WebRL's losses know, or only training, are left out elsewhere. */
function configOf({ title, method, without = [] }: Variant, config: TrainConfig): TrainConfig {
  const experience = method === "sft" ? [] : config.experience;
  // The published objective cannot be had without its KL limit.
  const objective = without.includes("kl") ? null : config.actor.objective;
  const actor = { ...config.actor, objective };
  const own = leaveOutUnread({ ...config, method, without, experience, actor });
  try {
    checkConsistency(own);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${title}: ${error.message}`, error.hint, { cause: error });
  }
  return own;
}

/**
 * Throws a `ConfigError` if a run of the plan, whose models are resolved, was begun with other settings. It may go on
 * to more phases, and with browsers elsewhere.
 */
export async function refuseOtherSettings(plan: readonly BenchRun[]): Promise<void> {
  for (const { directory, config } of plan.filter(hasBegun)) {
    const { config: recorded } = await readRunInfo(directory);
    const { width, height, locale, timezone } = recorded.browser;
    const difference = describeDifference(
      {
        ...recorded,
        phases: Math.max(recorded.phases, config.phases),
        browser: { ...config.browser, width, height, locale, timezone },
      },
      config,
    );
    if (difference !== null)
      throw new ConfigError(
        `${directory} holds a run with other settings: ${difference}`,
        "Name another --out, or give the settings that the comparison was begun with.",
      );
  }
}

export const hasBegun = ({ directory }: BenchRun) => existsSync(join(directory, "config.json"));

export interface LearnedFrom {
  /** Episodes of rollouts, those of phase 0 included. */
  episodes: number;
  /** Steps from the replay buffer, where demonstrations are, too. */
  replayedSteps: number;
  /** Optimiser steps of the actor. */
  updates: number;
}

export interface BenchResult {
  variant: Variant;
  /** Runs that have their last evaluation. */
  seeds: number;
  /** Mean over seeds of the last evaluation's success, and its standard error; `null` with one seed. */
  success: number;
  standardError: number | null;
  bySite: Record<string, number>;
  /** By what is new in the tasks. */
  byNovelty: Record<string, number>;
  /** What its policy learned from; means over seeds. */
  learnedFrom: LearnedFrom;
  /** WebRL less this method, in pairs; `null` for WebRL itself and if they share no seed. */
  webrlMinus: Difference | null;
  /** Mean success by phase. */
  curve: { phase: number; success: number; standardError: number | null }[];
}

/** What the finished runs of a plan show. A run that has not reached its last phase is left out. */
export async function benchResults(plan: readonly BenchRun[]): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  const outcomes = new Map<Variant, Outcomes>();
  for (const variant of new Set(plan.map((run) => run.variant))) {
    const runs: { phase: number; evaluation: Evaluation }[][] = [];
    const bySeed = new Map<number, Map<string, TaskOutcome>>();
    const learned: LearnedFrom[] = [];
    for (const run of plan.filter((r) => r.variant === variant)) {
      const evaluations = await readEvaluations(openRunFiles(run.directory));
      const last = variant.method === "sft" ? 0 : run.config.phases;
      if (evaluations.at(-1)?.phase !== last) continue;
      runs.push(evaluations);
      learned.push(await countLearned(run.directory));
      bySeed.set(run.seed, await taskOutcomes(run.directory, last));
    }
    outcomes.set(variant, bySeed);
    if (runs.length === 0) continue;
    const finals = runs.map((evaluations) => evaluations.at(-1)!.evaluation);
    const phases = [...new Set(runs.flatMap((run) => run.map(({ phase }) => phase)))].sort((a, b) => a - b);
    const group = (by: "bySite" | "byNovelty") => {
      const names = [...new Set(finals.flatMap((final) => Object.keys(final[by])))].sort();
      return Object.fromEntries(
        names.map((name) => [name, mean(finals.flatMap((final) => final[by][name]?.success ?? []))]),
      );
    };
    results.push({
      variant,
      seeds: runs.length,
      success: mean(finals.map((final) => final.success)),
      standardError: standardError(finals.map((final) => final.success)),
      bySite: group("bySite"),
      byNovelty: group("byNovelty"),
      learnedFrom: {
        episodes: mean(learned.map(({ episodes }) => episodes)),
        replayedSteps: mean(learned.map(({ replayedSteps }) => replayedSteps)),
        updates: mean(learned.map(({ updates }) => updates)),
      },
      webrlMinus: null,
      curve: phases.map((phase) => {
        const values = runs.flatMap((run) => run.find((e) => e.phase === phase)?.evaluation.success ?? []);
        return { phase, success: mean(values), standardError: standardError(values) };
      }),
    });
  }
  const webrl = results.find(({ variant }) => variant.name === "webrl");
  for (const result of results)
    if (webrl && result !== webrl)
      result.webrlMinus = compareOutcomes(outcomes.get(webrl.variant)!, outcomes.get(result.variant)!);
  return results;
}

async function countLearned(directory: string): Promise<LearnedFrom> {
  const lines = await openRunFiles(directory).metrics();
  const total = (name: MetricName) => lines.reduce((sum, line) => sum + Number(line[name] ?? 0), 0);
  return {
    episodes: total("rollout/episodes"),
    replayedSteps: total("experience/replayed_steps"),
    updates: lines.filter((line) => line.stage === "actor" && line.step !== undefined).length,
  };
}

const outcomeOf = ({ id, templateId }: Task, success: boolean): [string, TaskOutcome] => [
  id,
  { success, kind: templateId ?? id },
];

/** How each task of a phase's evaluation ended; those that the world broke are left out. */
async function taskOutcomes(directory: string, phase: number): Promise<Map<string, TaskOutcome>> {
  const file = join(directory, phasePath(phase, EPISODE_FILES.evaluation));
  return new Map(
    (await readJsonLines<EpisodeRecord>(file)).flatMap((record) =>
      isFaulted(record) || record.truth === null
        ? []
        : [outcomeOf(record.trajectory.task, record.truth.success)],
    ),
  );
}

/**
 * At least this fraction of the base's first attempts must succeed, and as many fail, so that methods have something to
 * work with.
 */
const LEAST_ROOM = 0.02;

/**
 * Refuses a comparison that could not show anything: if the base almost never succeeds in a run's first rollout, there
 * is nothing to reinforce; if it almost always does, there is nothing to gain.
 */
export async function checkRoom(run: Pick<BenchRun, "directory" | "config">): Promise<void> {
  const file = join(run.directory, phasePath(0, EPISODE_FILES.rollout));
  const known = (await readJsonLines<EpisodeRecord>(file)).filter(
    (record) => !isFaulted(record) && record.truth !== null,
  );
  if (known.length === 0) return;
  const good = known.filter((record) => record.truth!.success).length;
  const least = Math.max(1, Math.ceil(LEAST_ROOM * known.length));
  if (good >= least && known.length - good >= least) return;
  const which = good < least ? "nothing to reinforce" : "nothing to gain";
  throw new ConfigError(
    `${good} of ${known.length} first attempts of ${run.config.models.base} succeed: there is ${which}, so the methods cannot differ`,
    "Choose another base or suite: `webrl eval --attempts 8` says how much room there is.",
  );
}
