/** @file Creates models: random weights in a Hugging Face directory, with an already trained tokenizer. */

import { writeCheckpoint } from "./checkpoint/checkpoint.ts";
import { newLlamaConfig, type DecoderConfig, type NewModelOptions } from "./models/config.ts";
import { initWeights, parameterSpecs } from "./models/parameters.ts";

/** Which model to create, and where. */
export interface CreateModelOptions {
  /** Created, or replaced as a whole. */
  directory: string;
  model: NewModelOptions;
  /** Contents by file name: `tokenizer.json`, `tokenizer_config.json`. */
  tokenizerFiles: ReadonlyMap<string, string>;
  seed: number;
}

/** Writes a Llama-style model with random weights: the same seed gives the same bytes. */
export async function createModel(options: CreateModelOptions): Promise<DecoderConfig> {
  const config = newLlamaConfig(options.model);
  const weights = initWeights(config, options.seed);
  await writeCheckpoint(options.directory, {
    config: config.raw,
    tensors: new Map(
      parameterSpecs(config).map(({ name, shape }) => [
        name,
        { shape: [...shape], data: weights.get(name)! },
      ]),
    ),
    files: options.tokenizerFiles,
  });
  return config;
}
