import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createRng } from "../../../core/rng.ts";
import { float32 } from "../graph/compile.ts";
import { newLlamaConfig } from "../models/config.ts";
import { initWeights, parameterSpecs } from "../models/parameters.ts";
import { adamwStep, globalNorm, type AdamWState } from "./adamw.ts";
import { paddedLength, planMicroBatches, type BatchLimits } from "./batching.ts";
import { LossPrograms } from "./loss-programs.ts";
import { activationBytes, chooseVariant } from "./memory.ts";
import { NonFiniteError } from "./non-finite.ts";
import { Trainer } from "./trainer.ts";
import type { Datum } from "../../../core/engine.ts";

const config = newLlamaConfig({ vocabSize: 64, hiddenSize: 16, layers: 2, heads: 2, contextTokens: 512 });
const unlimited: BatchLimits = { maxTokens: 4096, memoryBudgetBytes: Infinity, activationBytes: () => 0 };

function datumOf(length: number, seed = length): Datum {
  const rng = createRng(seed);
  const tokens = Array.from({ length: length + 1 }, () => rng.int(config.vocabSize));
  return {
    tokens_T: tokens.slice(0, -1),
    positions_N: tokens.slice(1).map((_, t) => t),
    targets_N: tokens.slice(1),
  };
}

function newTrainer(memoryBudgetBytes: number, maxTokens?: number) {
  const data = initWeights(config, 3);
  const specs = parameterSpecs(config);
  const weights = new Map(specs.map(({ name, shape }) => [name, float32(data.get(name)!, shape)]));
  const trained = specs.map(({ name, shape }) => ({
    name,
    data: data.get(name)!,
    isMatrix: shape.length > 1,
  }));
  const programs = new LossPrograms(config, [], { threads: 1 });
  return {
    trainer: new Trainer(config, weights, trained, programs, { memoryBudgetBytes, maxTokens }),
    programs,
    data,
  };
}

describe("micro-batches", () => {
  test("hold every target of every datum once, and no token of another", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 32, max: 2000 }), (all, maxTokens) => {
        const datums_B = all.map((length, b) => datumOf(length, b));
        const batches = planMicroBatches(datums_B, config, { ...unlimited, maxTokens });
        expect(batches.flatMap(({ members }) => members).toSorted((a, b) => a - b)).toEqual([...all.keys()]);
        for (const batch of batches) {
          expect(batch.tokens_M.length).toBe(batch.sequences * batch.time);
          if (batch.sequences > 1) expect(batch.tokens_M.length).toBeLessThanOrEqual(maxTokens);
          batch.targetRows_N.forEach((row, n) => {
            const place = batch.rows_R[row]!;
            const datum = datums_B[batch.members[Math.floor(place / batch.time)]!]!;
            expect(batch.tokens_M[place]).toBe(datum.tokens_T[place % batch.time]);
            expect(batch.targets_N[n]).toBe(datum.targets_N[place % batch.time]);
          });
          const real = batch.members.reduce((sum, b) => sum + datums_B[b]!.tokens_T.length, 0);
          expect(batch.paddingTokens).toBe(batch.tokens_M.length - real);
        }
      }),
    );
  });

  test("put like with like: a short datum is not padded to a long one's length", () => {
    const batches = planMicroBatches(
      [datumOf(400), datumOf(40), datumOf(390), datumOf(33)],
      config,
      unlimited,
    );
    expect(batches.map(({ members, time }) => ({ members, time }))).toEqual([
      { members: [0, 2], time: 416 },
      { members: [1, 3], time: 64 },
    ]);
  });

  test("stop growing at the memory budget", () => {
    const limits = {
      maxTokens: 4096,
      memoryBudgetBytes: 100,
      activationBytes: (sequences: number) => sequences * 40,
    };
    const batches = planMicroBatches(
      [1, 2, 3, 4, 5].map((seed) => datumOf(64, seed)),
      config,
      limits,
    );
    expect(batches.map(({ sequences }) => sequences)).toEqual([2, 2, 1]);
  });

  test("leave out what cannot matter: tokens after the last wanted position, datums without targets", () => {
    const none = { tokens_T: [1, 2, 3], positions_N: [], targets_N: [] };
    const early = { ...datumOf(300), positions_N: [3, 3], targets_N: [5, 6] };
    const [batch, ...rest] = planMicroBatches([none, early], config, unlimited);
    expect(rest).toEqual([]);
    expect(batch).toMatchObject({ members: [1], time: 32, paddingTokens: 28 });
    expect([...batch!.rows_R]).toEqual([3]);
    expect([...batch!.targetRows_N]).toEqual([0, 0]);
  });

  test("padded lengths are few and never shorter than the sequence", () => {
    const lengths = new Set(Array.from({ length: 2048 }, (_, i) => paddedLength(i + 1)));
    expect(lengths.size).toBeLessThanOrEqual(40);
    for (let i = 1; i <= 5000; i++) expect(paddedLength(i)).toBeGreaterThanOrEqual(i);
  });

  test.each([
    [
      "a sequence longer than the context",
      { ...datumOf(4), tokens_T: Array<number>(513).fill(1) },
      /513 tokens.*512/,
    ],
    ["a token outside the vocabulary", { ...datumOf(2), tokens_T: [1, 64] }, /token 64.*vocabulary of 64/],
    ["a target outside the vocabulary", { ...datumOf(2), targets_N: [1, -1] }, /token -1/],
    [
      "a position outside the tokens",
      { ...datumOf(2), positions_N: [0, 2] },
      /position 2 is outside its 2 tokens/,
    ],
    ["targets without positions", { ...datumOf(2), positions_N: [0] }, /1 positions, 2 targets/],
    ["weights of another number", { ...datumOf(2), weights_N: [1] }, /and 1 weights differ/],
  ])("%s is refused", (_, datum, message) => {
    expect(() => planMicroBatches([datum], config, unlimited)).toThrow(message);
  });
});

