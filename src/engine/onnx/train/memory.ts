/** @file How much memory a micro-batch needs, and which variant of the graph it should take. */

import type { DecoderConfig } from "../models/config.ts";
import type { Variant } from "./loss-programs.ts";

/**
 * Blocks of causal attention for sequences of this padded length (a multiple of 32): more blocks save work on masked
 * scores, but each product gets smaller.
 */
function attentionBlocks(time: number): number {
  if (time < 256) return 1;
  if (time < 512) return 2;
  return time < 1024 ? 4 : 8;
}

/**
 * Bytes of activations held at once, from the shapes of what the backward pass reads (f32). Measured peaks were 0.7 to
 * 0.85 of this without recomputation (1.65M parameters with 512 × 8, 256 × 16 and 1024 × 2 tokens; 135M with an
 * adapter, 320 and 416 × 1), and 0.93 to 0.98 with it (135M, 704 × 2 and 704 × 4).
 */
export function activationBytes(
  config: DecoderConfig,
  sequences: number,
  time: number,
  rows: number,
  recompute: boolean,
): number {
  const blocks = attentionBlocks(time);
  const attended = (time * (blocks + 1)) / (2 * blocks);
  const heads = config.heads * config.headDim + 2 * config.kvHeads * config.headDim;
  const layer = 8 * config.hiddenSize + 3 * heads + 6 * config.intermediateSize + config.heads * attended;
  // ONNX Runtime leaves the gradients of matrices, which nothing waits for, to the end: until then it holds what these
  // read, the input of each matrix and the gradient of its output.
  const read = 5 * config.hiddenSize + heads + 3 * config.intermediateSize;
  // With recomputation only one layer's inside is held beside that, and every layer's input.
  const layers = recompute ? layer + config.layers * (config.hiddenSize + read) : config.layers * layer;
  // Scores, their gradient and mask of one layer while it is differentiated.
  const transient = 2 * config.heads * attended + 4 * config.intermediateSize + 4 * config.hiddenSize;
  const count = sequences * time * (layers + transient) + rows * 2 * config.vocabSize;
  return (recompute ? 1.2 : 1) * 4 * count;
}

/** Recomputation where even one sequence does not fit into the budget without it. */
export function chooseVariant(
  config: DecoderConfig,
  time: number,
  rows: number,
  budgetBytes: number,
): Variant {
  return {
    blocks: attentionBlocks(time),
    recompute: activationBytes(config, 1, time, rows, false) > budgetBytes,
  };
}
