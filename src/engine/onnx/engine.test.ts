import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Engine } from "../../core/engine.ts";
import { engineRules } from "../../testing/engine-kit.ts";
import type { Rule } from "../../testing/kit.ts";
import { createModel } from "./create-model.ts";
import { createOnnxEngine } from "./engine.ts";
import { NonFiniteError } from "./train/non-finite.ts";
import { tokenizerConfig, trainBpe } from "./tokenizer/train-bpe.ts";

const all = (rules: Rule[]) => rules.forEach((rule) => test(rule.name, () => rule.run(), 30_000));
const texts = [
  "The lamp costs $24. Open the page of the kettle, then say what it costs. It is $31.",
  "a b c",
];
const directory = await mkdtemp(join(tmpdir(), "webrl-engine-"));
const path = join(directory, "model");

beforeAll(async () => {
  const tokenizer = trainBpe(texts, { vocabSize: 300 });
  await createModel({
    directory: path,
    model: {
      vocabSize:
        Math.max(...Object.values(tokenizer.model.vocab), ...tokenizer.added_tokens.map(({ id }) => id)) + 1,
      hiddenSize: 32,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      contextTokens: 128,
    },
    tokenizerFiles: new Map([
      ["tokenizer.json", JSON.stringify(tokenizer)],
      ["tokenizer_config.json", JSON.stringify(tokenizerConfig({ contextTokens: 128 }))],
    ]),
    seed: 1,
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("the embedded engine obeys the contract", () => {
  const engine = createOnnxEngine({ threads: 1 });
  afterAll(() => engine[Symbol.asyncDispose]());
  // It outlives the rules, because to start one takes longer than most rules: each finds it as the one before left it.
  const lent: Engine = {
    name: engine.name,
    open: (options) => engine.open(options),
    [Symbol.asyncDispose]: async () => {},
  };
  const create = async () => lent;
  describe("training all weights", () => {
    all(engineRules({ create, open: { path }, tolerance: 1e-4 }));
  });
  describe("training an adapter", () => {
    all(engineRules({ create, open: { path, lora: { rank: 4, alpha: 8, seed: 1 } }, tolerance: 1e-4 }));
  });
});

const datum = { tokens_T: [1, 2, 3, 4], positions_N: [1, 2, 3], targets_N: [3, 4, 5] };

test("a saved adapter opens again on its base", async () => {
  await using engine = createOnnxEngine({ threads: 1 });
  await using model = await engine.open({
    path,
    lora: { rank: 2, alpha: 4, seed: 1, targetModules: ["q_proj", "up_proj"] },
  });
  await model.forwardBackward([datum], "cross_entropy");
  await model.optimStep({ learningRate: 0.01 });
  await model.save(join(directory, "adapter"));
  await using again = await engine.open({ path: join(directory, "adapter") });
  expect(await again.logprobs([datum])).toEqual(await model.logprobs([datum]));
});

test("the main thread stays free while the engine trains", async () => {
  await using engine = createOnnxEngine({ threads: 1 });
  await using model = await engine.open({ path });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const long = Array.from({ length: 100 }, (_, i) => i);
  const batch = Array.from({ length: 64 }, () => ({
    tokens_T: long,
    positions_N: long.slice(0, -1),
    targets_N: long.slice(1),
  }));
  for (let i = 0; i < 3; i++) await model.forwardBackward(batch, "cross_entropy");
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(20);
});

test("errors keep their class across the thread", async () => {
  await using engine = createOnnxEngine({ threads: 1 });
  await expect(engine.open({ path: join(directory, "nowhere") })).rejects.toMatchObject({
    name: "ConfigError",
    hint: expect.any(String) as string,
  });
  await using model = await engine.open({ path });
  const nan = () => ({ loss: 0, gradients_BN: [Float32Array.of(Number.NaN, 0, 0)] });
  await expect(model.forwardBackward([datum], nan)).rejects.toBeInstanceOf(NonFiniteError);
  await expect(
    model.forwardBackward([datum], () => {
      throw new TypeError("mine");
    }),
  ).rejects.toThrow("mine");
  await expect(
    model.logprobs([{ ...datum, tokens_T: Array.from({ length: 129 }, () => 1) }]),
  ).rejects.toThrow(/129 tokens.*128/);
  await expect(model.logprobs([{ ...datum, targets_N: [1, 2, 999] }])).rejects.toThrow(/999/);
});

test("a sampled continuation and its training go on side by side", async () => {
  await using engine = createOnnxEngine({ threads: 1 });
  await using model = await engine.open({ path });
  const prompt_T = model.tokenizer.encode("The lamp ");
  const samples = [1, 2, 3].map((seed) => model.sample({ prompt_T, maxTokens: 8, temperature: 1, seed }));
  await model.forwardBackward([datum], "cross_entropy");
  await model.optimStep({ learningRate: 0.01 });
  for (const result of await Promise.all(samples)) expect(result.tokens_T.length).toBe(8);
});
