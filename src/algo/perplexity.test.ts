import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { perplexity } from "./perplexity.ts";

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

  test("is at least 1, and the number of equally likely actions", () => {
    expect(perplexity([0])).toBe(1);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 20 }), (n, tokens) => {
        const uniform = perplexity(Array.from({ length: tokens }, () => -Math.log(n)));
        expect(uniform).toBeCloseTo(n, 8);
      }),
    );
  });

  test("refuses an action without tokens", () => {
    expect(() => perplexity([])).toThrow("without tokens");
  });
});
