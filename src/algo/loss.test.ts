import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LossGradient } from "../core/engine.ts";
import {
  answerProbability,
  awrWeights,
  criticLoss,
  klEstimate,
  officialLoss,
  reinforceLoss,
  webrlLoss,
  weightedSftLoss,
} from "./loss.ts";

type Callback = (logprobs_BN: Float32Array[]) => LossGradient;
const run = (loss: unknown, rows: number[][]) =>
  (loss as Callback)(rows.map((row) => Float32Array.from(row)));

/** Compares the closed form with central differences. Log-probabilities are float32, so steps are coarse. */
function expectGradient(loss: unknown, rows: number[][], tolerance = 2e-3) {
  const { gradients_BN } = run(loss, rows);
  const h = 1 / 256;
  rows.forEach((row, b) =>
    row.forEach((_, n) => {
      const shifted = (by: number) =>
        run(
          loss,
          rows.map((other, i) => other.map((value, k) => (i === b && k === n ? value + by : value))),
        ).loss;
      const numeric = (shifted(h) - shifted(-h)) / (2 * h);
      expect(Math.abs(gradients_BN[b]![n]! - numeric)).toBeLessThan(tolerance * (1 + Math.abs(numeric)));
    }),
  );
}

// Multiples of 1/64 are exact in float32, and so are their sums.
const logprob = fc.integer({ min: -256, max: 0 }).map((n) => n / 64);
const batch = fc.array(
  fc.record({
    row: fc.array(fc.tuple(logprob, logprob), { minLength: 1, maxLength: 5 }),
    advantage: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  { minLength: 1, maxLength: 4 },
);
const split = (samples: { row: [number, number][]; advantage: number }[]) => ({
  rows: samples.map(({ row }) => row.map(([logprob_]) => logprob_)),
  ref_BN: samples.map(({ row }) => row.map(([, ref]) => ref)),
  advantages_B: samples.map(({ advantage }) => advantage),
});

describe("WebRL's actor loss (equation 6)", () => {
  test("is the squared distance of β times the log-ratio from the advantage", () => {
    // x = (−1 + 2) + (−1 + 1) = 1, β = 0.5, A = 0.25: (0.5 − 0.25)² = 0.0625; gradient 2·0.5·0.25 = 0.25 per token
    const one = run(webrlLoss({ ref_BN: [[-2, -1]], advantages_B: [0.25], beta: 0.5 }), [[-1, -1]]);
    expect(one.loss).toBeCloseTo(0.0625, 9);
    expect([...one.gradients_BN[0]!]).toEqual([0.25, 0.25]);
  });

  test("a mean over the batch: two equal samples give the loss of one and half its gradient each", () => {
    const two = run(webrlLoss({ ref_BN: [[-2], [-2]], advantages_B: [1, 1], beta: 1 }), [[-2], [-2]]);
    // x = 0, A = 1: loss 1, gradient 2·(0 − 1)/2 = −1
    expect(two.loss).toBeCloseTo(1, 9);
    expect(two.gradients_BN.map((row) => row[0])).toEqual([-1, -1]);
  });

  test("its gradient agrees with finite differences", () => {
    fc.assert(
      fc.property(batch, fc.constantFrom(0.1, 0.5, 1), (samples, beta) => {
        const { rows, ref_BN, advantages_B } = split(samples);
        expectGradient(webrlLoss({ ref_BN, advantages_B, beta }), rows);
      }),
      { numRuns: 40 },
    );
  });

  test("at π_θ = π_ref it is −2βA: up where the advantage is positive, down where it is negative", () => {
    fc.assert(
      fc.property(batch, (samples) => {
        const { ref_BN, advantages_B } = split(samples);
        const { gradients_BN } = run(webrlLoss({ ref_BN, advantages_B, beta: 0.3 }), ref_BN);
        gradients_BN.forEach((row, b) =>
          row.forEach((g) => expect(g).toBeCloseTo((-2 * 0.3 * advantages_B[b]!) / ref_BN.length, 6)),
        );
      }),
    );
  });

  test("vanishes where β·x = A: the KL constraint holds the policy there", () => {
    const { loss, gradients_BN } = run(webrlLoss({ ref_BN: [[-1.5]], advantages_B: [0.25], beta: 0.5 }), [
      [-1],
    ]);
    expect(loss).toBe(0);
    expect(gradients_BN[0]![0]).toBe(0);
  });

  test("parts of a batch with the whole's normalizer sum to the whole", () => {
    const rows = [[-1], [-0.5, -2], [-3]];
    const ref_BN = [[-1.5], [-1, -1], [-2]];
    const advantages_B = [0.5, -0.5, 0.1];
    const whole = run(webrlLoss({ ref_BN, advantages_B, beta: 1 }), rows).loss;
    const parts = rows.map(
      (row, b) =>
        run(webrlLoss({ ref_BN: [ref_BN[b]!], advantages_B: [advantages_B[b]!], beta: 1, normalizer: 3 }), [
          row,
        ]).loss,
    );
    expect(parts.reduce((a, b) => a + b)).toBeCloseTo(whole, 6);
  });

  test("a reference of another length is a bug", () => {
    expect(() => run(webrlLoss({ ref_BN: [[-1]], advantages_B: [1], beta: 1 }), [[-1, -1]])).toThrow(
      "invariant",
    );
  });
});

describe("the published code's loss", () => {
  // Reference §7: (x, p̄_ref) → loss, dL/dx, with A = +1 and one token.
  test.each([
    [-0.2, 0.6, 0.7, -1],
    [0, 0.6, 0.5, -1],
    [0.5, 0.6, 0.125, -0.5],
    [2, 0.6, 0, 0],
    [0.1, 0.9, 0.025, -0.5],
    [0.3, 0.9, 0, 0],
  ])("x = %d where the reference says p = %d", (x, p, loss, slope) => {
    const ref = Math.log(p);
    const got = run(officialLoss({ ref_BN: [[ref]], advantages_B: [1] }), [[ref + x]]);
    expect(got.loss).toBeCloseTo(loss, 5);
    expect(got.gradients_BN[0]![0]).toBeCloseTo(slope, 5);
  });

  test("negative advantages contribute exactly nothing, but count in the mean", () => {
    const got = run(officialLoss({ ref_BN: [[-1], [-1]], advantages_B: [-0.1, 0.1] }), [[-1], [-1]]);
    expect([...got.gradients_BN[0]!]).toEqual([0]);
    expect(got.loss).toBeCloseTo(0.25, 9);
    expect(got.gradients_BN[1]![0]).toBeCloseTo(-0.5, 9);
  });

  test("its gradient agrees with finite differences where β does not depend on x", () => {
    fc.assert(
      fc.property(batch, (samples) => {
        // β = β₀ while |x̄| < 1/β₀, and β₀ ≤ 5: log-ratios of ±1/8 lie on both branches of SmoothL1.
        const { ref_BN, advantages_B } = split(samples);
        for (const by of [-0.125, 0.125])
          expectGradient(
            officialLoss({ ref_BN, advantages_B }),
            ref_BN.map((row) => row.map((ref) => ref + by)),
          );
      }),
      { numRuns: 40 },
    );
  });
});

describe("weighted likelihood", () => {
  test("weight 1 is SFT, weight 0 leaves a sample out", () => {
    const got = run(weightedSftLoss({ weights_B: [1, 0] }), [[-1, -2], [-5]]);
    expect(got.loss).toBeCloseTo(3 / 2, 9);
    expect(got.gradients_BN.map((row) => [...row])).toEqual([[-0.5, -0.5], [0]]);
  });

  test("its gradient agrees with finite differences, for negative weights too", () => {
    fc.assert(
      fc.property(batch, (samples) => {
        const { rows, advantages_B } = split(samples);
        expectGradient(weightedSftLoss({ weights_B: advantages_B }), rows);
        expectGradient(reinforceLoss({ advantages_B }), rows);
      }),
      { numRuns: 30 },
    );
  });

  test("AWR's weights are exp(A/τ), bounded", () => {
    expect(awrWeights([0, 2, -1], 0.5)).toEqual([1, 20, Math.exp(-2)]);
  });
});

describe("critic loss (equation 8)", () => {
  test("is the cross-entropy of the outcome against V = P(YES)/(P(YES)+P(NO))", () => {
    // P(YES) = 0.3, P(NO) = 0.1: V = 0.75; success −ln 0.75, failure −ln 0.25
    const row = [Math.log(0.3), Math.log(0.1)];
    expect(answerProbability(row)).toBeCloseTo(0.75, 9);
    const success = run(criticLoss({ outcomes_B: [1] }), [row]);
    expect(success.loss).toBeCloseTo(-Math.log(0.75), 6);
    expect(success.gradients_BN[0]![0]).toBeCloseTo(-0.25, 6);
    expect(success.gradients_BN[0]![1]).toBeCloseTo(0.25, 6);
    expect(run(criticLoss({ outcomes_B: [0] }), [row]).loss).toBeCloseTo(-Math.log(0.25), 6);
  });

  test("its gradient agrees with finite differences, weights and soft targets included", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            logprob,
            logprob,
            fc.double({ min: 0, max: 1, noNaN: true }),
            fc.double({ min: 0, max: 3, noNaN: true }),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        (samples) =>
          expectGradient(
            criticLoss({ outcomes_B: samples.map((s) => s[2]), weights_B: samples.map((s) => s[3]) }),
            samples.map(([yes, no]) => [yes, no]),
          ),
      ),
    );
  });

  test("stays finite however sure the model is", () => {
    const got = run(criticLoss({ outcomes_B: [1, 0] }), [
      [-900, 0],
      [0, -900],
    ]);
    expect(got.loss).toBeCloseTo(900, 3);
    expect(got.gradients_BN.flatMap((row) => [...row])).toEqual([-0.5, 0.5, 0.5, -0.5]);
    expect(answerProbability([-Infinity, 0])).toBe(0);
    expect(answerProbability([-Infinity, -Infinity])).toBe(0.5);
    expect(() => answerProbability([Number.NaN, 0])).toThrow("not a number");
  });
});

