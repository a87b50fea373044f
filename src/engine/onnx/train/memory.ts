/** @file How much memory a micro-batch needs, and which variant of the graph it should take. */

import type { DecoderConfig } from "../models/config.ts";
import type { Variant } from "./loss-programs.ts";

/**
 * Blocks of causal attention for sequences of this padded length (a multiple of 32): more blocks save work on masked scores,
 * but each product gets smaller.
 */
function attentionBlocks(time: number): number {
  if (time < 256) return 1;
  if (time < 512) return 2;
  return time < 1024 ? 4 : 8;
}

/**
 * What a run takes beyond the tensors that are counted: ONNX Runtime's arena grows in powers of two and keeps scratch buffers.
 * Measured peaks were 1.8 times the count (512 × 4 and 2048 × 2 tokens of the default model).
 */
const arenaOverhead = 1.8;

/** Bytes of activations held at once, from the shapes of what the backward pass reads (f32). */
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
  // With recomputation only one layer's inside is held, and every layer's input.
  const layers = recompute ? layer + config.layers * config.hiddenSize : config.layers * layer;
  // Scores, their gradient and mask of one layer while it is differentiated.
  const transient = 2 * config.heads * attended + 4 * config.intermediateSize + 4 * config.hiddenSize;
  return arenaOverhead * 4 * (sequences * time * (layers + transient) + rows * 2 * config.vocabSize);
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