describe("AdamW", () => {
  const step = { learningRate: 0.1, weightDecay: 0.5, beta1: 0.9, beta2: 0.99, epsilon: 0 };

  test("the first step moves by the learning rate against the gradient's sign, after decoupled decay", () => {
    // m̂ = g, v̂ = g²: w ← 2·(1 − 0.1·0.5) − 0.1·sign(g) = 1.9 ∓ 0.1; the vector does not decay.
    const matrix = { name: "w", data: Float32Array.of(2, 2), isMatrix: true };
    const vector = { name: "n", data: Float32Array.of(2), isMatrix: false };
    const state: AdamWState = { step: 0, moments: new Map() };
    const gradients = new Map([
      ["w", Float32Array.of(3, -5)],
      ["n", Float32Array.of(7)],
    ]);
    adamwStep([matrix, vector], gradients, state, step, 1);
    expect(matrix.data[0]).toBeCloseTo(1.8, 6);
    expect(matrix.data[1]).toBeCloseTo(2, 6);
    expect(vector.data[0]).toBeCloseTo(1.9, 6);
    expect(state.step).toBe(1);
  });

  test("moments follow their equations over two steps", () => {
    // g = 1 then 3: m = 0.9·0.1 + 0.1·3 = 0.39, v = 0.99·0.01 + 0.01·9 = 0.0999.
    const tensor = { name: "w", data: Float32Array.of(0), isMatrix: true };
    const state: AdamWState = { step: 0, moments: new Map() };
    adamwStep([tensor], new Map([["w", Float32Array.of(1)]]), state, { ...step, weightDecay: 0 }, 1);
    adamwStep([tensor], new Map([["w", Float32Array.of(3)]]), state, { ...step, weightDecay: 0 }, 1);
    const { m, v } = state.moments.get("w")!;
    expect(m[0]).toBeCloseTo(0.39, 6);
    expect(v[0]).toBeCloseTo(0.0999, 6);
    // −0.1 − 0.1·(0.39/0.19)/√(0.0999/0.0199)
    expect(tensor.data[0]).toBeCloseTo(-0.1 - (0.1 * (0.39 / 0.19)) / Math.sqrt(0.0999 / 0.0199), 5);
  });

  test("the global norm is that of all tensors together", () => {
    expect(globalNorm([Float32Array.of(3), Float32Array.of(0, 4)])).toBe(5);
    expect(globalNorm([Float32Array.of(Number.NaN)])).toBeNaN();
  });
});

