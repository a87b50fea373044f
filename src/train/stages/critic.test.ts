import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { existsSync } from "node:fs";
import type { Judge } from "../../core/contracts.ts";
import { mean } from "../../algo/statistics.ts";
import { trainCritic } from "./critic.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

const key = ({ trajectoryId, index }: { trajectoryId: string; index: number }) => `${trajectoryId}#${index}`;

describe("the critic stage", () => {
  it("writes V of every step that equation 9 reads: each step of the data, and its successor", async () => {
    // Some single steps are replayed whose successors are not part of the data.
    await using stage = await world.open({
      actor: { objective: "paper" },
      replay: { minPerplexity: 1, maxPerplexity: 1e9, maxRatio: 0.5 },
    });
    await stage.upTo(1, "critic");
    await trainCritic(stage.context, 1);
    const lines = await stage.run.read(1, "values.jsonl");
    for (const { value } of lines) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThan(1);
    }
    const needed = new Set<string>();
    for (const step of await stage.context.experience.data(1))
      for (const each of step.trajectory.slice(step.index, step.index + 2)) needed.add(key(each));
    expect(new Set(lines.map(key))).toEqual(needed);
    expect(lines).toHaveLength(needed.size);
    expect(existsSync(stage.context.models.criticPath(1))).toBe(true);
  });

  it("learns from new steps only: replayed ones are all successes", async () => {
    await using stage = await world.open({ replay: { minPerplexity: 1, maxPerplexity: 1e9, maxRatio: 2 } });
    await stage.upTo(1, "critic");
    const data = await stage.context.experience.data(1);
    const fresh = data.filter((step) => step.isNew);
    expect(fresh.length).toBeLessThan(data.length);
    const own = fresh.filter((step) => step.phase === 1);
    expect(own.length).toBeLessThan(fresh.length);
    const { optimiserSteps } = await trainCritic(stage.context, 1);
    // Batches of 8, one epoch; those of phase 0 were learned in phase 0.
    expect(optimiserSteps).toBe(Math.ceil(own.length / 8));
    expect(await trainCritic(stage.context, 0)).toEqual({
      optimiserSteps: Math.ceil((fresh.length - own.length) / 8),
    });
  });

  it("first learns in phase 1 where tasks are given, from the initial rollouts, too", async () => {
    await using stage = await world.open({ method: "digirl" });
    await stage.upTo(1, "critic");
    const fresh = await stage.context.experience.newSteps(1);
    expect(new Set(fresh.map((step) => step.phase))).toEqual(new Set([0, 1]));
    expect(await trainCritic(stage.context, 1)).toEqual({ optimiserSteps: Math.ceil(fresh.length / 8) });
    expect(stage.context.models.criticPath(0)).toBe(world.base);
  });

  it("moves V towards the outcomes", async () => {
    await using stage = await world.open({ critic: { learningRate: 0.2, batchSize: 8, epochs: 10 } });
    await stage.upTo(1, "critic");
    await trainCritic(stage.context, 1);
    const values = new Map((await stage.run.read(1, "values.jsonl")).map((line) => [key(line), line.value]));
    const fresh = await stage.context.experience.newSteps(1);
    const meanOf = (outcome: 0 | 1) =>
      mean(fresh.filter((step) => step.outcome === outcome).map((step) => values.get(key(step))!));
    expect(meanOf(1)).toBeGreaterThan(meanOf(0) + 0.1);
    expect(stage.metrics("critic", 1)["critic/auc"]).toBeGreaterThan(0.6);
  });

  it("learns AWR's discounted return, from which its advantage subtracts V", async () => {
    // A reward model that calls everything a success, and far from 1 at the beginning: γ^(T−t) of a step at index t.
    const judge: Judge = {
      name: "always",
      judge: async (trajectories) =>
        trajectories.map(() => ({ by: "always", success: true, probability: 1, reasons: [] })),
    };
    const actor = { discount: 0.3 };
    const critic = { learningRate: 0.2, batchSize: 8, epochs: 20 };
    await using stage = await world.open({ method: "awr", actor, critic }, { judge });
    await stage.upTo(1, "critic");
    await trainCritic(stage.context, 1);
    const values = new Map((await stage.run.read(1, "values.jsonl")).map((line) => [key(line), line.value]));
    const fresh = await stage.context.experience.newSteps(1);
    const early = fresh.filter(({ index, steps }) => index < steps - 1);
    expect(early.length).toBeGreaterThan(0);
    const target = mean(fresh.map(({ index, steps }) => 0.3 ** (steps - 1 - index)));
    expect(mean(fresh.map((step) => values.get(key(step))!))).toBeCloseTo(target, 1);
    expect(mean(early.map((step) => values.get(key(step))!))).toBeLessThan(0.7);
  });

  it("does nothing for a method that has no critic", async () => {
    await using stage = await world.open({ method: "filtered-bc" });
    await stage.upTo(1, "critic");
    expect(await trainCritic(stage.context, 1)).toEqual({ optimiserSteps: 0 });
    expect(await stage.run.read(1, "values.jsonl")).toEqual([]);
    expect(existsSync(stage.context.models.criticPath(1))).toBe(false);
  });
});
