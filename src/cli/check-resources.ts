/**
 * @file Before training or sampling starts: says what it will need, and refuses when that is more memory than the
 * machine has.
 */

import type { Estimate, PlannedWork } from "../engine/onnx/estimate.ts";

/** For large models, prints what training needs on stderr. @throws ConfigError when there is too little memory. */
export async function checkResources(work: PlannedWork): Promise<Estimate> {
  const { estimate, estimateText, LARGE, refuseTooLarge } = await import("../engine/onnx/estimate.ts");
  const found = await estimate(work);
  refuseTooLarge(found, work.trained.path);
  if (found.parameters >= LARGE) process.stderr.write(`${estimateText(found)}\n`);
  return found;
}

/**
 * For large models, prints what sampling needs; `parallel` episodes use the first of `paths`. @throws ConfigError
 * likewise.
 */
export async function checkSampling(paths: readonly string[], parallel: number): Promise<void> {
  if (paths.length === 0) return;
  const { estimateSampling, LARGE, memoryLine, refuseTooLarge } = await import("../engine/onnx/estimate.ts");
  const found = await estimateSampling(paths, parallel);
  refuseTooLarge(found, paths.join(" and "));
  if (found.parameters >= LARGE) process.stderr.write(`${memoryLine(found)}\n`);
}
