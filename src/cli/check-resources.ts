/** @file Before a training or sampling starts: what it will take, and a refusal where that is more memory than there is. */

import type { Estimate, PlannedWork } from "../engine/onnx/estimate.ts";

/** Says it on stderr for models above some size. @throws ConfigError where the memory is too small. */
export async function checkResources(work: PlannedWork): Promise<Estimate> {
  const { estimate, estimateText, LARGE, refuseTooLarge } = await import("../engine/onnx/estimate.ts");
  const found = await estimate(work);
  refuseTooLarge(found, work.trained.path);
  if (found.parameters >= LARGE) process.stderr.write(`${estimateText(found)}\n`);
  return found;
}

/** Says what sampling takes for models above some size, the first of `paths` by `parallel` episodes. @throws ConfigError likewise. */
export async function checkSampling(paths: readonly string[], parallel: number): Promise<void> {
  if (paths.length === 0) return;
  const { estimateSampling, LARGE, memoryLine, refuseTooLarge } = await import("../engine/onnx/estimate.ts");
  const found = await estimateSampling(paths, parallel);
  refuseTooLarge(found, paths.join(" and "));
  if (found.parameters >= LARGE) process.stderr.write(`${memoryLine(found)}\n`);
}
