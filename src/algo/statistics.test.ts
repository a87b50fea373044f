import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  explainedVariance,
  mean,
  pairedDifference,
  passAtK,
  rateStandardError,
  standardError,
  standardize,
  variance,
} from "./statistics.ts";

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

  test("pass@k is the share of all choices of k attempts that hold a success", () => {
    // 2 of 4 succeed: of the 6 pairs only the one of both failures has none.
    expect(passAtK(4, 2, 2)).toBeCloseTo(5 / 6, 12);
    expect(passAtK(4, 2, 1)).toBeCloseTo(0.5, 12);
    expect(passAtK(4, 2, 3)).toBe(1);
    expect(passAtK(8, 0, 8)).toBe(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(10), fc.integer({ min: 1, max: 10 }), (n, c, k) => {
        fc.pre(c <= n && k <= n);
        const choices = Array.from({ length: 2 ** n }, (_, bits) => bits).filter(
          (bits) => bits.toString(2).replaceAll("0", "").length === k,
        );
        const good = choices.filter((bits) => (bits & (2 ** c - 1)) !== 0).length;
        return Math.abs(passAtK(n, c, k) - good / choices.length) < 1e-9;
      }),
    );
    expect(() => passAtK(4, 2, 5)).toThrow("pass@5 of 4 attempts");
  });

  test("standardised values have mean 0 and deviation 1, equal ones are 0", () => {
    const values = standardize([1, 2, 3, 6]);
    expect(mean(values)).toBeCloseTo(0, 12);
    expect(variance(values)).toBeCloseTo(1, 12);
    expect(standardize([0.3, 0.3])).toEqual([0, 0]);
    expect(standardize([])).toEqual([]);
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
});
