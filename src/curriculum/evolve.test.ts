import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { proposerRules } from "../testing/judge-kit.ts";
import { normaliseInstruction } from "./catalog.ts";
import { createEvolutionPool, createEvolveProposer } from "./evolve.ts";
import type { EvolveOperator } from "./evolve.ts";
import { THINGS, catalog, train, failed, heldOut } from "./testing/shop-catalog.ts";

const propose = (count: number, seed = 1, parents = failed) =>
  createEvolveProposer(catalog).propose(parents, { count, phase: 2, rng: createRng(seed) });

describe("evolve", () => {
  for (const rule of proposerRules(async () => createEvolveProposer(catalog), failed))
    test(rule.name, () => rule.run());

  test("never builds an instruction or parameters of the test or validation split", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 40 }), async (seed, count) => {
        for (const task of await propose(count, seed)) {
          expect(heldOut.has(normaliseInstruction(task.instruction))).toBe(false);
          expect(task.instruction).not.toMatch(/TEST|Secret/);
          const known = catalog.instances(task.templateId!, "train").map((i) => JSON.stringify(i.params));
          expect(known).toContain(JSON.stringify(task.params));
        }
      }),
      { numRuns: 25 },
    );
  });

  test("does not repeat a held-out instruction that other parameters happen to give", async () => {
    const parent = train.find((task) => task.templateId === "shop.any")!;
    const tasks = await propose(60, 1, [parent]);
    const any = tasks.filter((task) => task.templateId === "shop.any");
    expect(any.length).toBeGreaterThan(0);
    const clashing = THINGS.filter((thing) => heldOut.has(`go to any ${thing}`));
    expect(clashing.length).toBeGreaterThan(0);
    for (const thing of clashing)
      expect(any.map((task) => task.instruction)).not.toContain(`Go to any ${thing}`);
  });

  test("grows mostly in the family of the failed task, and every failure has children", async () => {
    const tasks = await propose(24);
    expect(tasks).toHaveLength(24);
    const same = tasks.filter(
      (task) => failed.find((f) => f.id === task.lineage!.parentId)!.templateId === task.templateId,
    );
    expect(same.length).toBeGreaterThan(12);
    expect(same.length).toBeLessThan(24);
    for (const parent of failed) expect(tasks.some((t) => t.lineage!.parentId === parent.id)).toBe(true);
    // A cousin stays on the site.
    for (const task of tasks)
      expect(task.sites).toEqual(failed.find((f) => f.id === task.lineage!.parentId)!.sites);
  });

  test("each operator does what it says", () => {
    const pool = createEvolutionPool(catalog);
    const rng = createRng(3);
    /** Not every task has a child of every kind. */
    const grown = (operator: EvolveOperator) => {
      const pairs = failed.flatMap((parent) =>
        Array.from({ length: 8 }, () => pool.evolve(parent, operator, rng)).flatMap((child) =>
          child === null ? [] : [{ parent, child }],
        ),
      );
      expect(pairs.length).toBeGreaterThan(0);
      return pairs;
    };
    for (const { parent, child } of grown("phrasing"))
      expect(child).toMatchObject({ params: parent.params, newPhrasing: true });
    for (const { parent, child } of grown("cousin")) expect(child.template.id).not.toBe(parent.templateId);
    for (const { parent, child } of grown("crossover")) {
      const shared = Object.entries(child.params).filter(([key, value]) => parent.params[key] === value);
      expect(child.template.id).toBe(parent.templateId);
      expect(shared).toHaveLength(1);
    }
    for (const { parent, child } of grown("sibling")) expect(child.template.id).toBe(parent.templateId);
  });

  test("grows from failures that have no template, and gives up where the catalog is used up", async () => {
    const free: Task = { ...failed[0]!, id: "free/1", templateId: null, params: {} };
    expect((await propose(5, 1, [free])).length).toBe(5);
    const everything = await propose(10_000, 1, failed.slice(0, 1));
    expect(everything.length).toBeGreaterThan(10);
    expect(everything.length).toBeLessThan(100);
  });

  test("the same seed proposes the same", async () => {
    expect(await propose(10, 7)).toEqual(await propose(10, 7));
    expect(await propose(10, 7)).not.toEqual(await propose(10, 8));
  });
});
