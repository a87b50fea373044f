import { describe, expect, test } from "vitest";
import type { ChatModel, ChatReply, ChatRequest } from "../core/chat.ts";
import type { FrozenModel, Model } from "../core/engine.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { createFakeEngine } from "../testing/fake-engine.ts";
import { checkVerdict, judgeRules } from "../testing/judge-kit.ts";
import { createOrm, ormProbabilities } from "./orm.ts";
import { createPromptedJudge } from "./prompted-judge.ts";
import { cosineSchedule, evaluateOrm, ormReport, splitOrmExamples, trainOrm } from "./train-orm.ts";
import type { OrmExample } from "./train-orm.ts";

function trajectory(id: string, answer: string): Trajectory {
  const observation = { text: `Shop\nprice ${answer}` };
  return {
    id,
    task: { id: `task-${id}`, instruction: "Find the price", sites: ["storefront"], templateId: "t" },
    policy: "test",
    seed: 1,
    steps: [{ index: 0, observation, response: `exit(message="${answer}")` }],
    ending: { kind: "terminated", reason: "exit", answer },
    finalObservation: observation,
    blockedHosts: {},
  } as unknown as Trajectory;
}

/** A success ends with `good`, a failure with `bad`. */
function example(i: number, success: 0 | 1): OrmExample {
  return {
    trajectoryId: `t${i}`,
    taskId: `task-${i}`,
    templateId: `template-${i % 20}`,
    site: i % 2 === 0 ? "storefront" : "forum",
    policy: i % 3 === 0 ? "oracle" : "sft",
    success,
    instruction: `Task ${i % 7}`,
    responses: [`exit(message="${i % 5}")`],
    page: success === 1 ? "good" : "bad",
  };
}

const open = async () => (await createFakeEngine().open({ path: "fake" })) as FrozenModel;

describe("ORM as a judge", () => {
  describe.each([undefined, 0.001, 0.85, 1])("with the threshold %s", (threshold) => {
    for (const rule of judgeRules(
      async () => createOrm(await open(), { threshold }),
      [trajectory("a", "1"), trajectory("b", "2"), trajectory("c", "3")],
    ))
      test(rule.name, () => rule.run());
  });

  test("the probability is P(YES)/(P(YES)+P(NO)), however the prompts are batched", async () => {
    const model = await open();
    const stub = {
      ...forward(model),
      logprobs: async (d: readonly unknown[]) => d.map(() => Float32Array.of(Math.log(0.3), Math.log(0.1))),
    };
    const [verdict] = await createOrm(stub).judge([trajectory("a", "1")]);
    expect(verdict).toMatchObject({ by: "orm", success: true });
    expect(verdict!.probability).toBeCloseTo(0.75, 6);
    const [strict] = await createOrm(stub, { threshold: 0.8 }).judge([trajectory("a", "1")]);
    expect(strict).toMatchObject({ success: false, probability: verdict!.probability, threshold: 0.8 });
    // More than one call of the engine takes.
    const inputs = Array.from({ length: 20 }, (_, i) => example(i, 1));
    const alone = await Promise.all(inputs.map((input) => ormProbabilities(model, [input])));
    expect(await ormProbabilities(model, inputs)).toEqual(alone.flat());
  });

  test("a model that answers NaN or fails is a fault, never a verdict", async () => {
    const model = await open();
    const nan = { ...forward(model), logprobs: async () => [Float32Array.of(Number.NaN, 0)] };
    await expect(createOrm(nan).judge([trajectory("a", "1")])).rejects.toMatchObject({
      code: "judge_failed",
    });
    const down = {
      ...forward(model),
      logprobs: () => Promise.reject(new Fault("engine_failed", "gone", { retryable: true })),
    };
    await expect(createOrm(down).judge([trajectory("a", "1")])).rejects.toMatchObject({
      code: "judge_failed",
      retryable: true,
    });
  });
});

