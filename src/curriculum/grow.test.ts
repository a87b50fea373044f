import { describe, expect, test } from "vitest";
import type { Proposer } from "../core/contracts.ts";
import { Fault } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { createEvolveProposer } from "./evolve.ts";
import { growCurriculum } from "./grow.ts";
import type { GrowOptions } from "./grow.ts";
import { catalog, train, failed, heldOut } from "./testing/shop-catalog.ts";

describe("growing a phase's curriculum", () => {
  const options = (over: Partial<GrowOptions> = {}): GrowOptions => ({
    proposer: createEvolveProposer(catalog),
    failed,
    seeds: train.slice(0, 10),
    count: 8,
    phase: 2,
    rng: createRng(5),
    seen: train.map((task) => task.instruction),
    heldOut,
    value: async (candidates) => candidates.map(() => 0.5),
    ...over,
  });

  test("keeps what the critic finds neither hopeless nor solved, and records why for each", async () => {
    const values = [0.01, 0.05, 0.4, 0.75, 0.9];
    let at = 0;
    const asked = new Map<string, number>();
    const { tasks, records, counts, shortfall } = await growCurriculum(
      options({
        value: async (candidates) =>
          candidates.map((task) => {
            const value = values[at++ % values.length]!;
            asked.set(task.id, value);
            return value;
          }),
      }),
    );
    expect(tasks).toHaveLength(8);
    expect(shortfall).toBeNull();
    for (const task of tasks) {
      expect(task.lineage!.value).toBe(asked.get(task.id));
      expect(task.lineage!.value).toBeGreaterThanOrEqual(0.05);
      expect(task.lineage!.value).toBeLessThanOrEqual(0.75);
    }
    expect(counts.kept).toBe(8);
    expect(counts.too_hard).toBeGreaterThan(0);
    expect(counts.too_easy).toBeGreaterThan(0);
    for (const record of records) {
      expect(record.parentId).not.toBeNull();
      expect(record.reason).not.toBe("");
      expect(record.kept).toBe(record.outcome === "kept");
    }
    expect(records.find((r) => r.outcome === "too_hard")!.reason).toBe("V(s₀) = 0.010 < 0.05");
  });

  test.each([
    [0.049, "too_hard"],
    [0.05, "kept"],
    [0.75, "kept"],
    [0.751, "too_easy"],
    [null, "unobserved"],
  ])("V(s₀) = %s is %s", async (value, outcome) => {
    const { records } = await growCurriculum(options({ value: async (c) => c.map(() => value) }));
    expect(records.some((r) => r.outcome === outcome)).toBe(true);
    expect(records.filter((r) => !["duplicate", "not_needed", outcome].includes(r.outcome))).toEqual([]);
  });

  test("what earlier rounds brought is kept where a later one brings nothing; a first one that does stops the run", async () => {
    const evolve = createEvolveProposer(catalog);
    const fails = (from: number): GrowOptions["proposer"] => {
      let round = 0;
      return {
        name: "tired",
        propose: async (parents, asked) => {
          if (round++ >= from) throw new Fault("proposer_failed", "it chats", { retryable: true });
          return (await evolve.propose(parents, asked)).slice(0, 3);
        },
      };
    };
    const { tasks, fallback, shortfall } = await growCurriculum(options({ proposer: fails(1) }));
    expect(tasks).toHaveLength(8);
    expect(fallback).toBe(5);
    expect(shortfall).toContain("only 3 of 8");
    await expect(growCurriculum(options({ proposer: fails(0) }))).rejects.toThrow("it chats");
  });

  test("only what can be repeated fills up, before the seeds", async () => {
    const nothing: GrowOptions["proposer"] = { name: "none", propose: () => Promise.resolve([]) };
    const repeatable = failed.slice(0, 1);
    const { tasks } = await growCurriculum(options({ proposer: nothing, repeatable, count: 4 }));
    expect(tasks[0]).toBe(failed[0]);
    const seeds = new Set(train.slice(0, 10));
    expect(tasks.slice(1).every((task) => seeds.has(task))).toBe(true);
  });

  test("never keeps what was seen, twice the same, or what is held out", async () => {
    const task = (instruction: string, i: number): Task => ({
      ...failed[0]!,
      id: `x/${i}`,
      instruction,
      lineage: { parentId: failed[0]!.id, phase: 2, proposer: "careless", value: null },
    });
    const test_ = catalog.tasks({ split: "test" })[0]!.instruction;
    const proposer: Proposer = {
      name: "careless",
      propose: async () =>
        [test_.toUpperCase(), "Seen before", "A new task", "a  new task!", "Another one"].map(task),
    };
    const { tasks, records } = await growCurriculum(options({ proposer, seen: ["seen before."] }));
    expect(tasks.slice(0, 2).map((t) => t.instruction)).toEqual(["A new task", "Another one"]);
    expect(records.filter((r) => r.kept)).toHaveLength(2);
    expect(
      records
        .slice(0, 5)
        .map((r) => r.outcome)
        .sort(),
    ).toEqual(["duplicate", "duplicate", "held_out", "kept", "kept"].sort());
  });

  test("infeasible tasks are dropped with the judge's reason, and the judge is not asked in vain", async () => {
    let asked = 0;
    const { tasks, records } = await growCurriculum(
      options({
        feasible: async (candidates) =>
          candidates.map(({ instruction }) => {
            asked += 1;
            return { feasible: !instruction.includes("chair"), reason: "no chairs" };
          }),
      }),
    );
    expect(tasks.some((t) => t.instruction.includes("chair"))).toBe(false);
    expect(asked).toBe(records.filter((r) => r.kept || r.outcome === "infeasible").length);
    for (const record of records.filter((r) => r.outcome === "infeasible"))
      expect(record.reason).toBe("no chairs");
  });

  test("a phase that yields nothing says why and tries its failures again", async () => {
    const { tasks, fallback, shortfall, counts } = await growCurriculum(
      options({ value: async (c) => c.map(() => 0.99) }),
    );
    expect(counts.kept).toBe(0);
    expect(fallback).toBe(8);
    expect(tasks).toHaveLength(8);
    const ids = tasks.map((t) => t.id);
    for (const parent of failed) expect(ids).toContain(parent.id);
    expect(shortfall).toMatch(
      /^only 0 of 8 new tasks were found \(.*\d+ too easy\); 8 failed or given tasks fill up$/,
    );
  });

  test("a phase that yields too little is filled up with failures, then seeds, each once", async () => {
    // The proposer gives a failed task's own id to what is new, and the phase holds more than all failures.
    const [parent] = failed;
    const fresh: Task = { ...parent!, instruction: "Something quite new" };
    const proposer: Proposer = { name: "one", propose: async () => [fresh] };
    const grow = () => growCurriculum(options({ proposer, count: 9 }));
    const { tasks, fallback, shortfall } = await grow();
    expect(tasks).toHaveLength(9);
    expect(tasks[0]!.instruction).toBe("Something quite new");
    expect(fallback).toBe(8);
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(9);
    expect(tasks.slice(1, 6).map(({ id }) => id)).toEqual(
      expect.arrayContaining(failed.slice(1).map(({ id }) => id)),
    );
    expect(shortfall).toMatch(/^only 1 of 9 new tasks were found \(.*duplicate\); 8 failed or given tasks/);
    expect((await grow()).tasks).toEqual(tasks);
  });

  test("where nothing failed the seeds are the parents", async () => {
    const { tasks, shortfall } = await growCurriculum(options({ failed: [] }));
    expect(tasks).toHaveLength(8);
    expect(shortfall).toBeNull();
    const seeds = new Set(train.slice(0, 10).map((t) => t.id));
    for (const task of tasks) expect(seeds.has(task.lineage!.parentId)).toBe(true);
  });

  test("evolve's candidates are never such that the run has seen", async () => {
    const first = await growCurriculum(options({ count: 6 }));
    const seen = first.tasks.map((task) => task.instruction);
    const again = await growCurriculum(options({ count: 6, seen }));
    expect(first.tasks.length).toBe(6);
    expect(again.counts.duplicate).toBe(0);
    expect(again.records.some(({ task }) => seen.includes(task.instruction))).toBe(false);
  });

  test("a proposer that has nothing is asked twice, not for ever", async () => {
    let calls = 0;
    const proposer: Proposer = { name: "empty", propose: async () => (calls++, []) };
    const { shortfall } = await growCurriculum(options({ proposer }));
    expect(calls).toBe(2);
    expect(shortfall).toContain("the proposer had nothing new");
  });

  test("the same seed grows the same", async () => {
    expect((await growCurriculum(options())).tasks).toEqual((await growCurriculum(options())).tasks);
  });
});
