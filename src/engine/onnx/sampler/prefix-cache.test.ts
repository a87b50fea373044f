import { describe, expect, it } from "vitest";

import { PrefixCache } from "./prefix-cache.ts";

/** 800 bytes per entry. */
const entry = (...tokens_T: number[]) => ({
  tokens_T,
  layers: [{ keysTransposed: new Float32Array(100), values: new Float32Array(100) }],
});

describe("PrefixCache", () => {
  it("finds the longest common beginning", () => {
    const cache = new PrefixCache(1e6);
    cache.add(entry(1, 2, 3, 4));
    cache.add(entry(1, 2, 9));
    expect(cache.find([1, 2, 3, 7])).toMatchObject({ shared: 3, entry: { tokens_T: [1, 2, 3, 4] } });
    expect(cache.find([1, 2, 9])).toMatchObject({ shared: 3, entry: { tokens_T: [1, 2, 9] } });
    expect(cache.find([5])).toBeNull();
  });

  it("drops what was used longest ago once the memory is full", () => {
    const cache = new PrefixCache(1700);
    cache.add(entry(1));
    cache.add(entry(2));
    cache.find([1, 5]);
    cache.add(entry(3));
    expect(cache.find([2])).toBeNull();
    expect(cache.find([1])).not.toBeNull();
    expect(cache.find([3])).not.toBeNull();
  });

  it("a longer prompt replaces its own beginning, and nothing is kept without a budget", () => {
    const cache = new PrefixCache(1700);
    cache.add(entry(7));
    cache.add(entry(1, 2));
    cache.add(entry(1, 2, 3));
    expect(cache.find([7])).not.toBeNull();
    const none = new PrefixCache(0);
    none.add(entry(1));
    expect(none.find([1])).toBeNull();
  });
});
