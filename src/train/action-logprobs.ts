/** @file Computes log P of tokens under a model, in batches that fit into memory. */

import type { Datum, FrozenModel } from "../core/engine.ts";
import { MICRO_BATCH_TOKENS, microBatches } from "../engine/optimise.ts";
import type { ExperienceStep } from "../replay/experience.ts";
import { actionDatum } from "../text/prompt.ts";

export interface LogprobOptions {
  signal?: AbortSignal | undefined;
  /** Called before the first batch and after each batch. */
  onProgress?: (done: number, total: number) => void;
}

/** One row per datum, in order. */
export async function datumLogprobs(
  model: FrozenModel,
  datums: readonly Datum[],
  { signal, onProgress }: LogprobOptions = {},
): Promise<Float32Array[]> {
  const rows_BN: Float32Array[] = Array.from({ length: datums.length });
  let done = 0;
  for (const micro of microBatches(datums, MICRO_BATCH_TOKENS)) {
    signal?.throwIfAborted();
    onProgress?.(done, datums.length);
    const rows = await model.logprobs(micro.map((i) => datums[i]!));
    micro.forEach((i, b) => (rows_BN[i] = rows[b]!));
    done += micro.length;
  }
  return rows_BN;
}

/** log P of the tokens of each step's action. */
export const actionLogprobs = (
  model: FrozenModel,
  steps: readonly Pick<ExperienceStep, "promptTokens" | "responseTokens">[],
  options?: LogprobOptions,
): Promise<Float32Array[]> =>
  datumLogprobs(
    model,
    steps.map(({ promptTokens, responseTokens }) => actionDatum(promptTokens, responseTokens)),
    options,
  );
