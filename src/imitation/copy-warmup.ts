/**
 * @file Copy warm-up: the first minutes of training a new small model. It sees random tokens and then the same tokens
 * again: the only way to predict the repetition is to look up the original. The circuit that does so (induction heads,
 * Olsson et al., arXiv:2209.11895) is what a model needs to read a page and name its elements; on real pages alone it
 * forms late, because much can be guessed there without it.
 */

import type { Datum, Model } from "../core/engine.ts";
import { createRng, type Rng } from "../core/rng.ts";

export interface CopyWarmupOptions {
  model: Model;
  steps: number;
  /** Sequences per optimiser step. */
  batchSize?: number;
  learningRate: number;
  seed: number;
  onProgress?(progress: { step: number; steps: number; loss: number }): void;
  signal?: AbortSignal | undefined;
}

/** Lengths grow from the first to the second over the first two thirds of the steps. */
const LENGTHS = [48, 320] as const;

/** Trains `model` in place; returns the last loss, nats per copied token. */
export async function copyWarmup(options: CopyWarmupOptions): Promise<number> {
  const { model, steps, batchSize = 32, signal } = options;
  const rng = createRng(options.seed).fork("copy warm-up");
  let loss = Number.NaN;
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const reach = Math.min(1, step / (steps * 0.67)) ** 2;
    const length = Math.round((LENGTHS[0] + reach * (LENGTHS[1] - LENGTHS[0])) / 32) * 32;
    const size = Math.max(4, Math.round((batchSize * 64) / length));
    const datums = Array.from({ length: size }, () => copyDatum(length, model.tokenizer.vocabSize, rng));
    const targets = datums.reduce((sum, datum) => sum + datum.targets_N.length, 0);
    const result = await model.forwardBackward(
      datums.map((datum) => ({ ...datum, weights_N: datum.targets_N.map(() => 1 / targets) })),
      "cross_entropy",
    );
    const learningRate = options.learningRate * Math.min(1, (step + 1) / 50);
    await model.optimStep({ learningRate, weightDecay: 0.01 });
    loss = result.loss;
    options.onProgress?.({ step: step + 1, steps, loss });
  }
  return loss;
}

/**
 * Some stretches of random tokens, then all of them again in another order; of each repeated stretch, every token but
 * the first counts.
 */
export function copyDatum(length: number, vocabSize: number, rng: Rng): Datum {
  const stretches: number[][] = [];
  let room = Math.floor(length / 2);
  while (room >= 4) {
    const size = Math.min(room, 4 + rng.int(12));
    stretches.push(Array.from({ length: size }, () => rng.int(vocabSize)));
    room -= size;
  }
  const tokens_T = stretches.flat();
  const positions_N: number[] = [];
  for (const stretch of rng.shuffle(stretches)) {
    for (let i = 1; i < stretch.length; i++) positions_N.push(tokens_T.length + i - 1);
    tokens_T.push(...stretch);
  }
  return { tokens_T, positions_N, targets_N: positions_N.map((p) => tokens_T[p + 1]!) };
}
