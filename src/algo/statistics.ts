/** @file Statistics for reporting results. */

import { invariant } from "../core/errors.ts";

export function mean(values: readonly number[]): number {
  invariant(values.length > 0, "mean of nothing");
  let total = 0;
  for (const value of values) total += value;
  return total / values.length;
}

/** Sample variance with n − 1; 0 for a single value. */
export function variance(values: readonly number[]): number {
  const centre = mean(values);
  if (values.length === 1) return 0;
  let total = 0;
  for (const value of values) total += (value - centre) ** 2;
  return total / (values.length - 1);
}

/** Standard error of the mean, s/√n; `null` for a single value, whose spread is unknown. */
export function standardError(values: readonly number[]): number | null {
  return values.length < 2 ? null : Math.sqrt(variance(values) / values.length);
}

/**
 * Standard error of a rate of k in n, with one success and one failure added: √(p̃(1 − p̃)/n), p̃ = (k + 1)/(n + 2).
 * The plain √(p(1 − p)/n) claims certainty at 0 and n successes; this one is never smaller, and nearly equal away from
 * the ends.
 */
export function rateStandardError(successes: number, trials: number): number {
  checkCounts(successes, trials);
  const p = (successes + 1) / (trials + 2);
  return Math.sqrt((p * (1 - p)) / trials);
}

/**
 * pass@k: the probability that at least one of k attempts succeeds, if c of n attempts did: 1 − C(n−c, k)/C(n, k), the
 * unbiased estimate of Chen et al., arXiv:2107.03374, equation 1. k in [1, n].
 */
export function passAtK(attempts: number, successes: number, k: number): number {
  checkCounts(successes, attempts);
  invariant(k >= 1 && k <= attempts, `pass@${k} of ${attempts} attempts`);
  let allFail = 1;
  for (let i = 0; i < k; i++) allFail *= Math.max(0, attempts - successes - i) / (attempts - i);
  return 1 - allFail;
}

/** Subtracts the mean and divides by the standard deviation; all 0 if the values do not vary. */
export function standardize(values: readonly number[]): number[] {
  if (values.length === 0) return [];
  const centre = mean(values);
  const deviation = Math.sqrt(variance(values));
  return values.map((value) => (deviation === 0 ? 0 : (value - centre) / deviation));
}

/**
 * 1 − Var(target − prediction)/Var(target): 1 is perfect, 0 no better than a constant, negative worse. `null` if the
 * targets do not vary.
 */
export function explainedVariance(predictions: readonly number[], targets: readonly number[]): number | null {
  invariant(predictions.length === targets.length, "one prediction per target");
  const spread = variance(targets);
  if (spread === 0) return null;
  return 1 - variance(targets.map((target, i) => target - predictions[i]!)) / spread;
}

/** Mean of a − b with its standard error, over pairs (the same task or seed under two methods). */
export function pairedDifference(
  a: readonly number[],
  b: readonly number[],
): { mean: number; standardError: number | null } {
  invariant(a.length === b.length, "pairs need two lists of one length");
  const differences = a.map((value, i) => value - b[i]!);
  return { mean: mean(differences), standardError: standardError(differences) };
}

function checkCounts(successes: number, trials: number): void {
  invariant(
    trials > 0 && successes >= 0 && successes <= trials,
    `${successes} successes in ${trials} trials is not a rate`,
  );
}
