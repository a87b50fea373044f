import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

import expected from "../fixtures-grad/models.json" with { type: "json" };
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import { float32 } from "../graph/compile.ts";
import { gradientName, LossPrograms, type Variant } from "../train/loss-programs.ts";
import { lossFeeds } from "../train/trainer.ts";
import { planMicroBatches } from "../train/batching.ts";
import { parseDecoderConfig } from "./config.ts";
import { parameterSpecs } from "./parameters.ts";

const directoryOf = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** [sum of g, sum of g·cos(index)] as the script computes it. */
const summary = (gradient: Float32Array): [number, number] => {
  let [sum, weighted] = [0, 0];
  gradient.forEach((g, i) => ((sum += g), (weighted += g * Math.cos(i))));
  return [sum, weighted];
};

async function modelGradients(name: string, variant: Variant) {
  const directory = directoryOf(name);
  const { config: json, tensors } = await readCheckpoint(directory);
  const config = parseDecoderConfig(json, name);
  const { sequences } = JSON.parse(await readFile(`${directory}/expected.json`, "utf8")) as {
    sequences: { tokens: number[] }[];
  };
  const tokens = sequences[0]!.tokens;
  const datum = {
    tokens_T: tokens,
    positions_N: tokens.slice(1).map((_, t) => t),
    targets_N: tokens.slice(1),
  };
  const [batch] = planMicroBatches([datum], config, {
    maxTokens: 4096,
    memoryBudgetBytes: 1e9,
    activationBytes: () => 0,
  });
  const weights = new Map(
    parameterSpecs(config).map((spec) => [spec.name, float32(tensors.get(spec.name)!.data, spec.shape)]),
  );
  await using programs = new LossPrograms(config, [], { threads: 1 });
  const program = await programs.buildFused(variant);
  return await program.run(
    lossFeeds(config, weights, batch!, new Float32Array(datum.targets_N.length).fill(1)),
  );
}

describe("gradients of every architecture agree with PyTorch's", () => {
  for (const [name, tensors] of Object.entries(
    expected as unknown as Record<string, Record<string, [number, number]>>,
  ))
    for (const variant of [
      { blocks: 1, recompute: false },
      { blocks: 4, recompute: false },
      { blocks: 2, recompute: true },
    ])
      test(`${name}, ${variant.blocks} blocks${variant.recompute ? ", recomputing" : ""}`, async () => {
        const results = await modelGradients(name, variant);
        const names = Object.keys(tensors);
        expect(names.length).toBeGreaterThan(15);
        for (const tensor of names) {
          const found = summary(results[gradientName(tensor)]!.data as Float32Array);
          tensors[tensor]!.forEach((value, i) =>
            expect(Math.abs(found[i]! - value), `${tensor}: ${found[i]} and ${value}`).toBeLessThan(
              2e-4 * Math.max(1, Math.abs(value)),
            ),
          );
        }
      });
});
