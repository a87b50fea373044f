import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoraSettings } from "../../core/engine.ts";
import { ConfigError } from "../../core/errors.ts";
import { estimate, estimateSampling, estimateText, refuseTooLarge, type PlannedModel } from "./estimate.ts";
import { LocalEngine } from "./local-engine.ts";
import { parameterCount } from "./models/parameters.ts";
import { newLlamaConfig } from "./models/config.ts";

let directory: string;
let small: string;
let large: string;
const config = newLlamaConfig({
  vocabSize: 2000,
  hiddenSize: 512,
  layers: 12,
  heads: 8,
  contextTokens: 1024,
});
const size = parameterCount(config);

const plan = (trained: PlannedModel, more: object = {}) =>
  estimate({ trained, batchSize: 8, sampled: 4, lengths: () => [300, 500], threads: 1, ...more });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-estimate-"));
  small = join(directory, "small");
  await cp("models/base", small, { recursive: true });
  // Only the configuration and the tokenizer are read.
  large = join(directory, "large");
  await cp("models/base", large, { recursive: true });
  await rm(join(large, "model.safetensors"));
  await rm(join(large, "manifest.json"));
  await writeFile(join(large, "config.json"), JSON.stringify(config.raw));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("what sampling will take", () => {
  it("counts weights once, nothing of a training, and the keys and values of what is sampled at once", async () => {
    const { parameters, memory } = await estimateSampling([large], 4);
    expect(parameters).toBe(size);
    const { frozen, trained, optimiser, activations, cache, program, total } = memory;
    expect([frozen, trained, optimiser, activations]).toEqual([4 * size, 0, 0, 0]);
    // Keys and values of 12 layers, 8 heads of 64 each: 4 rows of 1,024 tokens, and 128 MiB of beginnings.
    expect(cache).toBe(2 * 4 * 12 * 512 * 4 * 1024 + 128 * 2 ** 20);
    expect(total).toBe(frozen + cache + program);
    expect((await estimateSampling([large, small], 4)).memory.frozen).toBeGreaterThan(4 * size);
  });

  it("is refused where it is more than the process may have", async () => {
    const found = await estimateSampling([large], 4);
    found.memory.limit = found.memory.total - 1;
    expect(() => refuseTooLarge(found, large)).toThrow(/sampling from .* needs about .*frozen weights/);
    found.memory.limit++;
    refuseTooLarge(found, large);
  });
});

