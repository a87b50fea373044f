/**
 * @file Passes over samples in a fixed order: shuffle by seed, cut into batches, each batch into micro-batches that fit
 * into memory, one optimiser step a batch. The caller defines the loss.
 */

import type { Datum, Loss, Model } from "../core/engine.ts";
import type { Rng } from "../core/rng.ts";

export interface OptimiseOptions<T> {
  model: Model;
  samples: readonly T[];
  datumOf(sample: T): Datum;
  /** The loss on some samples of a batch; `batch` is the whole batch, for normalising. */
  lossOf(samples: readonly T[], batch: readonly T[]): Loss;
  batchSize: number;
  epochs: number;
  rng: Rng;
  /** By optimiser step, counted from 0. */
  learningRate(step: number, steps: number): number;
  weightDecay?: number;
  /** Tokens, padding included, of one call of the engine. */
  microBatchTokens?: number;
  onStep?(step: OptimiseStep<T>): void;
  /** Called after each pass over the samples; `false` ends before the last pass. */
  onEpoch?(): boolean;
  signal?: AbortSignal | undefined;
}

export interface OptimiseStep<T> {
  /** Counted from 1. */
  step: number;
  steps: number;
  loss: number;
  gradientNorm: number;
  tokens: number;
  batch: readonly T[];
  /** In the batch's order, under the weights before the step. */
  logprobs_BN: Float32Array[];
}

export const MICRO_BATCH_TOKENS = 16_384;

/** Returns the number of optimiser steps. */
export async function optimise<T>(options: OptimiseOptions<T>): Promise<number> {
  const { model, samples, batchSize, epochs, rng } = options;
  const perEpoch = Math.ceil(samples.length / batchSize);
  const steps = perEpoch * epochs;
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = rng.fork(`epoch-${epoch}`).shuffle(samples);
    for (let start = 0; start < order.length; start += batchSize) {
      options.signal?.throwIfAborted();
      const batch = order.slice(start, start + batchSize);
      const datums = batch.map((sample) => options.datumOf(sample));
      const logprobs_BN: Float32Array[] = Array.from({ length: batch.length });
      let loss = 0;
      let tokens = 0;
      for (const micro of microBatches(datums, options.microBatchTokens ?? MICRO_BATCH_TOKENS)) {
        const result = await model.forwardBackward(
          micro.map((i) => datums[i]!),
          options.lossOf(
            micro.map((i) => batch[i]!),
            batch,
          ),
        );
        micro.forEach((i, k) => (logprobs_BN[i] = result.logprobs_BN[k]!));
        loss += result.loss;
        tokens += result.tokens;
      }
      const { gradientNorm } = await model.optimStep({
        learningRate: options.learningRate(step, steps),
        ...(options.weightDecay !== undefined && { weightDecay: options.weightDecay }),
      });
      step++;
      options.onStep?.({ step, steps, loss, gradientNorm, tokens, batch, logprobs_BN });
    }
    if (options.onEpoch?.() === false) break;
  }
  return step;
}

/** Indices of datums in groups of like length, each at most `maxTokens` with padding; one datum may be longer. */
export function microBatches(datums: readonly Datum[], maxTokens: number): number[][] {
  const length = (i: number) => datums[i]!.tokens_T.length;
  const order = datums.map((_, i) => i).sort((a, b) => length(a) - length(b) || a - b);
  const groups: number[][] = [];
  for (const i of order) {
    const group = groups.at(-1);
    if (group && (group.length + 1) * length(i) <= maxTokens) group.push(i);
    else groups.push([i]);
  }
  return groups;
}

const FLOOR = 0.05;

/**
 * Linear warm-up over `warmup` of the way, then a cosine down to `FLOOR` (a twentieth) of the peak. `progress` in [0,
 * 1].
 */
export function warmupCosine(
  peak: number,
  progress: number,
  { warmup = 0.1 }: { warmup?: number } = {},
): number {
  if (progress < warmup) return peak * Math.max(0.01, progress / warmup);
  const rest = Math.min(1, (progress - warmup) / (1 - warmup));
  return peak * (FLOOR + (1 - FLOOR) * 0.5 * (1 + Math.cos(Math.PI * rest)));
}
