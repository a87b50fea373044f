/**
 * @file Runs every gradient case on one provider and prints the differences from PyTorch as JSON lines, one per case. A
 * program of its own because a Vulkan driver can only be chosen before the process starts.
 *
 *     node --import tsx src/engine/onnx/fixtures-grad/run-cases.ts webgpu
 */

import { caseNames, fixtures, runCase, worstDifference } from "./cases.ts";
import type { Provider } from "../graph/compile.ts";

export interface CaseLine {
  name: string;
  y?: number;
  gradients?: Record<string, number>;
  error?: string;
}

const provider = process.argv[2] as Provider;
for (const name of caseNames) {
  let line: CaseLine;
  try {
    const { y, gradients } = await runCase(name, provider);
    const expected = fixtures[name]!;
    line = {
      name,
      y: worstDifference(y, expected.y),
      gradients: Object.fromEntries(
        Object.entries(expected.gradients).map(([key, g]) => [key, worstDifference(gradients[key]!, g)]),
      ),
    };
  } catch (error) {
    line = { name, error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
// Dawn's threads would keep the process alive.
process.exit(0);
