import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  digirlAdvantages,
  keepByDigirl,
  monteCarloAdvantages,
  officialAdvantages,
  returns,
  webrlAdvantages,
} from "./advantage.ts";
import type { Outcome } from "./advantage.ts";

const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 });
const outcome = fc.constantFrom<Outcome>(0, 1);

function expectClose(got: readonly number[], want: readonly number[]) {
  expect(got).toHaveLength(want.length);
  want.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
}

describe("WebRL's advantage (equation 9)", () => {
  test("gives the reference's vectors", () => {
    // λ = 0.5, success: 0.5(0.6 − 0.4) + 0.5(1 − 0.4) = 0.40; 0.5(0.7 − 0.6) + 0.5(1 − 0.6) = 0.25; 1 − 0.7 = 0.30
    expectClose(webrlAdvantages([0.4, 0.6, 0.7], 1), [0.4, 0.25, 0.3]);
    // failure: 0.5·0.2 − 0.5·0.4 = −0.10; 0.5·0.1 − 0.5·0.6 = −0.25; −0.70
    expectClose(webrlAdvantages([0.4, 0.6, 0.7], 0), [-0.1, -0.25, -0.7]);
  });

  test("with λ = 1 the steps' advantages sum to outcome − V(s₀), with λ = 0 each is outcome − V", () => {
    fc.assert(
      fc.property(values, outcome, (v, r) => {
        const sum = webrlAdvantages(v, r, 1).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(r - v[0]!, 9);
        expectClose(
          webrlAdvantages(v, r, 0),
          v.map((value) => r - value),
        );
      }),
    );
  });

  test("refuses values that are not probabilities", () => {
    expect(() => webrlAdvantages([1.2], 1)).toThrow("not in [0, 1]");
    expect(() => webrlAdvantages([Number.NaN], 1)).toThrow("not in [0, 1]");
    expect(() => webrlAdvantages([], 1)).toThrow("without steps");
  });
});

describe("the published code's advantage", () => {
  test("gives the reference's vectors", () => {
    expectClose(officialAdvantages([0.4, 0.6, 0.7], 0.7, 1), [1, 1, 1]);
    // 0.6 − 0.4 − 0.05; 0.7 − 0.6 − 0.05; 0.7 − 0.7 − 0.05
    expectClose(officialAdvantages([0.4, 0.6, 0.7], 0.7, 0), [0.15, 0.05, -0.05]);
  });

  test("sums the outcomes without a discount, too", () => {
    // mc = 3, 2, 1, cut at 1; a failure has none.
    expectClose(officialAdvantages([0.4, 0.6, 0.7], 0.7, 1, 1), [1, 1, 1]);
    expectClose(officialAdvantages([0.4, 0.6, 0.7], 0.7, 0, 1), [0.15, 0.05, -0.05]);
  });

  test("makes every step of a success a positive, whatever the critic says", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (v, last) => {
        // The worst case is V(s') − V(s) = −1: −1 − 0.05 + 1 + mc ≥ 1 gives 0.95.
        for (const advantage of officialAdvantages(v, last, 1))
          expect(advantage).toBeGreaterThanOrEqual(0.95 - 1e-9);
      }),
    );
  });
});

describe("baselines' advantages", () => {
  test("the return of a success falls backwards by the discount", () => {
    expectClose(returns(3, 1, 0.9), [0.81, 0.9, 1]);
    expectClose(returns(3, 0, 0.9), [0, 0, 0]);
    expectClose(monteCarloAdvantages([0.5, 0.5, 0.5], 1, 0.9), [0.31, 0.4, 0.5]);
  });

  test("DigiRL trusts the outcome at the end and the critic far from it", () => {
    // λ = 0.5, success, V = [0.4, 0.6, 0.7]:
    // h=1: 0.25·1 + 0.75·(0.6 − 0.4) = 0.40; h=2: 0.5·1 + 0.5·(0.7 − 0.6) = 0.55; h=3: 1·1 + 0 = 1
    expectClose(digirlAdvantages([0.4, 0.6, 0.7], 1), [0.4, 0.55, 1]);
    // failure: 0.75·0.2 = 0.15; 0.5·0.1 = 0.05; 0
    expectClose(digirlAdvantages([0.4, 0.6, 0.7], 0), [0.15, 0.05, 0]);
  });

  test("DigiRL keeps steps above 1/H and ranks trajectories by surprise", () => {
    expect(keepByDigirl([0.4, 0.3, 1])).toEqual([true, false, true]);
  });
});
