import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { trainActor } from "./actor.ts";
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
    await using stage = await world.open();
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
    expect(Math.abs(stage.metrics("actor", 1)["actor/kl"]!)).toBeGreaterThan(0);
    const losses = (await readFile(join(stage.run.directory, "metrics.jsonl"), "utf8")).match(/actor\/loss/g);
    expect(losses).toHaveLength(optimiserSteps);
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