describe("the estimate of KL(π_ref ‖ π_θ)", () => {
  test("is never negative, and 0 where nothing moved", () => {
    const tokens = fc.array(fc.double({ min: -20, max: 0, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(tokens, tokens), { minLength: 1 }),
        (rows) =>
          klEstimate(
            rows.map(([logprobs_N]) => logprobs_N),
            rows.map(([, ref_N]) => ref_N),
          ) >= 0,
      ),
    );
    expect(klEstimate([[-1, -2], [-3]], [[-1, -2], [-3]])).toBe(0);
    expect(() => klEstimate([[-1, -2]], [[-1]])).toThrow("2 log-probabilities, 1 of the reference");
  });

  test("agrees with the sum over a distribution of actions, whose second token depends on the first", () => {
    const reference = { "0": 0.5, "1": 0.5, "00": 0.8, "01": 0.2, "10": 0.4, "11": 0.6 };
    const policy = { "0": 0.25, "1": 0.75, "00": 0.5, "01": 0.5, "10": 0.1, "11": 0.9 };
    const actions = ["00", "01", "10", "11"] as const;
    const tokens = (action: (typeof actions)[number]) => [action[0] as "0" | "1", action] as const;
    const exact = actions
      .map((action) => {
        const [p, q] = [reference, policy].map((of) =>
          tokens(action).reduce((product, token) => product * of[token], 1),
        );
        return p! * Math.log(p! / q!);
      })
      .reduce((sum, term) => sum + term);
    // Each action as often as π_ref takes it.
    const sampled = actions.flatMap((action) => {
      const [first, second] = tokens(action).map((token) => reference[token]);
      return Array.from({ length: Math.round(10 * first! * second!) }, () => action);
    });
    expect(sampled).toHaveLength(10);
    const rows = (of: typeof reference) =>
      sampled.map((action) => tokens(action).map((token) => Math.log(of[token])));
    expect(klEstimate(rows(policy), rows(reference))).toBeCloseTo(exact, 12);
  });

  test("is not decided by one action that became far likelier", () => {
    const ref = Array.from({ length: 5 }, () => -2);
    expect(klEstimate([ref.map(() => 0)], [ref])).toBeCloseTo(5 * (Math.exp(2) - 3), 9);
  });
});
