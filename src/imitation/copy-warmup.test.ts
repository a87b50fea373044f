import { describe, expect, it } from "vitest";
import { createRng } from "../core/rng.ts";
import { copyDatum } from "./copy-warmup.ts";

describe("copy warm-up", () => {
  it("asks only for tokens that follow the same token earlier in the sequence", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { tokens_T, positions_N, targets_N } = copyDatum(96, 2048, createRng(seed));
      expect(positions_N.length).toBeGreaterThan(20);
      positions_N.forEach((position, n) => {
        const target = targets_N[n]!;
        expect(tokens_T[position + 1]).toBe(target);
        const earlier = tokens_T
          .slice(0, position)
          .some((token, at) => token === tokens_T[position] && tokens_T[at + 1] === target);
        expect(earlier).toBe(true);
      });
    }
  });

  it("is as long as asked, at most", () => {
    for (const length of [48, 96, 320])
      expect(copyDatum(length, 100, createRng(1)).tokens_T.length).toBeLessThanOrEqual(length);
  });
});
