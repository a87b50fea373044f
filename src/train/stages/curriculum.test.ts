import { group } from "d3-array";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fault } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import { createFakeSite } from "../../testing/index.ts";
import type { Parts } from "../parts.ts";
import { growTasks } from "./curriculum.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

describe("the curriculum stage", () => {
  it("begins with tasks of the train split, templates in turn", async () => {
    await using stage = await world.open();
    expect(await growTasks(stage.context, 0)).toEqual({ tasks: 6 });
    const tasks = await stage.run.read(0, "tasks.jsonl");
    expect(tasks.every((task) => task.split === "train")).toBe(true);
    const templates = tasks.map((task) => task.templateId);
    expect(templates.filter((id) => id === "fake.price")).toHaveLength(3);
    expect(templates[0]).not.toBe(templates[1]);
  });

  it("proposes only from tasks whose attempts the judge called failures, at least half of them", async () => {
    let asked: readonly Task[] = [];
    await using stage = await world.open(
      { tasks: { initial: 6, perPhase: 6, attempts: 3 } },
      {
        proposer: {
          name: "listens",
          propose: async (failed) => {
            asked = failed;
            return [];
          },
        },
      },
    );
    await stage.upTo(1, "curriculum");
    await growTasks(stage.context, 1);
    const verdicts = await stage.run.read(0, "verdicts.jsonl");
    const successes = group(
      verdicts.filter(({ success }) => success),
      ({ taskId }) => taskId,
    );
    const failed = [...new Set(verdicts.map(({ taskId }) => taskId))].filter(
      (id) => (successes.get(id)?.length ?? 0) <= 1,
    );
    expect(successes.size).toBeGreaterThan(0);
    expect(failed.length).toBeGreaterThan(0);
    expect(asked.map((task) => task.id).sort()).toEqual(failed.sort());
  });

  it("asks the critic for V(s₀) in every phase, keeps what lies in the range, and says why of every candidate", async () => {
    await using stage = await world.open({ curriculum: { minValue: 0.2, maxValue: 0.6 } });
    await stage.upTo(2, "curriculum");
    await growTasks(stage.context, 2);
    for (const phase of [1, 2]) {
      const lines = await stage.run.read(phase, "curriculum.jsonl");
      const valued = lines.filter((line) => line.value !== null);
      expect(valued.length).toBeGreaterThan(0);
      for (const { value, kept, outcome } of valued) {
        const expected = value! < 0.2 ? "too_hard" : value! > 0.6 ? "too_easy" : outcome;
        expect(outcome).toBe(expected);
        expect(kept).toBe(outcome === "kept");
      }
      const { "curriculum/proposed": proposed, ...counts } = stage.metrics("curriculum", phase);
      expect(proposed).toBe(lines.length);
      expect(counts["curriculum/kept"]).toBe(lines.filter((line) => line.kept).length);
    }
  });

  it("opens a start page again that the world broke, as often as rollouts do, and keeps no fault for other tasks", async () => {
    let broken = 0;
    const site = createFakeSite();
    const faulty: Parts["site"] = {
      ...site,
      start: (task, options) =>
        broken-- > 0
          ? Promise.reject(new Fault("page_crashed", "gone", { retryable: true }))
          : site.start(task, options),
    };
    const unobserved = async (faults: number) => {
      await using stage = await world.open(
        { rollout: { parallel: 1, maxSteps: 5, maxNewTokens: 24 } },
        { site: faulty },
      );
      await stage.upTo(2, "curriculum");
      broken = faults;
      await growTasks(stage.context, 2);
      return stage.metrics("curriculum", 2)["curriculum/unobserved"];
    };
    // rollout.faultRetries is 2, so the third fault in a row gives up the candidate, and none beside it.
    expect(await unobserved(2)).toBe(0);
    expect(await unobserved(3)).toBe(1);
  });

  it("has no tasks but the given ones, from which others are grown", async () => {
    const few = { given: 4, initial: 4, perPhase: 4, attempts: 1 };
    const tasksOf = async (without: "curriculum"[]) => {
      await using stage = await world.open({ tasks: few, without });
      await stage.upTo(1, "curriculum");
      await growTasks(stage.context, 1);
      const ids = async (phase: number) => (await stage.run.read(phase, "tasks.jsonl")).map(({ id }) => id);
      return { given: await ids(0), next: await ids(1) };
    };
    const again = await tasksOf(["curriculum"]);
    expect(again.next.sort()).toEqual(again.given.sort());
    const grown = await tasksOf([]);
    expect(grown.given.sort()).toEqual(again.given);
    expect(grown.next.some((id) => !grown.given.includes(id))).toBe(true);
  });

  it("goes on through the train split where tasks are given, and begins again when all have been tried", async () => {
    await using stage = await world.open({ without: ["curriculum"], phases: 3 });
    const train = stage.context.parts.suite.tasks({ split: "train" }).length;
    await stage.upTo(3, "curriculum");
    await growTasks(stage.context, 3);
    const phases = [];
    for (const phase of [0, 1, 2, 3])
      phases.push((await stage.run.read(phase, "tasks.jsonl")).map((task) => task.id));
    expect(phases.map((ids) => ids.length)).toEqual([6, 6, 6, 6]);
    const all = phases.flat();
    expect(new Set(all.slice(0, train)).size).toBe(Math.min(train, all.length));
    expect(all.slice(train)).toEqual(all.slice(0, Math.max(0, all.length - train)));
  });
});
