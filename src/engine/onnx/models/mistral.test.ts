import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { float32 } from "../graph/compile.ts";
import { LossPrograms } from "../train/loss-programs.ts";
import { Trainer } from "../train/trainer.ts";
import { parseDecoderConfig } from "./config.ts";
import { parameterSpecs } from "./parameters.ts";

const llama = fileURLToPath(new URL("../fixtures/llama/", import.meta.url));
const checkpoint = await readCheckpoint(llama);
const { sequences } = JSON.parse(await readFile(`${llama}expected.json`, "utf8")) as {
  sequences: { tokens: number[]; logprobs: number[] }[];
};
const parse = (over: object = {}) =>
  parseDecoderConfig(
    { ...checkpoint.config, architectures: ["MistralForCausalLM"], model_type: "mistral", ...over },
    "config.json",
  );

test("Mistral's context is its window, within which all tokens see each other", () => {
  expect(parse().contextTokens).toBe(128);
  expect(parse({ sliding_window: null }).contextTokens).toBe(128);
  expect(parse({ sliding_window: 32 }).contextTokens).toBe(32);
  expect(() => parse({ use_sliding_window: true })).toThrow("sliding-window attention is not supported");
});

test("Mistral computes what Llama does on the same weights, and refuses what is beyond its window", async () => {
  const config = parse({ sliding_window: 100 });
  const weights = new Map(
    parameterSpecs(config).map(({ name, shape }) => [
      name,
      float32(checkpoint.tensors.get(name)!.data, shape),
    ]),
  );
  await using programs = new LossPrograms(config, [], { threads: 1 });
  const trainer = new Trainer(config, weights, [], programs, { memoryBudgetBytes: 2 ** 28 });
  const datum = (tokens: readonly number[]) => ({
    tokens_T: tokens.slice(0, -1),
    positions_N: tokens.slice(1).map((_, n) => n),
    targets_N: tokens.slice(1),
  });
  const logprobs_BN = await trainer.logprobs(sequences.map(({ tokens }) => datum(tokens)));
  sequences.forEach(({ logprobs }, b) => {
    expect(logprobs_BN[b]).toHaveLength(logprobs.length);
    logprobs.forEach((logprob, n) => expect(Math.abs(logprobs_BN[b]![n]! - logprob)).toBeLessThan(1e-4));
  });
  await expect(trainer.logprobs([datum(Array.from({ length: 102 }, () => 1))])).rejects.toThrow(
    "the model's context is 100",
  );
});
