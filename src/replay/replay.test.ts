import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRng } from "../core/rng.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { createFakeEngine } from "../testing/fake-engine.ts";
import { createReplayBuffer } from "./buffer.ts";
import { experienceOf } from "./experience.ts";
import type { ExperienceStep } from "./experience.ts";
import { PAPER_RANGE, perplexitiesUnder, selectReplay } from "./select.ts";

/** A whole successful trajectory. */
function steps(id: string, count: number, over: Partial<ExperienceStep> = {}): ExperienceStep[] {
  return Array.from({ length: count }, (_, index) => ({
    trajectoryId: id,
    taskId: `task-${id}`,
    templateId: null,
    instruction: `instruction ${id}`,
    site: "storefront",
    phase: 1,
    source: "rollout",
    index,
    steps: count,
    outcome: 1,
    promptTokens: [1, 2, index],
    responseTokens: [3, 4],
    ...over,
  }));
}

describe("experience of a trajectory", () => {
  const step = (index: number, response: string) => ({
    index,
    response,
    promptTokens: [index],
    responseTokens: [10 + index],
  });
  const trajectory = {
    id: "t1",
    task: { id: "shop.buy/1", instruction: "Buy", sites: ["storefront"] },
    steps: [step(0, "a"), step(1, " "), step(2, "c")],
    ending: { kind: "terminated", reason: "exit", answer: null },
  } as unknown as Trajectory;

  test("has its steps in order, the empty ones left out", () => {
    const result = experienceOf(trajectory, 1, { phase: 2, source: "rollout" });
    expect(result.map((s) => [s.index, s.steps, s.promptTokens, s.responseTokens])).toEqual([
      [0, 2, [0], [10]],
      [1, 2, [2], [12]],
    ]);
    expect(result[0]).toMatchObject({ taskId: "shop.buy/1", site: "storefront", phase: 2, outcome: 1 });
  });

  test("a step without tokens is refused", () => {
    const bare = { ...trajectory, steps: [{ ...step(0, "a"), promptTokens: undefined }] } as Trajectory;
    expect(() => experienceOf(bare, 1, { phase: 0, source: "demonstration" })).toThrow("no tokens");
  });

  test("a faulted trajectory is refused", () => {
    const faulted: Trajectory = {
      ...trajectory,
      ending: { kind: "faulted", code: "page_crashed", message: "gone" },
    };
    expect(() => experienceOf(faulted, 0, { phase: 1, source: "rollout" })).toThrow("faulted");
  });
});

describe("buffer", () => {
  test("refuses failures and parts of trajectories", () => {
    const buffer = createReplayBuffer();
    expect(() => buffer.add(steps("a", 2, { outcome: 0 }))).toThrow("failed");
    expect(() => buffer.add(steps("a", 3).slice(0, 2))).toThrow("is not complete");
    expect(() => buffer.add([])).toThrow("without steps");
    expect(buffer.size).toBe(0);
  });

  test("adding a trajectory twice, as a resumed phase does, changes nothing", () => {
    const buffer = createReplayBuffer();
    buffer.add(steps("a", 2));
    buffer.add(steps("a", 2));
    expect(buffer.size).toBe(2);
    expect(buffer.trajectory("a")).toHaveLength(2);
  });

  test("over its capacity the oldest rollouts leave, demonstrations stay", () => {
    const buffer = createReplayBuffer({ capacity: 5 });
    buffer.add(steps("demo", 2, { source: "demonstration", phase: 0 }));
    buffer.add(steps("a", 2));
    buffer.add(steps("b", 2));
    expect(buffer.trajectory("demo")).toBeDefined();
    expect(buffer.trajectory("a")).toBeUndefined();
    expect(buffer.size).toBe(4);
  });
});

describe("selection by perplexity", () => {
  // The reference's test vectors, as perplexities: 1.221 kept, 1.015 too familiar, 2.460 too hard.
  test("keeps what is neither too familiar nor too hard, bounds included", () => {
    const all = steps("a", 5);
    const result = selectReplay(all, [1.221, 1.015, 2.46, 2, 1 / 0.95], { newSteps: 10, rng: createRng(1) });
    expect(result.selected.map((s) => s.index).toSorted((a, b) => a - b)).toEqual([0, 3, 4]);
    expect(result).toMatchObject({ tooFamiliar: 1, tooHard: 1 });
    expect(PAPER_RANGE.min).toBeCloseTo(1.053, 3);
  });

  test("takes at most twice the new steps, each once, and the same for the same seed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 3, noNaN: true }), { minLength: 1, maxLength: 40 }),
        fc.nat(10),
        fc.nat(),
        (p, newSteps, seed) => {
          const all = steps("a", p.length);
          const select = () => selectReplay(all, p, { newSteps, rng: createRng(seed) });
          const { selected, tooFamiliar, tooHard } = select();
          expect(new Set(selected).size).toBe(selected.length);
          expect(selected.length).toBe(Math.min(2 * newSteps, p.length - tooFamiliar - tooHard));
          expect(select().selected).toEqual(selected);
        },
      ),
    );
  });

  test("the perplexity is the model's, over the action without its end token", async () => {
    await using engine = createFakeEngine();
    const model = await engine.open({ path: "fake" });
    const eot = model.tokenizer.idOf("<|eot_id|>")!;
    const [a, b] = [model.tokenizer.encode("a")[0]!, model.tokenizer.encode("b")[0]!];
    // Teach it "a" after "b" and nothing else: the end token stays improbable.
    for (let i = 0; i < 30; i++) {
      await model.forwardBackward([{ tokens_T: [b], positions_N: [0], targets_N: [a] }], "cross_entropy");
      await model.optimStep({ learningRate: 0.3 });
    }
    const step = (responseTokens: number[]) => steps("x", 1, { promptTokens: [b], responseTokens })[0]!;
    const [with_, without, only] = await perplexitiesUnder(model, [step([a, eot]), step([a]), step([eot])], {
      endTokens: [eot],
    });
    expect(with_).toBe(without);
    expect(with_).toBeLessThan(1.5);
    expect(only).toBeGreaterThan(10);
  });
});
