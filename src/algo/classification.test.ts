import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areaUnderCurve,
  calibrationBins,
  classificationReport,
  collapse,
  confusionMatrix,
} from "./classification.ts";

const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

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
    // (0.2, 0.3]: 0.24 and 0.28, one success: rate 0.5, mean 0.26; (0.8, 0.9]: 0.9, a success: rate 1, mean 0.9
    const bins = calibrationBins([0.24, 0.28, 0.9], [0, 1, 1]);
    expect(bins.map((b) => [b.count, b.rate])).toEqual([
      [2, 0.5],
      [1, 1],
    ]);
    // ECE = 2/3·0.24 + 1/3·0.1
    expect(classificationReport([0.24, 0.28, 0.9], [0, 1, 1]).calibrationError).toBeCloseTo(0.58 / 3, 9);
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
