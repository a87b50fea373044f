/** @file log P of actions' tokens under a model, in batches that fit into memory. */

import type { FrozenModel } from "../core/engine.ts";
import { MICRO_BATCH_TOKENS, microBatches } from "../engine/optimise.ts";
import type { ExperienceStep } from "../replay/experience.ts";
import { actionDatum } from "../text/prompt.ts";

/** A row a step, in their order. */
export async function actionLogprobs(
  model: FrozenModel,
  steps: readonly Pick<ExperienceStep, "promptTokens" | "responseTokens">[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const datums = steps.map(({ promptTokens, responseTokens }) => actionDatum(promptTokens, responseTokens));
  const rows_BN: Float32Array[] = Array.from({ length: steps.length });
  for (const micro of microBatches(datums, MICRO_BATCH_TOKENS)) {
    signal?.throwIfAborted();
    const rows = await model.logprobs(micro.map((i) => datums[i]!));
    micro.forEach((i, b) => (rows_BN[i] = rows[b]!));
  }
  return rows_BN;
}
