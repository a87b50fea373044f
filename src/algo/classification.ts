/** @file Measures how good the probabilities of a yes/no question are: critic and ORM against the truth. */

import { invariant } from "../core/errors.ts";

export interface Confusion {
  truePositives: number;
  falsePositives: number;
  trueNegatives: number;
  falseNegatives: number;
}

export interface CalibrationBin {
  /** Bounds of the predicted probability: (low, high], the first one closed. */
  low: number;
  high: number;
  count: number;
  meanProbability: number;
  /** Share of successes. */
  rate: number;
}

export interface ClassificationReport {
  count: number;
  confusion: Confusion;
  accuracy: number;
  /** `null` if nothing was predicted positive. */
  precision: number | null;
  /** `null` if nothing is positive. */
  recall: number | null;
  /** Expected calibration error: Σ count/n · |rate − meanProbability|. */
  calibrationError: number;
  bins: CalibrationBin[];
  /** Mean squared error of the probability. */
  brier: number;
  /** Probability that a success is ranked above a failure, ties half; `null` without one of the two. */
  auc: number | null;
}

/** Positive iff P ≥ 0.5 (the paper: P(YES) > P(NO); its code: ≥, taken here), unless a judge has decided otherwise. */
function predictsSuccess(probability: number): boolean {
  return probability >= 0.5;
}

export function confusionMatrix(
  probabilities_B: readonly number[],
  outcomes_B: readonly (0 | 1)[],
  predicted_B: readonly boolean[] = probabilities_B.map(predictsSuccess),
): Confusion {
  invariant(probabilities_B.length === outcomes_B.length, "one probability per outcome");
  const confusion = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  predicted_B.forEach((predicted, i) => {
    if (predicted) confusion[outcomes_B[i] === 1 ? "truePositives" : "falsePositives"] += 1;
    else confusion[outcomes_B[i] === 1 ? "falseNegatives" : "trueNegatives"] += 1;
  });
  return confusion;
}

const BINS = 10;

/** Bins of equal width; empty ones are left out. */
export function calibrationBins(
  probabilities_B: readonly number[],
  outcomes_B: readonly (0 | 1)[],
): CalibrationBin[] {
  invariant(probabilities_B.length === outcomes_B.length, "one probability per outcome");
  const result: CalibrationBin[] = [];
  for (let i = 0; i < BINS; i++) {
    const [low, high] = [i / BINS, (i + 1) / BINS];
    const members = probabilities_B.flatMap((p, b) =>
      (p > low || i === 0) && p <= high ? [{ p, outcome: outcomes_B[b]! }] : [],
    );
    if (members.length === 0) continue;
    result.push({
      low,
      high,
      count: members.length,
      meanProbability: members.reduce((sum, m) => sum + m.p, 0) / members.length,
      rate: members.reduce((sum, m) => sum + m.outcome, 0) / members.length,
    });
  }
  return result;
}

export function classificationReport(
  probabilities_B: readonly number[],
  outcomes_B: readonly (0 | 1)[],
  predicted_B: readonly boolean[] = probabilities_B.map(predictsSuccess),
): ClassificationReport {
  const count = probabilities_B.length;
  invariant(count > 0, "a report needs at least one example");
  const confusion = confusionMatrix(probabilities_B, outcomes_B, predicted_B);
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = confusion;
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  const calibration = calibrationBins(probabilities_B, outcomes_B);
  return {
    count,
    confusion,
    accuracy: (truePositives + trueNegatives) / count,
    precision: share(truePositives, truePositives + falsePositives),
    recall: share(truePositives, truePositives + falseNegatives),
    calibrationError: calibration.reduce(
      (sum, bin) => sum + (bin.count / count) * Math.abs(bin.rate - bin.meanProbability),
      0,
    ),
    bins: calibration,
    brier: probabilities_B.reduce((sum, p, i) => sum + (p - outcomes_B[i]!) ** 2, 0) / count,
    auc: areaUnderCurve(probabilities_B, outcomes_B),
  };
}

/** Mann–Whitney: by ranks, ties share their mean rank. */
export function areaUnderCurve(
  probabilities_B: readonly number[],
  outcomes_B: readonly (0 | 1)[],
): number | null {
  const order = probabilities_B.map((_, i) => i).sort((i, j) => probabilities_B[i]! - probabilities_B[j]!);
  let positiveRanks = 0;
  let positives = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && probabilities_B[order[end]!] === probabilities_B[order[start]!]) end += 1;
    const rank = (start + 1 + end) / 2;
    for (let k = start; k < end; k++)
      if (outcomes_B[order[k]!] === 1) {
        positives += 1;
        positiveRanks += rank;
      }
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (positiveRanks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Whether a yes/no model has collapsed: it gives nearly the same answer to every question, although the truth varies.
 * Returns what shows it; `null` if it has not.
 */
export function collapse(
  probabilities_B: readonly number[],
  outcomes_B: readonly (0 | 1)[],
  predicted_B: readonly boolean[] = probabilities_B.map(predictsSuccess),
): { kind: "constant" | "one_sided" | "not_finite"; message: string } | null {
  if (probabilities_B.some((p) => !Number.isFinite(p)))
    return { kind: "not_finite", message: "some probabilities are not numbers" };
  const positives = outcomes_B.filter((outcome) => outcome === 1).length;
  if (probabilities_B.length < 8 || positives === 0 || positives === outcomes_B.length) return null;
  const low = Math.min(...probabilities_B);
  const high = Math.max(...probabilities_B);
  const rate = `${positives} of ${outcomes_B.length} are successes`;
  if (high - low < 0.01)
    return {
      kind: "constant",
      message: `every probability lies in [${low.toFixed(3)}, ${high.toFixed(3)}], although ${rate}`,
    };
  const predicted = predicted_B.filter(Boolean).length;
  if (predicted === 0 || predicted === probabilities_B.length) {
    const minority = Math.min(positives, outcomes_B.length - positives) / outcomes_B.length;
    const auc = areaUnderCurve(probabilities_B, outcomes_B);
    // One-sided answers may be right for a rare class; a collapsed model also fails to rank.
    if (minority >= 0.1 && (auc === null || auc < 0.6))
      return {
        kind: "one_sided",
        message: `it always says ${predicted === 0 ? "NO" : "YES"}, although ${rate}, and ranks no better than chance (AUC ${auc?.toFixed(2) ?? "–"})`,
      };
  }
  return null;
}
