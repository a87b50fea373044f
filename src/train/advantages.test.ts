import { describe, expect, it } from "vitest";
import { checkConsistency } from "../run/check-consistency.ts";
import { methodParts, trainConfigSchema } from "../run/config.ts";
import type { DataStep } from "./experience-reader.ts";
import { countAlone, weighSteps } from "./advantages.ts";

/** The only step of an attempt. */
function attempt(taskId: string, number: number, outcome: 0 | 1, isNew = true): DataStep {
  const step = {
    trajectoryId: `${taskId}-${number}`,
    taskId,
    templateId: taskId.replace(/\d+$/, ""),
    instruction: taskId,
    site: "shop",
    phase: 1,
    source: "rollout" as const,
    index: 0,
    steps: 1,
    outcome,
    promptTokens: [1],
    responseTokens: [2],
  };
  return { ...step, isNew, trajectory: [step] };
}

const configOf = ({
  actor = { baseline: "attempts", lambda: 0 },
  ...changes
}: {
  actor?: object;
  [key: string]: unknown;
}) =>
  trainConfigSchema.parse({ tasks: { attempts: 4 }, ...changes, actor: { objective: "paper", ...actor } });

describe("settings of equation 9's advantages", () => {
  const values = () => 0.5;
  const strict = { actor: { standardize: true, minAdvantage: 0.9 } };
  const data = [attempt("a", 0, 1), attempt("b", 0, 0), attempt("c", 0, 0)];
  const weights = (changes: object, loss: Parameters<typeof weighSteps>[3]) =>
    weighSteps(data, values, trainConfigSchema.parse(changes), loss).map(({ advantage }) => advantage);

  it("change equation 6 and REINFORCE alone: elsewhere a step with A near 0 still counts, and A's zero has a meaning", () => {
    for (const loss of ["webrl", "reinforce"] as const) expect(weights(strict, loss)).toHaveLength(1);
    for (const loss of ["awr", "official", "digirl", "filtered-bc"] as const)
      expect(weights(strict, loss)).toEqual(weights({}, loss));
  });

  it.each([
    { actor: { standardize: true } },
    { actor: { minAdvantage: 0.1 } },
    { actor: { minProbability: 0.05 } },
    { actor: { baseline: "template" } },
  ])("are refused elsewhere: %j", ({ actor }) => {
    const check = (changes: object) => () => checkConsistency(trainConfigSchema.parse(changes));
    const [key] = Object.keys(actor);
    const refused = new RegExp(`actor\\.${key} is about equation 9`);
    expect(check({ actor: { ...actor, objective: "paper" } })).not.toThrow();
    expect(check({ actor, without: ["kl"] })).not.toThrow();
    for (const objective of ["official", null])
      expect(check({ actor: { ...actor, objective } })).toThrow(refused);
    for (const method of ["sft", "filtered-bc", "awr", "digirl"])
      expect(check({ actor, method })).toThrow(refused);
  });
});

describe("advantages against the other attempts at a task", () => {
  const unknown = () => undefined;
  const advantages = (
    data: DataStep[],
    config = configOf({}),
    valueOf: (id: string) => number | undefined = unknown,
  ) =>
    weighSteps(data, valueOf, config, "webrl").map(({ step, advantage }) => [step.trajectoryId, advantage]);

  it("compare an outcome with the mean of the others', its own left out, and need no critic", () => {
    const data = [
      attempt("a", 0, 1),
      attempt("a", 1, 0),
      attempt("a", 2, 0),
      attempt("b", 0, 1),
      attempt("b", 1, 1),
    ];
    expect(advantages(data)).toEqual([
      ["a-0", 1], //       1 − (0 + 0)/2
      ["a-1", -0.5], //    0 − (1 + 0)/2
      ["a-2", -0.5],
      ["b-0", 0], //       always solved: nothing to say
      ["b-1", 0],
    ]);
  });

  it("leave out a task of which a single attempt was judged", () => {
    expect(advantages([attempt("a", 0, 1)])).toEqual([]);
  });

  it("compare with attempts at any task of the template, too, and then one attempt at a task is enough", () => {
    const config = configOf({ tasks: {}, actor: { baseline: "template", lambda: 0 } });
    expect(() => checkConsistency(config)).not.toThrow();
    expect(methodParts({ ...config, without: ["replay", "curriculum"] }).critic).toBe(false);
    const data = [
      attempt("a1", 0, 1),
      attempt("a2", 0, 0),
      attempt("a3", 0, 0),
      attempt("b1", 0, 1), // of a template that was tried once
      { ...attempt("own", 0, 1), templateId: null }, // and of none
    ];
    expect(advantages(data, config)).toEqual([
      ["a1-0", 1],
      ["a2-0", -0.5],
      ["a3-0", -0.5],
    ]);
    expect(countAlone(data, config.actor, "webrl")).toBe(2);
    expect(countAlone(data, configOf({}).actor, "webrl")).toBe(5);
    expect(countAlone(data, configOf({ actor: {} }).actor, "webrl")).toBe(0);
  });

  it("compare a replayed step with the critic's value, and mix in its view of new ones by λ", () => {
    const config = configOf({ actor: { baseline: "attempts", lambda: 0.5 } });
    const data = [attempt("a", 0, 1), attempt("a", 1, 0), attempt("a", 2, 1, false)];
    const value = (id: string) => ({ "a-0": 0.6, "a-1": 0.2, "a-2": 0.8 })[id];
    const rounded = advantages(data, config, value).map(([id, a]) => [id, Number(a).toFixed(6)]);
    expect(rounded).toEqual([
      ["a-0", "0.700000"], //   ½(1 − 0.6) + ½(1 − 0)
      ["a-1", "-0.600000"], //  ½(0 − 0.2) + ½(0 − 1)
      ["a-2", "0.200000"], //   ½(1 − 0.8) + ½(1 − 0.8): eq. 9
    ]);
  });

  it("need tasks with templates, or several attempts", () => {
    const llm = { actor: { baseline: "template" }, curriculum: { proposer: "llm" } };
    const refused = /have none, and tasks.attempts is 1/;
    expect(() => checkConsistency(configOf({ ...llm, tasks: {} }))).toThrow(refused);
    const given = { actor: llm.actor, tasks: {}, without: ["curriculum"] };
    expect(() => checkConsistency(configOf(given))).not.toThrow();
    expect(() => checkConsistency(configOf(llm))).not.toThrow();
  });

  it("need several attempts, and a method with equation 9", () => {
    expect(() => checkConsistency(configOf({ tasks: {} }))).toThrow(/compares attempts at one task/);
    expect(() => checkConsistency(configOf({ method: "digirl" }))).toThrow(/about WebRL's loss/);
    expect(() => checkConsistency(configOf({}))).not.toThrow();
  });

  it("go without a critic only where nothing else asks for a value", () => {
    const bare = { without: ["replay", "curriculum"] };
    expect(methodParts(configOf(bare)).critic).toBe(false);
    expect(methodParts(configOf({ without: ["replay"] })).critic).toBe(true);
    expect(methodParts(configOf({ ...bare, actor: { baseline: "attempts" } })).critic).toBe(true);
  });
});
