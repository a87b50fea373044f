import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mean, variance } from "../algo/statistics.ts";
import type { Rng } from "./rng.ts";
import { createRng, hash32 } from "./rng.ts";

const draw = (count: number, rng: Rng) => Array.from({ length: count }, () => rng.next());

describe("seeded randomness", () => {
  test("gives the same numbers for the same seed, here and in every version", () => {
    const numbers = () => draw(4, createRng("seed"));
    expect(numbers()).toEqual(numbers());
    // Runs, splits and shipped models were made with these.
    expect(numbers().map((n) => n.toFixed(9))).toMatchInlineSnapshot(`
      [
        "0.068303256",
        "0.351242101",
        "0.069753091",
        "0.887152501",
      ]
    `);
    expect([hash32(""), hash32("webrl"), hash32("WebRL")]).toMatchInlineSnapshot(`
      [
        2872998923,
        1135584748,
        1749180197,
      ]
    `);
    expect(createRng(1).shuffle([1, 2, 3, 4, 5, 6])).toMatchInlineSnapshot(`
      [
        1,
        5,
        6,
        4,
        3,
        2,
      ]
    `);
    expect(draw(4, createRng("seed"))).not.toEqual(draw(4, createRng("seeds")));
  });

  test("a number and its text are one seed", () => {
    expect(createRng(7).next()).toBe(createRng("7").next());
  });

  test("a fork depends on its label only, not on what was drawn before", () => {
    const fresh = createRng(3);
    const used = createRng(3);
    draw(10, used);
    expect(used.fork("a").next()).toBe(fresh.fork("a").next());
    expect(fresh.fork("a").next()).not.toBe(fresh.fork("b").next());
    // Forks of forks are streams of their own, too.
    expect(fresh.fork("a").fork("b").next()).not.toBe(fresh.fork("a/").fork("b").next());
  });

  test("next and int stay in their ranges and reach all of them", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const rng = createRng(seed);
        const ints = Array.from({ length: 400 }, () => rng.int(n));
        expect(new Set(ints)).toEqual(new Set(Array.from({ length: n }, (_, i) => i)));
        for (const value of draw(50, rng)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThan(1);
        }
      }),
      { seed: 1, numRuns: 30 },
    );
    expect(() => createRng(1).int(0)).toThrow(RangeError);
    expect(() => createRng(1).int(Number.NaN)).toThrow(RangeError);
  });

  test("uniform numbers have mean 1/2 and variance 1/12, normal ones mean 0 and variance 1", () => {
    const rng = createRng("moments");
    const uniform = draw(20_000, rng);
    // Four standard errors: 4·√(1/12/20000) = 0.008
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.008);
    expect(variance(uniform)).toBeCloseTo(1 / 12, 2);
    const normal = Array.from({ length: 20_000 }, () => rng.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(Math.abs(variance(normal) - 1)).toBeLessThan(0.04);
  });

  test("shuffle gives every order, keeps every item and leaves its argument alone", () => {
    const rng = createRng("orders");
    const items = Object.freeze([1, 2, 3]);
    const orders = new Set(Array.from({ length: 200 }, () => rng.shuffle(items).join("")));
    expect([...orders].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
    expect(items).toEqual([1, 2, 3]);
  });

  test("pick gives one of the items and refuses to pick from none", () => {
    const rng = createRng("pick");
    expect(new Set(Array.from({ length: 60 }, () => rng.pick(["a", "b", "c"])))).toEqual(
      new Set(["a", "b", "c"]),
    );
    expect(() => rng.pick([])).toThrow("empty list");
  });
});
