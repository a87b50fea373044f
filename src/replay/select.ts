/**
 * @file Selects the old steps for a phase (paper §2.1, Table 2; App. A): those whose action has a moderate perplexity
 * under the last phase's actor, at most twice as many as there are new steps.
 */

import { perplexity } from "../algo/perplexity.ts";
import type { FrozenModel } from "../core/engine.ts";
import { invariant } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import { actionDatum } from "../text/prompt.ts";
import type { ExperienceStep } from "./experience.ts";

/** The allowed perplexities of a replayed action. */
export interface SelectionRange {
  /** Inclusive bounds of the perplexity. */
  min: number;
  max: number;
}

/** [1/0.95, 1/0.5]: neither too familiar nor too hard. */
export const PAPER_RANGE: SelectionRange = { min: 1 / 0.95, max: 1 / 0.5 };

/** The selected steps of a phase, and how many were out of range. */
export interface ReplaySelection {
  /** In random order. */
  selected: ExperienceStep[];
  /** The number of steps below and above the range. */
  tooFamiliar: number;
  tooHard: number;
}

/** `perplexities_S[i]` belongs to `steps[i]`. */
export function selectReplay(
  steps: readonly ExperienceStep[],
  perplexities_S: readonly number[],
  options: { newSteps: number; rng: Rng; range?: SelectionRange; maxRatio?: number },
): ReplaySelection {
  invariant(steps.length === perplexities_S.length, "one perplexity per step");
  const { newSteps, rng, range = PAPER_RANGE, maxRatio = 2 } = options;
  const inRange = steps.filter((_, i) => perplexities_S[i]! >= range.min && perplexities_S[i]! <= range.max);
  const selected = rng.shuffle(inRange).slice(0, Math.floor(maxRatio * newSteps));
  return {
    selected,
    tooFamiliar: perplexities_S.filter((value) => value < range.min).length,
    tooHard: perplexities_S.filter((value) => value > range.max).length,
  };
}

/** Steps per call of the engine. */
const BATCH = 64;

/** Perplexity of each step's action under `model`, without its final end token. */
export async function perplexitiesUnder(
  model: FrozenModel,
  steps: readonly ExperienceStep[],
  options: { endTokens: readonly number[]; signal?: AbortSignal },
): Promise<number[]> {
  const { endTokens, signal } = options;
  const result: number[] = [];
  for (let start = 0; start < steps.length; start += BATCH) {
    signal?.throwIfAborted();
    const batch = steps.slice(start, start + BATCH);
    const rows_BN = await model.logprobs(
      batch.map((step) => actionDatum(step.promptTokens, dropEndToken(step.responseTokens, endTokens))),
    );
    result.push(...rows_BN.map((row_N) => perplexity(row_N)));
  }
  return result;
}

/** The action without its end token, unless it consists only of that. */
function dropEndToken(response_T: readonly number[], endTokens: readonly number[]): readonly number[] {
  const last = response_T.at(-1);
  return response_T.length > 1 && last !== undefined && endTokens.includes(last)
    ? response_T.slice(0, -1)
    : response_T;
}