describe("the trainer", () => {
  const batch = [datumOf(40), datumOf(90), datumOf(33), datumOf(7)];

  test("gives the same gradients in one micro-batch, in many, and with recomputation", async () => {
    const norms: number[] = [];
    for (const [budget, maxTokens] of [
      [1e9, 4096],
      [1e9, 96],
      [1, 4096],
    ] as const) {
      const { trainer, programs } = newTrainer(budget, maxTokens);
      await trainer.forwardBackward(batch, "cross_entropy");
      norms.push((await trainer.optimStep({ learningRate: 0, clipNorm: Infinity })).gradientNorm);
      await programs[Symbol.asyncDispose]();
    }
    expect(norms[1]).toBeCloseTo(norms[0]!, 3);
    expect(norms[2]).toBeCloseTo(norms[0]!, 3);
  });

  test("a custom loss gives cross-entropy's gradients, whether activations fit or are computed twice", async () => {
    const norms: number[] = [];
    for (const budget of [1e9, 300_000]) {
      const { trainer, programs } = newTrainer(budget);
      await trainer.forwardBackward(batch, (logprobs_BN) => ({
        loss: 0,
        gradients_BN: logprobs_BN.map((row) => new Float32Array(row.length).fill(-1)),
      }));
      norms.push((await trainer.optimStep({ learningRate: 0, clipNorm: Infinity })).gradientNorm);
      await programs[Symbol.asyncDispose]();
    }
    const { trainer, programs } = newTrainer(1e9);
    await trainer.forwardBackward(batch, "cross_entropy");
    const { gradientNorm } = await trainer.optimStep({ learningRate: 0, clipNorm: Infinity });
    expect(norms[0]).toBeCloseTo(gradientNorm, 3);
    expect(norms[1]).toBeCloseTo(gradientNorm, 3);
    await programs[Symbol.asyncDispose]();
  });

  test("a gradient that is not finite leaves weights, moments and what was accumulated", async () => {
    const { trainer, programs, data } = newTrainer(1e9);
    await trainer.forwardBackward(batch, "cross_entropy");
    const before = [...data.values()].map((tensor) => tensor.slice());
    const infinite = () => ({
      loss: 0,
      gradients_BN: batch.map((d) => new Float32Array(d.targets_N.length).fill(Infinity)),
    });
    await expect(trainer.forwardBackward(batch, infinite)).rejects.toBeInstanceOf(NonFiniteError);
    expect([...data.values()]).toEqual(before);
    expect(trainer.state.step).toBe(0);
    const { gradientNorm } = await trainer.optimStep({ learningRate: 0.01, clipNorm: Infinity });
    const twin = newTrainer(1e9);
    await twin.trainer.forwardBackward(batch, "cross_entropy");
    expect((await twin.trainer.optimStep({ learningRate: 0.01, clipNorm: Infinity })).gradientNorm).toBe(
      gradientNorm,
    );
    await programs[Symbol.asyncDispose]();
    await twin.programs[Symbol.asyncDispose]();
  });

  test("weights that became infinite are noticed as a loss that is not finite", async () => {
    const { trainer, programs, data } = newTrainer(1e9);
    data.get("model.norm.weight")!.fill(Number.NaN);
    await expect(trainer.forwardBackward(batch, "cross_entropy")).rejects.toThrow(/the loss is NaN/);
    await expect(trainer.optimStep({ learningRate: 0.1 })).rejects.toThrow(/without accumulated gradients/);
    await programs[Symbol.asyncDispose]();
  });

  test("clipping scales the step's gradient to the norm", async () => {
    const clipped = newTrainer(1e9);
    await clipped.trainer.forwardBackward(batch, "cross_entropy");
    const { gradientNorm } = await clipped.trainer.optimStep({ learningRate: 0, clipNorm: 0.5 });
    expect(gradientNorm).toBeGreaterThan(0.5);
    // After one step m = (1 − β₁)·g·clip/norm, so its norm is 0.1 · 0.5.
    const moments = [...clipped.trainer.state.moments.values()].map(({ m }) => m);
    expect(globalNorm(moments)).toBeCloseTo(0.05, 5);
    await clipped.programs[Symbol.asyncDispose]();
  });
});

test("a sequence beyond the budget is recomputed, which needs less memory", () => {
  const budget = activationBytes(config, 1, 256, 256, false) - 1;
  expect(chooseVariant(config, 256, 256, budget).recompute).toBe(true);
  expect(chooseVariant(config, 256, 256, budget + 1).recompute).toBe(false);
  const deep = { ...config, layers: 24 };
  // Not by more: what the gradients of matrices read is held in any case.
  expect(activationBytes(deep, 1, 512, 1, true)).toBeLessThan(activationBytes(deep, 1, 512, 1, false) / 1.5);
});