/** A model's methods without its class. */
function forward(model: FrozenModel): FrozenModel {
  return {
    name: model.name,
    tokenizer: model.tokenizer,
    contextTokens: model.contextTokens,
    sample: (request) => model.sample(request),
    logprobs: (datums) => model.logprobs(datums),
    [Symbol.asyncDispose]: async () => {},
  };
}

describe("training the ORM", () => {
  // One success in five.
  const examples = Array.from({ length: 100 }, (_, i) => example(i, i % 5 === 0 ? 1 : 0));
  const options = { epochs: 4, batchSize: 8, learningRate: 0.05, seed: 3 };

  test("it learns to tell success from failure", async () => {
    await using engine = createFakeEngine({ contextTokens: 512 });
    const model = await engine.open({ path: "fake" });
    const { steps, losses } = await trainOrm(model, examples, options);
    expect(steps).toBe(4 * 13);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const report = await evaluateOrm(model, examples);
    expect(report.overall.accuracy).toBeGreaterThan(0.95);
    expect(report.collapse).toBeNull();
  });

  test("stopped at a step and continued, it does what it would have done", async () => {
    const run = async (model: Model, from: number, until: number) => {
      const losses: number[] = [];
      const stop = new Error("killed");
      const onStep = ({ step, loss }: { step: number; loss: number }) => {
        losses.push(loss);
        if (step === until) throw stop;
      };
      await trainOrm(model, examples, { ...options, epochs: 2, fromStep: from, onStep }).catch(
        (error: unknown) => {
          if (error !== stop) throw error;
        },
      );
      return losses;
    };
    const fresh = () => createFakeEngine({ contextTokens: 512 }).open({ path: "fake" });
    const whole = await run(await fresh(), 0, 26);
    const model = await fresh();
    const parts = [...(await run(model, 0, 15)), ...(await run(model, 15, 26))];
    expect(whole).toHaveLength(26);
    expect(parts).toEqual(whole);
  });

  test("one class alone cannot be learned from", async () => {
    const model = await createFakeEngine().open({ path: "fake" });
    const failures = examples.filter((e) => e.success === 0);
    await expect(trainOrm(model, failures, options)).rejects.toBeInstanceOf(ConfigError);
  });

  test("no template is on both sides of the split, and every example on one", () => {
    const { train, heldOut } = splitOrmExamples(examples, { heldOutFraction: 0.3, seed: 1 });
    expect(train.length + heldOut.length).toBe(examples.length);
    expect(heldOut.length).toBeGreaterThan(0);
    const seen = new Set(train.map((e) => e.templateId));
    for (const e of heldOut) expect(seen.has(e.templateId)).toBe(false);
  });

  test("the learning rate rises, then falls as a cosine", () => {
    const rates = Array.from({ length: 20 }, (_, step) => cosineSchedule(step, 20, 0.1));
    expect(rates.slice(0, 3)).toEqual([0.5, 1, 1]);
    expect(cosineSchedule(11, 20, 0.1)).toBeCloseTo(0.5, 12);
    expect(rates.at(-1)!).toBeGreaterThan(0);
  });

  test("the report is per site and policy, and lists the surest mistakes first", () => {
    const few = [example(0, 1), example(1, 0), example(2, 1), example(3, 0)];
    const report = ormReport(few, [0.4, 0.9, 0.8, 0.1]);
    expect(report.overall.confusion).toEqual({
      truePositives: 1,
      falsePositives: 1,
      trueNegatives: 1,
      falseNegatives: 1,
    });
    expect(Object.keys(report.bySite)).toEqual(["forum", "storefront"]);
    expect(report.bySite["forum"]!.confusion.falsePositives).toBe(1);
    expect(report.mistakes.map((m) => [m.trajectoryId, m.kind])).toEqual([
      ["t1", "false_positive"],
      ["t0", "false_negative"],
    ]);
  });
});

