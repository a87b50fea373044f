import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areaUnderCurve,
  calibrationBins,
  classificationReport,
  collapse,
  confusionMatrix,
} from "./classification.ts";
import { perplexity } from "./perplexity.ts";
import {
  explainedVariance,
  filteredBcKeep,
  mean,
  pairedDifference,
  quantile,
  rateStandardError,
  standardError,
  variance,
} from "./statistics.ts";

const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe("perplexity", () => {
  test("gives the reference's values", () => {
    // exp(0.2), exp(0.015), exp(0.9)
    expect(perplexity([-0.1, -0.2, -0.3])).toBeCloseTo(1.221, 3);
    expect(perplexity([-0.01, -0.02])).toBeCloseTo(1.015, 3);
    expect(perplexity([-1, -0.8])).toBeCloseTo(2.46, 3);
  });

  test("does not underflow on long actions", () => {
    // Σ = −150; exp(Σ) is 0 in float32, the mean is −0.5.
    expect(perplexity(new Float32Array(300).fill(-0.5))).toBeCloseTo(Math.exp(0.5), 6);
  });
});

describe("statistics", () => {
  test("mean, variance with n − 1, standard error", () => {
    // 1, 2, 3, 6: mean 3, squares 4 + 1 + 0 + 9 = 14, variance 14/3, standard error √(14/3/4)
    expect(mean([1, 2, 3, 6])).toBe(3);
    expect(variance([1, 2, 3, 6])).toBeCloseTo(14 / 3, 12);
    expect(standardError([1, 2, 3, 6])).toBeCloseTo(Math.sqrt(14 / 12), 12);
    expect(standardError([1])).toBeNull();
  });

  test("the paper's 42.4 % of 165 has a standard error of 3.8 points", () => {
    expect(100 * rateStandardError(70, 165)).toBeCloseTo(3.85, 2);
  });

  test("the error of a rate is never 0, and never smaller than the plain one", () => {
    // 0 of 60: p̃ = 1/62, √(1/62 · 61/62 / 60) = 0.01626
    expect(rateStandardError(0, 60)).toBeCloseTo(0.01626, 5);
    expect(rateStandardError(60, 60)).toBeCloseTo(rateStandardError(0, 60), 12);
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (k, rest) => {
        fc.pre(k + rest > 0);
        const [n, p] = [k + rest, k / (k + rest)];
        const error = rateStandardError(k, n);
        return error > 0 && error >= Math.sqrt((p * (1 - p)) / n) - 1e-12;
      }),
    );
  });

  test("explained variance is 1 for the truth, 0 for a constant, negative for worse", () => {
    expect(explainedVariance([0, 1, 1], [0, 1, 1])).toBe(1);
    expect(explainedVariance([0.3, 0.3, 0.3], [0, 1, 1])).toBeCloseTo(0, 12);
    // targets − predictions = −1, 1, 1… of predictions 1 − t: variance 4 times that of the targets
    expect(explainedVariance([1, 0, 0], [0, 1, 1])).toBeCloseTo(-3, 12);
    expect(explainedVariance([0.1, 0.9], [1, 1])).toBeNull();
  });

  test("a paired difference has the spread of the differences, not of the values", () => {
    // differences 1, 1, 1: no spread although the values differ widely
    expect(pairedDifference([1, 51, 101], [0, 50, 100])).toEqual({ mean: 1, standardError: 0 });
  });

  test("quantiles interpolate", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([5], 0.7)).toBe(5);
  });

  test("filtered BC keeps the successes of 0/1 returns and the upper part of graded ones", () => {
    expect(filteredBcKeep([0, 1, 0, 0, 0])).toEqual([false, true, false, false, false]);
    expect(filteredBcKeep([0, 0, 0])).toEqual([false, false, false]);
    expect(filteredBcKeep([1, 1, 1])).toEqual([true, true, true]);
    // 0.7 of 4 steps between 0.1 … 0.5 is 0.38
    expect(filteredBcKeep([0.1, 0.2, 0.3, 0.4, 0.5])).toEqual([false, false, false, true, true]);
  });
});

describe("classification", () => {
  const probabilities = [0.9, 0.8, 0.3, 0.6, 0.1];
  const outcomes: (0 | 1)[] = [1, 1, 1, 0, 0];

  test("confusion, accuracy, precision, recall", () => {
    expect(confusionMatrix(probabilities, outcomes)).toEqual({
      truePositives: 2,
      falsePositives: 1,
      trueNegatives: 1,
      falseNegatives: 1,
    });
    const report = classificationReport(probabilities, outcomes);
    expect(report.accuracy).toBeCloseTo(3 / 5, 12);
    expect(report.precision).toBeCloseTo(2 / 3, 12);
    expect(report.recall).toBeCloseTo(2 / 3, 12);
    // (0.01 + 0.04 + 0.49 + 0.36 + 0.01)/5
    expect(report.brier).toBeCloseTo(0.182, 12);
    // Pairs (success, failure): 0.9>0.6, 0.9>0.1, 0.8>0.6, 0.8>0.1, 0.3<0.6, 0.3>0.1: 5 of 6
    expect(report.auc).toBeCloseTo(5 / 6, 12);
  });

  test("precision and recall are null where they are not defined", () => {
    expect(classificationReport([0.1], [0])).toMatchObject({ precision: null, recall: null, auc: null });
    // A judge with a threshold of its own is measured by what it decided.
    expect(classificationReport([0.6, 0.9], [0, 1], [false, true])).toMatchObject({
      accuracy: 1,
      precision: 1,
    });
  });

  test("calibration: two bins by hand", () => {
    // (0, 0.5]: 0.2 and 0.4, one success: rate 0.5, mean 0.3; (0.5, 1]: 0.9, a success: rate 1, mean 0.9
    const bins = calibrationBins([0.2, 0.4, 0.9], [0, 1, 1], 2);
    expect(bins.map((b) => [b.count, b.rate])).toEqual([
      [2, 0.5],
      [1, 1],
    ]);
    // ECE = 2/3·0.2 + 1/3·0.1
    expect(classificationReport([0.2, 0.4, 0.9], [0, 1, 1]).calibrationError).toBeCloseTo(0.9 / 3, 9);
  });

  test("every probability falls into exactly one bin", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (p) => {
        const bins = calibrationBins(
          p,
          p.map(() => 1 as const),
        );
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(p.length);
      }),
    );
  });

  test("ties count half in the AUC", () => {
    expect(areaUnderCurve([0.5, 0.5], [1, 0])).toBe(0.5);
  });
});

describe("collapse", () => {
  const half: (0 | 1)[] = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1];

  test("a model that says the same of everything has collapsed", () => {
    expect(collapse(repeat(10, 0.7), half)).toMatchObject({ kind: "constant" });
  });

  test("so has one that says NO to everything without ranking", () => {
    const p = [0.1, 0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.1, 0.2, 0.3];
    expect(collapse(p, half)).toMatchObject({ kind: "one_sided" });
  });

  test("one that ranks well below one half has not, nor one whose truth does not vary", () => {
    expect(
      collapse(
        half.map((o) => (o === 1 ? 0.4 : 0.1)),
        half,
      ),
    ).toBeNull();
    expect(collapse(repeat(10, 0.9), repeat(10, 1 as const))).toBeNull();
  });

  test("NaN is a collapse however few examples there are", () => {
    expect(collapse([Number.NaN], [1])).toMatchObject({ kind: "not_finite" });
  });
});
