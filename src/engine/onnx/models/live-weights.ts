/**
 * @file The weights of an open model as graphs are fed with them. They live in one thread and change in place
 * between two runs of a program, never during one.
 */

import type { RunTensor } from "../graph/compile.ts";
import type { DecoderConfig } from "./config.ts";
import type { LoraSpec } from "./parameters.ts";

export interface LiveWeights {
  readonly config: DecoderConfig;
  /** Adapters that stand on the parameters; empty for a model without. */
  readonly lora: readonly LoraSpec[];
  /** By input name: parameters by Hugging Face's name, adapters as `<module>.lora_A` and `.lora_B`. */
  readonly tensors: ReadonlyMap<string, RunTensor>;
  /** Counts changes: what was computed under another version (cached keys and values) is void. */
  readonly version: number;
}