describe("prompted judge", () => {
  const chat = (answer: (request: ChatRequest, call: number) => string | ChatReply) => {
    let calls = 0;
    const model: ChatModel = {
      name: "stub",
      chat: async (request) => {
        request.signal?.throwIfAborted();
        const said = answer(request, calls++);
        return typeof said === "string" ? { text: said, stop: "stop" } : said;
      },
    };
    return { model, calls: () => calls };
  };
  const judge = async (answer: Parameters<typeof chat>[0]) => {
    const { model, calls } = chat(answer);
    const [verdict] = await createPromptedJudge(model).judge([trajectory("a", "1")]);
    checkVerdict(verdict!);
    return { verdict: verdict!, calls: calls() };
  };

  for (const rule of judgeRules(
    async () =>
      createPromptedJudge(
        chat(({ messages }) => (messages[1]!.content.includes('"2"') ? "Right.\nAnswer: YES" : "NO")).model,
      ),
    [trajectory("a", "1"), trajectory("b", "2")],
  ))
    test(rule.name, () => rule.run());

  test("the released reward model gets its own prompt, with the page cut to fit, and says YES or NO", async () => {
    const prompts: string[] = [];
    const { model } = chat(({ messages }) => {
      prompts.push(messages[0]!.content);
      return messages[0]!.content.includes('"2"') ? "YES" : "NO";
    });
    const orm = createPromptedJudge(model, { isReleasedOrm: true, maxPromptTokens: 1000 });
    const verdicts = await orm.judge([trajectory("a", "1"), trajectory("b", "2")]);
    expect(verdicts.map(({ success }) => success)).toEqual([false, true]);
    expect(prompts[0]).toMatch(
      /^<\|start_header_id\|>system[^]*Shop\nprice 1<\|eot_id\|>[^]*assistant<\|end_header_id\|>\n\n$/,
    );
    expect(prompts[0]).not.toContain("<page");
  });

  test("a thought that is cut off is no verdict, whatever words are in it", async () => {
    const { verdict, calls } = await judge(() => ({ text: "I would answer YES if", stop: "length" }));
    expect(verdict).toMatchObject({ success: false, probability: 0, undecided: true });
    expect(verdict.reasons[0]).toContain("no clear verdict");
    expect(calls).toBe(2);
  });

  test("what is unclear is asked again once, and what both requests took is recorded", async () => {
    const usage = { requests: 1, promptTokens: 10, cachedTokens: 0, completionTokens: 2, cost: 0.5 };
    const { verdict, calls } = await judge((_, call) => ({
      text: call === 0 ? "maybe" : "There are NO errors. Answer: YES",
      stop: "stop",
      usage,
    }));
    expect(calls).toBe(2);
    expect(verdict).toMatchObject({ success: true, probability: 1 });
    expect(verdict.undecided).toBeUndefined();
    expect(verdict.usage).toEqual({
      requests: 2,
      promptTokens: 20,
      cachedTokens: 0,
      completionTokens: 4,
      cost: 1,
    });
  });

  test("a page is cut to what the server reads, between characters", async () => {
    const prompts: string[] = [];
    const { model } = chat(({ messages }) => {
      prompts.push(messages.map(({ content }) => content).join(""));
      return "NO";
    });
    const long = trajectory("a", "页".repeat(5000));
    await createPromptedJudge(model, { maxPromptTokens: 7000 }).judge([long]);
    expect(Buffer.byteLength(prompts[0]!)).toBeLessThanOrEqual(21_000);
    expect(prompts[0]).toMatch(/页\n<\/page \w+>$/);
    await createPromptedJudge(model).judge([long]);
    expect(prompts[1]!.length).toBeGreaterThan(10_000);
  });

  test("a fault of the server is one of the judge", async () => {
    const { model } = chat(() => {
      throw new Fault("model_server_failed", "gone", { retryable: true });
    });
    await expect(createPromptedJudge(model).judge([trajectory("a", "1")])).rejects.toMatchObject({
      code: "judge_failed",
      retryable: true,
    });
  });
});
