/**
 * @file Methods compared: each from the same base model, on the same tasks and test tasks, with the same number of
 * episodes. Every run is a run directory, so the comparison resumes; the page of results is written from their data.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { mean, standardError } from "../algo/statistics.ts";
import type { ABLATIONS, MethodName, TrainConfig } from "./config.ts";
import { phaseName, readRunInfo } from "./run-directory.ts";
import type { Evaluation } from "./stages/evaluate.ts";

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

/** Every run of the comparison, seed by seed, so that a comparison that was stopped has whole seeds. */
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
      config: { ...config, method: variant.method, without: variant.without ?? [], seed },
    })),
  );
}

export interface BenchResult {
  variant: Variant;
  /** Runs whose last evaluation is there. */
  seeds: number;
  /** Mean over seeds of the last evaluation's success, and its standard error; `null` with one seed. */
  success: number;
  standardError: number | null;
  bySite: Record<string, number>;
  /** Mean success by phase. */
  curve: { phase: number; success: number; standardError: number | null }[];
}

export async function readEvaluations(run: string): Promise<{ phase: number; evaluation: Evaluation }[]> {
  if (!existsSync(join(run, "config.json"))) return [];
  const { config } = await readRunInfo(run);
  const found: { phase: number; evaluation: Evaluation }[] = [];
  for (let phase = 0; phase <= config.phases; phase++) {
    const directory = join(run, "phases", phaseName(phase));
    if (!existsSync(join(directory, "evaluate.done.json"))) continue;
    const text = await readFile(join(directory, "evaluation.json"), "utf8");
    found.push({ phase, evaluation: JSON.parse(text) as Evaluation });
  }
  return found;
}

/** What the finished runs of a plan show. A run that has not reached its last phase is left out. */
export async function benchResults(plan: readonly BenchRun[]): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const variant of new Set(plan.map((run) => run.variant))) {
    const runs: { phase: number; evaluation: Evaluation }[][] = [];
    for (const run of plan.filter((r) => r.variant === variant)) {
      const evaluations = await readEvaluations(run.directory);
      const last = variant.method === "sft" ? 0 : run.config.phases;
      if (evaluations.at(-1)?.phase === last) runs.push(evaluations);
    }
    if (runs.length === 0) continue;
    const finals = runs.map((evaluations) => evaluations.at(-1)!.evaluation);
    const phases = [...new Set(runs.flatMap((run) => run.map(({ phase }) => phase)))].sort((a, b) => a - b);
    const sites = [...new Set(finals.flatMap((final) => Object.keys(final.bySite)))].sort();
    results.push({
      variant,
      seeds: runs.length,
      success: mean(finals.map((final) => final.success)),
      standardError: standardError(finals.map((final) => final.success)),
      bySite: Object.fromEntries(
        sites.map((site) => [site, mean(finals.flatMap((final) => final.bySite[site]?.success ?? []))]),
      ),
      curve: phases.map((phase) => {
        const values = runs.flatMap((run) => run.find((e) => e.phase === phase)?.evaluation.success ?? []);
        return { phase, success: mean(values), standardError: standardError(values) };
      }),
    });
  }
  return results;
}
