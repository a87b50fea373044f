import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Judge } from "../../core/contracts.ts";
import { fakeJudge } from "../testing/fake-run.ts";
import { judgeTrajectories } from "./judge.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

/** Counts what it is asked. */
function counting(): { judge: Judge; asked: number[] } {
  const asked: number[] = [];
  const inner = fakeJudge();
  return {
    asked,
    judge: {
      name: "counting",
      judge: (trajectories, options) => {
        asked.push(trajectories.length);
        return inner.judge(trajectories, options);
      },
    },
  };
}

const many = { tasks: { initial: 10, perPhase: 40 }, without: ["curriculum"] };

describe("the judge stage", () => {
  it("gives every finished trajectory a verdict, with the verifier's beside it", async () => {
    const { judge, asked } = counting();
    await using stage = await world.open(many, { judge });
    await stage.upTo(0, "judge");
    const output = await judgeTrajectories(stage.context, 0);
    const lines = await stage.run.read(0, "verdicts.jsonl");
    const records = await stage.context.experience.episodes(0);
    expect(lines.map((line) => line.id)).toEqual(records.map((record) => record.id));
    expect(lines.map((line) => line.truth)).toEqual(records.map((record) => record.truth?.success ?? null));
    expect(output).toEqual({ judged: 10, successes: lines.filter((line) => line.success).length });
    expect(asked).toEqual([10]);
    const agree = lines.filter((line) => line.success === line.truth).length;
    expect(stage.metrics("judge", 0)["judge/accuracy"]).toBeCloseTo(agree / 10, 12);
  });

  it("asks again only for the chunks that are not whole, so that the same ones are always judged together", async () => {
    const { judge, asked } = counting();
    await using stage = await world.open({ ...many, tasks: { initial: 10, perPhase: 10 } }, { judge });
    await stage.upTo(0, "judge");
    const [record] = await stage.context.experience.episodes(0);
    // 40 episodes: chunks of 16, 16 and 8.
    const records = Array.from({ length: 40 }, (_, i) => ({ ...record!, id: `phase-00/${1000 + i}` }));
    await stage.run.stage(0, "select", (each) => each.write("trajectories.jsonl", records));
    const line = (id: string) => ({
      id,
      taskId: "t",
      success: true,
      probability: 1,
      by: "before",
      reasons: [],
      truth: null,
    });
    await stage.run.stage(0, "actor", (each) =>
      each.write(
        "verdicts.jsonl",
        records.slice(0, 21).map(({ id }) => line(id)),
      ),
    );
    await judgeTrajectories(stage.context, 0);
    expect(asked).toEqual([16, 8]);
    const lines = await stage.run.read(0, "verdicts.jsonl");
    expect(lines.map(({ id }) => id)).toEqual(records.map(({ id }) => id));
    expect(lines.filter(({ by }) => by === "before")).toHaveLength(16);
  });

  it("takes the verifiers' word where there is no judge, and says so where a task has no verifier", async () => {
    const config = { models: { base: world.base, judge: "verifier", demonstrations: null } };
    await using stage = await world.open(config, { judge: null });
    await stage.upTo(0, "judge");
    await judgeTrajectories(stage.context, 0);
    for (const line of await stage.run.read(0, "verdicts.jsonl")) {
      expect(line.by).toBe("verifier");
      expect(line.success).toBe(line.truth);
    }
    await using without = await world.open(config, { judge: null });
    await without.upTo(0, "judge");
    const records = await without.run.read(0, "trajectories.jsonl");
    await without.run.stage(0, "select", (each) =>
      each.write(
        "trajectories.jsonl",
        records.map((record) => ({ ...record, truth: null })),
      ),
    );
    await expect(judgeTrajectories(without.context, 0)).rejects.toThrow(/has no verifier, but models.judge/);
  });
});
