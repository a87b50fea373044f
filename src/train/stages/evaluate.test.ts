import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, SampleRequest } from "../../core/engine.ts";
import { fakeCatalog, fakeEngine } from "../testing/fake-run.ts";
import { evaluate } from "./evaluate.ts";
import { makeWorld } from "../testing/stage-run.ts";
import type { World } from "../testing/stage-run.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

describe("the evaluation stage", () => {
  it("scores held-out tasks by their verifiers, and groups them", async () => {
    await using stage = await world.open();
    const result = await evaluate(stage.context, 0);
    const records = await stage.run.read(0, "evaluation.jsonl");
    expect(records.every(({ trajectory }) => trajectory.task.split === "test")).toBe(true);
    const successes = records.filter(({ truth }) => truth?.success).length;
    expect(result).toMatchObject({ split: "test", tasks: 4, successes, success: successes / 4, faults: 0 });
    expect(Object.keys(result.bySite)).toEqual(["fake"]);
    const byCategory = Object.values(result.byCategory);
    expect(byCategory.reduce((sum, score) => sum + score.tasks, 0)).toBe(4);
    expect(result.byNovelty["new values"]?.tasks).toBe(4);
  });

  it("asks for the likeliest response", async () => {
    const engine = fakeEngine();
    const temperatures = new Set<number>();
    const open: Engine["open"] = async (options) => {
      const model = await engine.open(options);
      const sample = model.sample.bind(model);
      return Object.assign(model, {
        sample: (request: SampleRequest) => {
          temperatures.add(request.temperature);
          return sample(request);
        },
      });
    };
    await using stage = await world.open({}, { engine: { ...engine, open } });
    await evaluate(stage.context, 0);
    expect([...temperatures]).toEqual([0]);
  });

  it("is the same every time: the same model gives the same episodes in every phase and run", async () => {
    const responses = async () => {
      await using stage = await world.open();
      await evaluate(stage.context, 0);
      const records = await stage.run.read(0, "evaluation.jsonl");
      return records
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .map(({ trajectory }) => trajectory.steps.map((step) => step.response));
    };
    expect(await responses()).toEqual(await responses());
  });

  it("is done once: a second call gives the score of the first", async () => {
    await using stage = await world.open();
    const first = await evaluate(stage.context, 0);
    const before = stage.events.length;
    expect(await evaluate(stage.context, 0)).toEqual(first);
    expect(stage.events).toHaveLength(before);
  });

  it("says so where the suite has no task of the split", async () => {
    const catalog = fakeCatalog();
    const suite = { name: "fake", tasks: () => catalog.tasks({ split: "train" }).slice(0, 0) };
    await using stage = await world.open({}, { suite });
    await expect(evaluate(stage.context, 0)).rejects.toThrow(/has no task in the test split/);
  });
});
