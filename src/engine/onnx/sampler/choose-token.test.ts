import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { chooseToken, inverseTemperature, type ChoiceOptions, type Distribution } from "./choose-token.ts";

/** Logits whose softmax at temperature 1 is exactly these probabilities. */
const logits = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);
/** What the graphs give for these logits. */
function distribution(logits_V: Float32Array, temperature: number): Distribution {
  const max = Math.max(...logits_V);
  const sum = (factor: number) => logits_V.reduce((s, x) => s + Math.exp((x - max) * factor), 0);
  const inverse = inverseTemperature(temperature);
  return {
    logits_V,
    probabilities_V: logits_V.map((x) => Math.exp((x - max) * inverse) / sum(inverse)),
    logSum: max + Math.log(sum(1)),
  };
}
function choose(logits_V: Float32Array, options: Partial<ChoiceOptions>, draw: () => number) {
  const all = { temperature: 1, ...options };
  return chooseToken(distribution(logits_V, all.temperature), all, draw);
}
const token = (logits_V: Float32Array, options: object, uniform: number) =>
  choose(logits_V, options, () => uniform).token;

describe("chooseToken", () => {
  it("greedy takes the most likely, the lower id among equals, and draws nothing", () => {
    const never = () => {
      throw new Error("drawn");
    };
    expect(choose(logits(0.2, 0.4, 0.4), { temperature: 0 }, never).token).toBe(1);
  });

  it("inverts the cumulative probabilities", () => {
    // Cumulative: 0.1, 0.6, 1.
    const p = logits(0.1, 0.5, 0.4);
    expect([0, 0.0999, 0.1001, 0.5999, 0.6001, 0.9999].map((u) => token(p, {}, u))).toEqual([
      0, 0, 1, 1, 2, 2,
    ]);
  });

  it("temperature 2 takes square roots of probabilities: √0.64 : √0.04 = 0.8 : 0.2", () => {
    const p = logits(0.64, 0.04);
    expect([0.799, 0.801].map((u) => token(p, { temperature: 2 }, u))).toEqual([0, 1]);
  });

  it("top-k keeps the k most likely; top-p the smallest set that reaches p", () => {
    const p = logits(0.1, 0.5, 0.15, 0.25);
    // k = 2 keeps 0.5 and 0.25: cumulative 2/3, 1.
    expect([0.66, 0.67].map((u) => token(p, { topK: 2 }, u))).toEqual([1, 3]);
    // p = 0.7 needs 0.5 + 0.25; p = 0.5 needs 0.5 alone; p = 0.76 needs 0.15 as well.
    expect([0, 0.66, 0.67, 0.9999].map((u) => token(p, { topP: 0.7 }, u))).toEqual([1, 1, 3, 3]);
    expect(token(p, { topP: 0.499 }, 0.9999)).toBe(1);
    expect(new Set([0.01, 0.6, 0.99].map((u) => token(p, { topP: 0.76 }, u)))).toEqual(new Set([1, 2, 3]));
  });

  it("the log-probability is that of temperature 1 without cuts", () => {
    const { logprob } = choose(logits(0.25, 0.75), { temperature: 0.1, topK: 1 }, () => 0.5);
    expect(logprob).toBeCloseTo(Math.log(0.75), 6);
  });

  it("never takes a token of probability 0", () => {
    const p = Float32Array.of(-Infinity, 0, -Infinity);
    for (const uniform of [0, 0.5, 1 - 2 ** -32]) expect(token(p, {}, uniform)).toBe(1);
  });

  it("the nucleus is the smallest set of most likely tokens that reaches topP", () => {
    const cases = fc.tuple(
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 40 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
    );
    fc.assert(
      fc.property(cases, ([weights, topP]) => {
        const sum = weights.reduce((a, b) => a + b, 0);
        const order = weights.map((_, v) => v).toSorted((a, b) => weights[b]! - weights[a]! || a - b);
        const p = logits(...weights.map((weight) => weight / sum));
        const seen = new Set(Array.from({ length: 200 }, (_, i) => token(p, { topP }, i / 200)));
        let cumulative = 0;
        const nucleus = new Set<number>();
        // A hair's breadth of slack for the f32 logits.
        for (const v of order) {
          if (cumulative >= topP + 1e-5) break;
          nucleus.add(v);
          cumulative += weights[v]! / sum;
        }
        for (const v of seen) expect(nucleus.has(v)).toBe(true);
      }),
    );
  });

  it("refuses NaN and infinity", () => {
    for (const bad of [Number.NaN, Infinity])
      expect(() => choose(Float32Array.of(0, bad), { temperature: 1 }, () => 0)).toThrow(/NaN or infinity/);
  });
});
