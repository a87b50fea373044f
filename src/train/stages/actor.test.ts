import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { klEstimate } from "../../algo/loss.ts";
import type { Judge } from "../../core/contracts.ts";
import { modelTemplate } from "../../imitation/prompt-template.ts";
import { actionLogprobs } from "../action-logprobs.ts";
import { trainActor } from "./actor.ts";
import { earlyReference } from "./beside-rollout.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

const weights = (path: string) => readFile(join(path, "rows.json"), "utf8");

describe("the actor stage", () => {
  it("writes what each trained step weighed, with equation 9's advantage of its values", async () => {
    await using stage = await world.open({ actor: { objective: "paper" } });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const values = new Map(
      (await stage.run.read(1, "values.jsonl")).map((v) => [`${v.trajectoryId}#${v.index}`, v.value]),
    );
    const lines = await stage.run.read(1, "advantages.jsonl");
    const data = await stage.context.experience.data(1);
    expect(lines.map((line) => [line.trajectoryId, line.index, line.source])).toEqual(
      data.map((step) => [step.trajectoryId, step.index, step.isNew ? "new" : "replay"]),
    );
    lines.forEach(({ trajectoryId, index, advantage, value }, i) => {
      const now = values.get(`${trajectoryId}#${index}`)!;
      const next = values.get(`${trajectoryId}#${index + 1}`);
      const { outcome } = data[i]!;
      // λ = 0.5; the last step has no successor: r − V.
      const expected = next === undefined ? outcome - now : 0.5 * (next - now) + 0.5 * (outcome - now);
      expect(value).toBe(now);
      expect(advantage).toBeCloseTo(expected, 9);
    });
  });

  it("starts from the last phase's policy, changes it, and measures how far it went", async () => {
    await using stage = await world.open({ actor: { learningRate: 0.05, batchSize: 8, epochs: 3 } });
    await stage.upTo(1, "actor");
    const { optimiserSteps } = await trainActor(stage.context, 1);
    expect(optimiserSteps).toBeGreaterThan(0);
    expect(stage.context.models.actorPath(0)).toBe(world.base);
    expect(await weights(stage.context.models.actorPath(1))).not.toBe(await weights(world.base));
    expect(stage.metrics("actor", 1)["actor/kl"]!).toBeGreaterThan(0);
    const losses = (await readFile(join(stage.run.directory, "metrics.jsonl"), "utf8")).match(/actor\/loss/g);
    expect(losses).toHaveLength(optimiserSteps);
  });

  it("notes beside the weights which template they read, whatever that tokenizer suggests", async () => {
    await using stage = await world.open({ models: { template: "paper" } });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const { models } = stage.context;
    for (const role of ["actor", "critic"] as const) {
      const { tokenizer } = await models.read(role, 1);
      expect(await modelTemplate(models[`${role}Path`](1), "auto", tokenizer)).toBe("paper");
    }
  });

  it("ends its passes once equation 6's target is reached as far as asked", async () => {
    const settings = { objective: "paper", learningRate: 0.05, batchSize: 8, epochs: 40 };
    await using all = await world.open({ actor: settings });
    await all.upTo(1, "actor");
    const { optimiserSteps: most } = await trainActor(all.context, 1);
    await using some = await world.open({ actor: { ...settings, untilReached: 0.5 } });
    await some.upTo(1, "actor");
    const { optimiserSteps } = await trainActor(some.context, 1);
    expect(optimiserSteps).toBeLessThan(most);
    expect(optimiserSteps % (most / 40)).toBe(0);
    expect(some.metrics("actor", 1)["actor/target_reached"]).toBeGreaterThanOrEqual(0.5);
  });

  it("says nothing of a target, and asks for no reference but to measure KL, where the method has none", async () => {
    await using stage = await world.open({ method: "digirl" });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const lines = await readFile(join(stage.run.directory, "metrics.jsonl"), "utf8");
    expect(lines).not.toContain("actor/target_reached");
    expect(lines).not.toContain("actor/log_ratio");
    expect(stage.metrics("actor", 1)["actor/kl"]!).toBeGreaterThan(0);
  });

  it("measures KL on new actions as they were sampled, also those that the method leaves out", async () => {
    await using stage = await world.open({ method: "filtered-bc" });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const steps = await stage.context.experience.newSteps(1);
    // Fewer than the most that are drawn, and fewer of them are learned from.
    expect(steps.length).toBeLessThan(128);
    expect((await stage.run.read(1, "advantages.jsonl")).length).toBeLessThan(steps.length);
    const now = await actionLogprobs(await stage.context.models.read("actor", 1), steps);
    const kl = klEstimate(
      now,
      steps.map(({ logprobs }) => logprobs!),
    );
    expect(stage.metrics("actor", 1)["actor/kl"]).toBeCloseTo(kl, 4);
  });

  it("leaves out steps on which the published objective has no gradient, and counts them", async () => {
    await using stage = await world.open({ actor: { objective: "official" } });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const kept = (await stage.run.read(1, "advantages.jsonl")) as { advantage: number }[];
    const steps = await stage.context.experience.newSteps(1);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(steps.length);
    expect(Math.min(...kept.map(({ advantage }) => advantage))).toBeGreaterThanOrEqual(0);
    expect(stage.metrics("actor", 1)["actor/positive_rate"]).toBeLessThan(1);
  });

  it("measures no KL on actions of another temperature than 1, which are not π_ref's", async () => {
    const rollout = { parallel: 3, maxSteps: 5, maxNewTokens: 24, temperature: 0.7 };
    await using stage = await world.open({ rollout });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    expect(stage.metrics("actor", 1)).toHaveProperty("actor/positive_rate");
    expect(stage.metrics("actor", 1)).not.toHaveProperty("actor/kl");
  });

  it("takes log π_ref of new steps from their sampling, which said what the reference says, and of no others", async () => {
    await using stage = await world.open();
    await stage.upTo(1, "actor");
    const known = await earlyReference(stage.context, 1);
    const data = await stage.context.experience.data(1);
    const rows = await actionLogprobs(await stage.context.models.read("actor", 0), data);
    expect(data.some(({ isNew }) => isNew)).toBe(true);
    data.forEach((step, i) => {
      const said = known(step);
      if (!step.isNew) return expect(said).toBeUndefined();
      expect(said).toHaveLength(step.responseTokens.length);
      said!.forEach((logprob, n) => expect(logprob).toBeCloseTo(rows[i]![n]!, 5));
    });
  });

  it("says how many steps have no other attempt to be compared with", async () => {
    const seen = new Set<string>();
    const judge: Judge = {
      name: "unsure",
      judge: async (trajectories) =>
        trajectories.map(({ task }) => {
          const undecided = task.templateId === "fake.price" && seen.has(task.id);
          seen.add(task.id);
          return {
            by: "unsure",
            success: true,
            probability: 1,
            reasons: [],
            ...(undecided && { undecided }),
          };
        }),
    };
    const changes = {
      tasks: { initial: 6, perPhase: 6, attempts: 2 },
      actor: { objective: "paper", baseline: "attempts" },
    };
    await using stage = await world.open(changes, { judge });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const steps = await stage.context.experience.newSteps(1);
    const alone = steps.filter(({ templateId }) => templateId === "fake.price").length;
    expect(alone).toBeGreaterThan(0);
    expect(stage.events).toContainEqual(
      expect.objectContaining({
        kind: "warning",
        message: expect.stringContaining(`${alone} of ${steps.length} new steps are left out`),
      }),
    );
  });

  it("standardises a phase's advantages and leaves out steps that say little", async () => {
    await using stage = await world.open({
      actor: { objective: "paper", standardize: true, minAdvantage: 0.9 },
    });
    await stage.upTo(1, "actor");
    await trainActor(stage.context, 1);
    const lines = await stage.run.read(1, "advantages.jsonl");
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan((await stage.context.experience.data(1)).length);
    for (const { advantage } of lines) expect(Math.abs(advantage)).toBeGreaterThanOrEqual(0.9);
  });

  it("leaves out failing actions that were rare already, and no others", async () => {
    const weights = async (minProbability: number) => {
      await using stage = await world.open({ actor: { objective: "paper", minProbability } });
      await stage.upTo(1, "actor");
      await trainActor(stage.context, 1);
      const lines = await stage.run.read(1, "advantages.jsonl");
      return lines.map(({ trajectoryId, index, advantage }) => ({
        key: `${trajectoryId}#${index}`,
        advantage,
      }));
    };
    const [all, some, none] = [await weights(0), await weights(0.2), await weights(1)];
    expect(none.every(({ advantage }) => advantage >= 0)).toBe(true);
    expect(none).toEqual(all.filter(({ advantage }) => advantage >= 0));
    expect(some.length).toBeGreaterThan(none.length);
    expect(some.length).toBeLessThan(all.length);
    expect(all).toEqual(expect.arrayContaining(some));
  });

  it("keeps AdamW's moments for the next phase where it is told to", async () => {
    const after = async (keepMoments: boolean) => {
      await using stage = await world.open({ phases: 2, actor: { keepMoments } });
      await stage.upTo(2, "actor");
      await trainActor(stage.context, 2);
      const [first, second] = await Promise.all(
        [1, 2].map((phase) => weights(stage.context.models.actorPath(phase))),
      );
      return { first: JSON.parse(first!) as object[], second };
    };
    const [kept, fresh] = [await after(true), await after(false)];
    // The first phase moves the weights alike; from the second on the moments make the difference.
    const values = (rows: unknown) =>
      JSON.stringify(rows, (key, value) => (/^[mv]$/.test(key) ? undefined : value));
    expect(values(kept.first)).toBe(values(fresh.first));
    expect(kept.second).not.toBe(fresh.second);
    expect(JSON.stringify(kept.first)).toContain('"m":');
    expect(JSON.stringify(fresh.first)).not.toContain('"m":');
  });

  it("stays as it was, and says so, where there is no step to learn from", async () => {
    const failing = {
      name: "never",
      judge: async (trajectories: readonly unknown[]) =>
        trajectories.map(() => ({ by: "never", success: false, probability: 0, reasons: [] })),
    };
    await using stage = await world.open({ method: "filtered-bc" }, { judge: failing });
    await stage.upTo(1, "actor");
    expect(await trainActor(stage.context, 1)).toEqual({ optimiserSteps: 0 });
    expect(stage.events).toContainEqual(
      expect.objectContaining({ kind: "warning", message: expect.stringContaining("no step to learn from") }),
    );
    expect(await weights(stage.context.models.actorPath(1))).toBe(await weights(world.base));
  });
});
