import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endingName } from "../../core/trajectory.ts";
import { rollOut } from "./rollout.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

describe("the rollout stage", () => {
  it("tries each of the phase's tasks once and records the episode as it ends", async () => {
    await using stage = await world.open();
    await stage.upTo(0, "rollout");
    expect(await rollOut(stage.context, 0)).toEqual({ episodes: 6, faulted: 0 });
    const tasks = await stage.run.read(0, "tasks.jsonl");
    const records = (await stage.run.read(0, "trajectories.jsonl")).sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(records.map(({ id }) => id)).toEqual(tasks.map((_, i) => `phase-00/000${i}`));
    expect(records.map(({ trajectory }) => trajectory.task.id)).toEqual(tasks.map(({ id }) => id));
    for (const { trajectory } of records) expect(trajectory.policy).toBe("phase-0");
    const told = stage.events.filter((event) => event.kind === "episode");
    expect(told.map(({ id, ending }) => `${id} ${ending}`).sort()).toEqual(
      records.map(({ id, trajectory }) => `${id} ${endingName(trajectory.ending)}`),
    );
  });

  it("tries each task as often as tasks.attempts says, never twice with the same draw", async () => {
    await using stage = await world.open({ tasks: { initial: 3, perPhase: 6, attempts: 4 } });
    await stage.upTo(0, "rollout");
    expect(await rollOut(stage.context, 0)).toEqual({ episodes: 12, faulted: 0 });
    const records = (await stage.run.read(0, "trajectories.jsonl")).sort((a, b) => (a.id < b.id ? -1 : 1));
    const tasks = (await stage.run.read(0, "tasks.jsonl")).map(({ id }) => id);
    expect(records.map(({ trajectory }) => trajectory.task.id)).toEqual([
      ...tasks,
      ...tasks,
      ...tasks,
      ...tasks,
    ]);
    const draws = records.map(({ trajectory }) => `${trajectory.task.id} ${trajectory.steps[0]?.logprobs}`);
    expect(new Set(draws).size).toBeGreaterThan(3);
  });

  it("does not run again what the file holds", async () => {
    await using stage = await world.open();
    await stage.upTo(0, "rollout");
    await rollOut(stage.context, 0);
    const all = await stage.run.read(0, "trajectories.jsonl");
    await using other = await world.open();
    await other.upTo(0, "rollout");
    await other.run.stage(0, "select", (each) => each.write("trajectories.jsonl", all.slice(0, 4)));
    await rollOut(other.context, 0);
    const started = other.events.flatMap((e) => (e.kind === "episode_started" ? [e.id] : []));
    expect(started.sort()).toEqual(
      all
        .slice(4)
        .map(({ id }) => id)
        .sort(),
    );
    expect(await other.run.read(0, "trajectories.jsonl")).toHaveLength(6);
  });

  it("measures what was usable: an episode that the world broke counts as a fault only", async () => {
    await using stage = await world.open(
      { rollout: { parallel: 1, maxSteps: 5, maxNewTokens: 24, faultRateLimit: 1, faultRetries: 1 } },
      {
        site: (await import("../../testing/index.ts")).createFakeSite({ failStart: () => "page_crashed" }),
      },
    );
    await stage.upTo(0, "rollout");
    expect(await rollOut(stage.context, 0)).toEqual({ episodes: 6, faulted: 6 });
    const { "time/stage_s": _, ...metrics } = stage.metrics("rollout", 0);
    expect(metrics).toEqual({
      "rollout/episodes": 0,
      "faults/attempts": 12,
      "faults/given_up": 6,
      "faults/page_crashed": 12,
    });
  });
});
