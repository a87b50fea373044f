/**
 * @file `--safety FILE`, for commands whose episodes nobody watches: an action that needs a person's approval is
 * refused.
 */

import type { Command } from "commander";
import type { MakeGuard } from "../browser/guard.ts";
import type { SafetyPolicy } from "../safety/policy.ts";

export const safetyOption = (command: Command, otherwise = "none"): Command =>
  command.option(
    "--safety <file>",
    `a policy that limits what the model can do (docs/agent.md); default: ${otherwise}`,
  );

/** `otherwise`: what applies when no file is named. */
export async function loadGuard(
  file: string | undefined,
  otherwise: SafetyPolicy | null = null,
): Promise<MakeGuard | undefined> {
  const { guardEach } = await import("../safety/episode-gate.ts");
  const { loadPolicy } = await import("../safety/policy.ts");
  return guardEach(file === undefined ? otherwise : await loadPolicy(file));
}
