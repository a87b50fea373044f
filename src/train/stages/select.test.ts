import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selectExperience } from "./select.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

const range = { minPerplexity: 1.2, maxPerplexity: 4 };

describe("the select stage", () => {
  it("replays steps of moderate perplexity, and says what became of every step that it looked at", async () => {
    await using stage = await world.open({ replay: { ...range, maxRatio: 0.5 } });
    await stage.upTo(1, "select");
    const output = await selectExperience(stage.context, 1);
    const lines = await stage.run.read(1, "selection.jsonl");
    expect(lines.length).toBeGreaterThan(0);
    for (const { perplexity, outcome } of lines)
      expect(outcome).toBe(
        perplexity! < range.minPerplexity
          ? "too_familiar"
          : perplexity! > range.maxPerplexity
            ? "too_hard"
            : outcome === "selected"
              ? "selected"
              : "over_limit",
      );
    const replayed = lines.filter((line) => line.outcome === "selected").length;
    expect(replayed).toBeLessThanOrEqual(Math.floor(0.5 * output.newSteps));
    expect(output).toEqual({
      newSteps: (await stage.context.experience.newSteps(1)).length,
      replayed,
    });
    const data = await stage.context.experience.data(1);
    expect(data.filter((step) => !step.isNew)).toHaveLength(replayed);
    expect(data.filter((step) => step.isNew)).toHaveLength(output.newSteps);
  });

  it.each([
    ["without replay", { without: ["replay"] }],
    ["with a ratio of 0", { replay: { maxRatio: 0 } }],
  ])("replays nothing %s", async (_, changes) => {
    await using stage = await world.open(changes);
    await stage.upTo(1, "select");
    expect((await selectExperience(stage.context, 1)).replayed).toBe(0);
    expect(await stage.run.read(1, "selection.jsonl")).toEqual([]);
  });

  it("replays whole trajectories as they come where the method does not ask for perplexity", async () => {
    await using stage = await world.open({ method: "digirl", replay: { maxRatio: 1 } });
    await stage.upTo(1, "select");
    const { newSteps, replayed } = await selectExperience(stage.context, 1);
    expect(replayed).toBeGreaterThan(0);
    expect(replayed).toBeLessThanOrEqual(newSteps);
    const lines = await stage.run.read(1, "selection.jsonl");
    const buffer = await stage.context.experience.buffer(1);
    for (const id of new Set(lines.map((line) => line.trajectoryId)))
      expect(lines.filter((line) => line.trajectoryId === id).map((line) => line.index)).toEqual(
        buffer.trajectory(id)!.map((step) => step.index),
      );
    expect(lines.every((line) => line.perplexity === null && line.outcome === "selected")).toBe(true);
  });
});
