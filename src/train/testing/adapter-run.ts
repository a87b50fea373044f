/**
 * @file For tests: a tiny run on the real engine with adapters: a random model as the base, and an SFT adapter and an
 * ORM adapter on it. Everything else is the fake shop of `fake-run.ts`.
 */

import { join } from "node:path";
import { createModel } from "../../engine/onnx/create-model.ts";
import { createOnnxEngine } from "../../engine/onnx/engine.ts";
import { tokenizerConfig, trainBpe } from "../../engine/onnx/tokenizer/train-bpe.ts";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import { imitationSamples, tokenizeSample } from "../../imitation/demonstrations.ts";
import { createOrm } from "../../reward/orm.ts";
import { actionDatum } from "../../text/prompt.ts";
import type { Parts } from "../parts.ts";
import { fakeParts } from "./fake-run.ts";

export interface AdapterWorld {
  /** A whole model, an adapter on it that imitates, and one that judges. */
  base: string;
  sft: string;
  orm: string;
}

export const ADAPTER = { rank: 2, alpha: 4, layers: 1 };

export async function makeAdapterWorld(
  directory: string,
  demonstrations: readonly EpisodeRecord[],
): Promise<AdapterWorld> {
  const world = { base: join(directory, "model"), sft: join(directory, "sft"), orm: join(directory, "orm") };
  const texts = demonstrations.flatMap(({ trajectory }) =>
    trajectory.steps.flatMap(({ observation, response }) => [observation.text, response, "YES NO"]),
  );
  const tokenizer = trainBpe(texts, { vocabSize: 400 });
  await createModel({
    directory: world.base,
    seed: 1,
    model: {
      vocabSize: Object.keys(tokenizer.model.vocab).length + tokenizer.added_tokens.length,
      hiddenSize: 32,
      layers: 2,
      heads: 2,
      contextTokens: 1024,
    },
    tokenizerFiles: new Map([
      ["tokenizer.json", JSON.stringify(tokenizer)],
      ["tokenizer_config.json", JSON.stringify(tokenizerConfig({ contextTokens: 1024 }))],
    ]),
  });
  await using engine = createOnnxEngine({ threads: 1 });
  await using sft = await engine.open({ path: world.base, lora: { ...ADAPTER, seed: 1 } });
  const options = {
    tokenizer: sft.tokenizer,
    contextTokens: 1024,
    maxNewTokens: 24,
    template: "compact" as const,
  };
  const datums = imitationSamples(demonstrations).map((sample) => {
    const { promptTokens, responseTokens } = tokenizeSample(sample, options);
    return actionDatum(promptTokens, responseTokens);
  });
  for (let step = 0; step < 8; step++) {
    await sft.forwardBackward(datums.slice(0, 16), "cross_entropy");
    await sft.optimStep({ learningRate: 0.05 });
  }
  await sft.save(world.sft);
  await using orm = await engine.open({ path: world.base, lora: { ...ADAPTER, rank: 3, seed: 2 } });
  await orm.save(world.orm);
  return world;
}

/** The parts of a run on the real engine, with the ORM adapter as its judge. The caller disposes of `engine`. */
export async function adapterParts(demonstrations: readonly EpisodeRecord[], orm: string): Promise<Parts> {
  const engine = createOnnxEngine({ threads: 1 });
  return {
    ...fakeParts(demonstrations),
    engine,
    judge: createOrm(await engine.open({ path: orm }), { threshold: 0.5 }),
  };
}
