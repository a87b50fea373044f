/** @file Before a training starts: what it will take, and a refusal where that is more memory than there is. */

import type { Estimate, PlannedWork } from "../engine/onnx/estimate.ts";

/** Says it on stderr for models above some size. @throws ConfigError where the memory is too small. */
export async function checkResources(work: PlannedWork): Promise<Estimate> {
  const { estimate, estimateText, LARGE, refuseTooLarge } = await import("../engine/onnx/estimate.ts");
  const found = await estimate(work);
  refuseTooLarge(found, work.trained.path);
  if (found.parameters >= LARGE) process.stderr.write(`${estimateText(found)}\n`);
  return found;
}