describe("what a training will take", () => {
  it("counts all weights with gradients and moments: 20 bytes a parameter", async () => {
    const { parameters, trainedParameters, memory, disk } = await plan({ path: large });
    expect([parameters, trainedParameters]).toEqual([size, size]);
    expect([memory.frozen, memory.trained, memory.optimiser]).toEqual([0, 4 * size, 16 * size]);
    expect(disk).toEqual({ model: 4 * size, checkpoint: 12 * size });
    const { frozen, trained, optimiser, activations, cache, program, total } = memory;
    expect(total).toBe(frozen + trained + optimiser + activations + cache + program);
    expect(total).toBeGreaterThan(20 * size);
  });

  it("counts an adapter's own parameters, and the base once for all roles", async () => {
    // A linear module of [out, in] has rank·(in + out) numbers; 512 wide, 1408 in the middle.
    const perLayer = 8 * (4 * (512 + 512) + 3 * (512 + 1408));
    const lora = { rank: 8, alpha: 16 };
    const all = await plan({ path: large, lora });
    expect(all.trainedParameters).toBe(12 * perLayer);
    expect(all.memory.frozen).toBe(4 * size);
    const last = await plan({ path: large, lora: { ...lora, layers: 3 } });
    expect(last.trainedParameters).toBe(3 * perLayer);
    const beside = await plan({ path: large, lora }, { beside: [{ path: large, lora }] });
    expect(beside.memory.frozen).toBe(4 * size + 4 * 12 * perLayer);
    const whole = await plan({ path: large, lora }, { beside: [{ path: large }] });
    expect(whole.memory.frozen).toBe(8 * size);
  });

  it("counts each variant of the graph with the largest micro-batch that it gets, and what stands below adapters", async () => {
    const activations = async (lengths: number[], lora?: LoraSettings) =>
      (await plan({ path: large, lora }, { lengths: () => lengths })).memory.activations;
    // 300 and 400 tokens are attended to in two blocks, 600 in four.
    const [short, long] = [await activations([400]), await activations([600])];
    expect(await activations([300, 400, 400])).toBe(Math.max(short, await activations([300])));
    expect(await activations([400, 600])).toBe(short + long);
    // One layer's activations of a trunk, and its cache of 512 MiB; the layers above it hold less than all.
    const last = await activations([600], { rank: 8, alpha: 16, layers: 3 });
    expect(last).toBeGreaterThan(512 * 2 ** 20);
    expect(last).toBeLessThan(512 * 2 ** 20 + long);
    const { memory } = await plan({ path: large }, { sampled: 0 });
    expect(memory.cache).toBe(0);
    // Of two rows of 512 tokens, keys and values of 12 layers, and 128 MiB for those of recent prompts.
    const { memory: sampling } = await plan({ path: large }, { sampled: 2 });
    expect(sampling.cache).toBeGreaterThanOrEqual(128 * 2 ** 20 + 2 * 500 * 12 * 2 * 512 * 4);
  });

  it("expects less time where only the last layers are trained, and none is measured of small models", async () => {
    const lora = { rank: 8, alpha: 16 };
    const all = (await plan({ path: large, lora })).time!;
    expect(all.secondsPerStep).toBeCloseTo((8 * 400) / all.tokensPerSecond);
    expect((await plan({ path: small })).time).toBe(null);
  });

  it("reads an adapter's own settings, and refuses others before anything starts", async () => {
    const adapter = join(directory, "adapter");
    await using engine = new LocalEngine({ provider: "cpu", threads: 1, memoryBudgetBytes: 2 ** 30 });
    await using model = await engine.open({ path: small, lora: { rank: 2, alpha: 4, layers: 1, seed: 0 } });
    await model.save(adapter);
    const found = await plan({ path: adapter });
    expect(found.parameters).toBeGreaterThan(1e6);
    expect(found.trainedParameters).toBe(
      model.lora!.specs.reduce((sum, { a, b }) => sum + a[0]! * a[1]! + b[0]! * b[1]!, 0),
    );
    await expect(plan({ path: adapter, lora: { rank: 4, alpha: 4, layers: 1 } })).rejects.toThrow(
      /rank 2, but 4 is asked for/,
    );
  });

  it("is a block of four lines, and a refusal says how much is needed and there is", async () => {
    const found = await plan({ path: large, lora: { rank: 8, alpha: 16 } });
    expect(
      estimateText(found)
        .split("\n")
        .map((line) => line.split(" ")[0]),
    ).toEqual(["parameters", "memory", "disk", "time"]);
    expect(() => refuseTooLarge(found, large)).not.toThrow();
    const memory = { ...found.memory, total: 64.2e9, limit: 16e9 };
    expect(() => refuseTooLarge({ ...found, memory }, large)).toThrow(ConfigError);
    expect(() => refuseTooLarge({ ...found, memory }, large)).toThrow(
      /needs about 64\.2 GB of memory \(frozen weights .*this process may have only 16\.0 GB/,
    );
  });

  it("of a model that no machine holds is made without reading it", async () => {
    const huge = {
      ...config.raw,
      hidden_size: 2 ** 15,
      head_dim: 128,
      intermediate_size: 2 ** 17,
      num_hidden_layers: 500,
    };
    await writeFile(join(large, "config.json"), JSON.stringify(huge));
    const found = await plan({ path: large, lora: { rank: 8, alpha: 16 } });
    expect(() => refuseTooLarge(found, large)).toThrow(/needs about \d+\.\d GB/);
    await writeFile(join(large, "config.json"), JSON.stringify(config.raw));
  });
});
