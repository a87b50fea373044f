import { describe, expect, it } from "vitest";
import { compareOutcomes } from "./compare.ts";

/** A row a seed; every task is of a kind of its own unless `kinds` says otherwise. */
const outcomes = (...seeds: string[]) => ofKinds("abcdefgh", ...seeds);
const ofKinds = (kinds: string, ...seeds: string[]) =>
  new Map(
    seeds.map((row, seed) => [
      seed,
      new Map(Array.from(row).map((c, task) => [`task-${task}`, { success: c === "1", kind: kinds[task]! }])),
    ]),
  );

describe("two methods on the same tasks and seeds", () => {
  it("takes differences in pairs, over tasks and over seeds", () => {
    const found = compareOutcomes(outcomes("1111", "1100"), outcomes("1100", "1000"))!;
    // By seed: 2/4 and 1/4. By task: 0, 1/2, 1/2, 1/2.
    expect(found.mean).toBeCloseTo(0.375, 12);
    expect(found.overSeeds).toBeCloseTo(0.125, 12);
    expect(found.overTasks).toBeCloseTo(0.125, 12);
    // Every kind has one task.
    expect(found.overKinds).toBeCloseTo(0.125, 12);
    expect(found.standardError).toBeCloseTo(Math.hypot(0.125, 0.125), 12);
  });

  it("is sure of what always differs alike, whatever the tasks' difficulty", () => {
    const found = compareOutcomes(outcomes("1010", "1010"), outcomes("1010", "1010"))!;
    expect(found).toEqual({ mean: 0, overTasks: 0, overKinds: 0, overSeeds: 0, standardError: 0 });
  });

  it("does not take tasks of one kind for independent", () => {
    const [one, other] = [
      ofKinds("aaaabbbb", "11110000", "11110000"),
      ofKinds("aaaabbbb", "00000000", "00000000"),
    ];
    const found = compareOutcomes(one, other)!;
    expect(found.mean).toBe(0.5);
    // Two kinds with differences 1 and 0: s = √½, over √2.
    expect(found.overKinds).toBeCloseTo(0.5, 12);
    expect(found.overTasks).toBeLessThan(0.2);
    expect(found.standardError).toBeCloseTo(0.5, 12);
    expect(compareOutcomes(ofKinds("aaaa", "1100"), ofKinds("aaaa", "1000"))!.overKinds).toBeNull();
  });

  it("compares only what both have, and says nothing of the spread of one seed", () => {
    const found = compareOutcomes(outcomes("11", "10"), outcomes("100"))!;
    expect(found.mean).toBeCloseTo(0.5, 12);
    expect(found.overSeeds).toBeNull();
    expect(found.standardError).toBeNull();
    expect(compareOutcomes(outcomes("1"), new Map())).toBeNull();
  });
});
