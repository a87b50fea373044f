import { expect, test } from "vitest";

import { createRng } from "../../../core/rng.ts";
import { float32 } from "../graph/compile.ts";
import { loraInputName } from "../models/decoder.ts";
import { newLlamaConfig } from "../models/config.ts";
import { initLora, initWeights, loraSpecs, parameterSpecs } from "../models/parameters.ts";
import { LossPrograms } from "./loss-programs.ts";
import { Trainer } from "./trainer.ts";
import { TrunkCache } from "./trunk-cache.ts";
import type { Datum } from "../../../core/engine.ts";

const config = newLlamaConfig({ vocabSize: 64, hiddenSize: 16, layers: 3, heads: 2, contextTokens: 512 });
const base = initWeights(config, 3);

/** A trainer of adapters on the last `layers` layers; every call begins with the same base and the same A. */
function adapters(layers: number, trunkCache = new TrunkCache()) {
  const specs = loraSpecs(config, { rank: 2, alpha: 4, layers });
  const data = new Map(
    [...initLora(specs, 1)].flatMap(([module, { a, b }]) => {
      const rng = createRng(module);
      return [
        [loraInputName(module, "A"), a],
        [loraInputName(module, "B"), b.map(() => (layers === 1 ? rng.normal() : 0))],
      ] as [string, Float32Array][];
    }),
  );
  const shapes = new Map(
    specs.flatMap(({ module, a, b }) => [
      [loraInputName(module, "A"), a] as const,
      [loraInputName(module, "B"), b] as const,
    ]),
  );
  const weights = new Map([
    ...parameterSpecs(config).map(({ name, shape }) => [name, float32(base.get(name)!, shape)] as const),
    ...[...data].map(([name, values]) => [name, float32(values, shapes.get(name)!)] as const),
  ]);
  const trained = [...data].map(([name, values]) => ({ name, data: values, isMatrix: true }));
  const programs = new LossPrograms(config, specs, { threads: 1 });
  const trainer = new Trainer(config, weights, trained, programs, { memoryBudgetBytes: 1e9, trunkCache });
  return { trainer, programs, data };
}

function datumOf(length: number): Datum {
  const rng = createRng(`trunk/${length}`);
  const tokens = Array.from({ length: length + 1 }, () => rng.int(config.vocabSize));
  return {
    tokens_T: tokens.slice(0, -1),
    positions_N: [3, length - 1],
    targets_N: [tokens[4]!, tokens[length]!],
  };
}
const batch = [datumOf(40), datumOf(37), datumOf(90)];

test("a model with a trunk has the log-probabilities and gradients of one that computes every layer", async () => {
  const cut = adapters(1);
  const whole = adapters(3);
  for (const [name, values] of whole.data) values.set(cut.data.get(name) ?? values);
  await using cutPrograms = cut.programs;
  await using wholePrograms = whole.programs;
  expect([cutPrograms.trunkLayers, wholePrograms.trunkLayers]).toEqual([2, 0]);
  const expected = (await whole.trainer.logprobs(batch)).flatMap((row) => [...row]);
  (await cut.trainer.logprobs(batch))
    .flatMap((row) => [...row])
    .forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  for (const { trainer } of [cut, whole]) {
    await trainer.forwardBackward(batch, "cross_entropy");
    await trainer.optimStep({ learningRate: 0, clipNorm: Infinity });
  }
  expect(cut.data.size).toBe(14);
  for (const name of cut.data.keys()) {
    const reference = whole.trainer.state.moments.get(name)!.m;
    expect(reference.some((m) => m !== 0)).toBe(true);
    cut.trainer.state.moments.get(name)!.m.forEach((m, i) => expect(m).toBeCloseTo(reference[i]!, 4));
  }
});

test("what the trunk gives is computed once for all adapters on one base", async () => {
  const shared = new TrunkCache();
  const first = adapters(1, shared);
  await using firstPrograms = first.programs;
  expect(firstPrograms.trunkLayers).toBe(2);
  const expected = await first.trainer.logprobs(batch);
  const second = adapters(1, shared);
  await using programs = second.programs;
  programs.trunk = () => Promise.reject(new Error("the trunk is computed again"));
  expect(await second.trainer.logprobs(batch)).toEqual(expected);
  await expect(second.trainer.logprobs([datumOf(50)])).rejects.toThrow("computed again");
});

test("least recently used hidden states go first, and none is mistaken for another layer's or sequence's", () => {
  const cache = new TrunkCache(24);
  const [a, b, c] = [[1, 2], [12], [3]].map((tokens) => Int32Array.from(tokens)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  cache.put(2, a, Float32Array.of(1, 2));
  cache.put(2, b, Float32Array.of(3, 4));
  cache.put(2, b, Float32Array.of(3, 4));
  expect(cache.get(1, a)).toBeUndefined();
  expect([...cache.get(2, a)!]).toEqual([1, 2]);
  cache.put(2, c, Float32Array.of(5, 6, 7, 8));
  expect(cache.get(2, b)).toBeUndefined();
  expect([...cache.get(2, a)!]).toEqual([1, 2]);
  expect(cache.sizeBytes).toBe(24);
});
