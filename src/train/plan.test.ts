import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../run/parse-config.ts";
import { packageDirectory } from "../run/run-info.ts";
import { planTraining } from "./plan.ts";

const base = {
  phases: 2,
  tasks: { initial: 10, perPhase: 20, attempts: 2 },
  evaluation: { tasks: 5 },
  replay: { maxRatio: 1 },
  critic: { batchSize: 32 },
  actor: { batchSize: 32, epochs: 2 },
  plan: { stepsMean: 4, promptTokens: 100, responseTokens: 10, faultRate: 0, successRate: 0.5 },
};
const planOf = async (change: object = {}, plan: object = {}) =>
  planTraining(await loadConfig({ defaults: { ...base, plan: { ...base.plan, ...plan }, ...change } }));

describe("planTraining", () => {
  it("counts what the stages ask for", async () => {
    const plan = await planOf();
    // Phase 0: 10 tasks, 2 attempts; phases 1 and 2: 20 tasks, 2 attempts. Scored: before, after 1, after 2.
    expect(plan.episodes).toEqual({ rollout: 100, evaluation: 15, broken: 0 });
    expect(plan.steps).toBe(460);
    expect(plan.work.rollout).toEqual({
      requests: 400,
      readTokens: 40_000,
      sampledTokens: 4000,
      trainedTokens: 0,
    });
    expect(plan.work.judge).toMatchObject({ requests: 100, readTokens: 10_000 });
    // V(s₀) of two candidates for each of 20 tasks, in two phases.
    expect(plan.work.curriculum.requests).toBe(80);
    // New: 4 · (40 + 20) in phase 1, 4 · 40 in phase 2. Replayed: as many, of demonstrations and earlier successes.
    // The critic learns from each phase's own, and reads in phase 1 the 80 of phase 0 again.
    expect(plan.work.critic.trainedTokens).toBe((80 + 160 + 160) * 100);
    expect(plan.work.critic.readTokens).toBe((80 + 240 + 480 + 160 + 320) * 100);
    expect(plan.work.select.requests).toBe(480 + 320);
    expect(plan.work.actor.trainedTokens).toBe(2 * (480 + 320) * 110);
    expect(plan.optimiserSteps).toEqual({ critic: 3 + 5 + 5, actor: 2 * (15 + 10) });
  });

  it("counts attempts that the world breaks, in browsers and in tokens", async () => {
    const [sound, broken] = [await planOf(), await planOf({}, { faultRate: 0.5 })];
    expect(broken.episodes.broken).toBe(115);
    expect(broken.browserHours).toBeCloseTo(2 * sound.browserHours);
    expect(broken.work.rollout.readTokens).toBe(2 * sound.work.rollout.readTokens);
    expect(broken.work.actor).toEqual(sound.work.actor);
  });

  it("takes 2 N operations for a token that is read or sampled, 6 N for one that is trained on", async () => {
    const { gpuHours, total } = await planOf(
      {},
      {
        parameters: 1e9,
        gpuFlops: 1e12,
        trainUtilisation: 0.5,
        sampleUtilisation: 0.25,
      },
    );
    expect(gpuHours.train).toBeCloseTo((total.trainedTokens * 6e9) / 0.5e12 / 3600);
    expect(gpuHours.read).toBeCloseTo((total.readTokens * 2e9) / 0.5e12 / 3600);
    expect(gpuHours.sample).toBeCloseTo((total.sampledTokens * 2e9) / 0.25e12 / 3600);
  });

  it("has no money without a price, and a chat model's where it is asked", async () => {
    expect((await planOf()).money).toBeNull();
    const prices = { readPerMillion: 1, samplePerMillion: 10, trainPerMillion: 3 };
    const { money, total } = await planOf({}, { prices });
    expect(money!.total).toBeCloseTo(
      (total.readTokens + 10 * total.sampledTokens + 3 * total.trainedTokens) / 1e6,
    );
    const judged = await planOf({
      models: { judge: "llm" },
      llm: { price: { input: 2, output: 8 } },
    });
    expect(judged.chat).toEqual({ requests: 100, promptTokens: 10_000, completionTokens: 20_000 });
    expect(judged.money!.chat).toBeCloseTo(0.18);
    expect(judged.work.judge.requests).toBe(0);
  });

  it("only scores where nothing is trained", async () => {
    const plan = await planOf({ phases: 0 });
    expect(plan.episodes).toEqual({ rollout: 0, evaluation: 5, broken: 0 });
    expect(plan.total.trainedTokens).toBe(0);
  });
});

const RECIPES = join(packageDirectory, "examples/recipes");

it.each(readdirSync(RECIPES))("the recipe %s is a configuration, and can be planned", async (name) => {
  const plan = planTraining(await loadConfig({ file: join(RECIPES, name) }));
  expect(plan.phases).toBe(8);
  expect(plan.total.trainedTokens).toBeGreaterThan(1e6);
  for (const value of Object.values(plan.gpuHours)) expect(value).toBeGreaterThan(0);
});
