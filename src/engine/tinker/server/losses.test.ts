import fc from "fast-check";
import { expect, it } from "vitest";
import { chooseLoss, lossOf, LOSSES } from "./losses.ts";

const value = fc.double({ min: -2, max: 2, noNaN: true });
const row = fc.record({
  l: fc.double({ min: -5, max: -0.1, noNaN: true }),
  w: value,
  old: fc.double({ min: -5, max: -0.1, noNaN: true }),
  a: value,
});

it.each(Object.keys(LOSSES))(
  "the gradient of %s is the derivative of its value, away from the corners of clipping",
  (name) => {
    const { term } = chooseLoss(name, name === "dro" ? { beta: 0.3 } : {});
    fc.assert(
      fc.property(row, ({ l, w, old, a }) => {
        const r = Math.exp(l - old);
        fc.pre([0.8, 1.2, 4].every((corner) => Math.abs(r - corner) > 1e-3));
        const h = 1e-6;
        const [, gradient] = term(l, w, old, a);
        // cispo stops the gradient at the ratio: it is held here as well.
        const at = (x: number) => term(x, w, name === "cispo" ? old + (x - l) : old, a)[0];
        const numeric = (at(l + h) - at(l - h)) / (2 * h);
        expect(Math.abs(numeric - gradient)).toBeLessThan(1e-4 * (1 + Math.abs(gradient)));
      }),
      { seed: 1 },
    );
  },
);

it("losses are sums over tokens and datums, by hand", () => {
  const inputs = { weights_BN: [[1, 0.5], [1]], old_BN: [[-1, -2], [-1]], advantages_BN: [[2, -1], [1]] };
  const logprobs = [Float32Array.of(-1, -1), Float32Array.of(-2)];
  const of = (name: string, config = {}) => lossOf(chooseLoss(name, config).term, inputs)(logprobs);
  // 1·1 + 0.5·1 + 1·2
  expect(of("cross_entropy").loss).toBe(3.5);
  // −(1·2) + 0.5·e − e⁻¹
  expect(of("importance_sampling").loss).toBeCloseTo(-2 + 0.5 * Math.E - 1 / Math.E, 6);
  // The ratio e of the second is bounded only where that makes the loss larger: its advantage is negative, so it is
  // not. e⁻¹ of the third is below 0.8, and its advantage positive: the smaller term e⁻¹ counts.
  expect(of("ppo").loss).toBeCloseTo(-2 + 0.5 * Math.E - 1 / Math.E, 6);
  expect(of("ppo", { clip_low_threshold: 0.9, clip_high_threshold: 1.1 }).gradients_BN[0]![0]).toBe(-2);
  // ℓ·A·clip(r, 0, 4): −(−1·2·1) − 0.5·(−1·−1·e) − (−2·1·e⁻¹)
  expect(of("cispo").loss).toBeCloseTo(2 - 0.5 * Math.E + 2 / Math.E, 6);
  // −(−2 − 0) − 0.5·(1 − ½·0.3·1) − (−2 − ½·0.3·1)
  expect(of("dro", { beta: 0.3 }).loss).toBeCloseTo(2 - 0.5 * (1 - 0.15) + 2 + 0.15, 6);
});
