/** @file Keeps the tasks that models are scored on out of training. */

import { ConfigError } from "../core/errors.ts";
import { normaliseInstruction } from "../curriculum/catalog.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";

/**
 * Throws a `ConfigError` if an episode is of the validation or test split, or has one of `instructions`
 * (`heldOutInstructions`), for episodes whose tasks do not come from the suite. `where` names the data in the message.
 */
export function refuseHeldOut(
  records: readonly Pick<EpisodeRecord, "id" | "trajectory">[],
  where = "the data",
  instructions: ReadonlySet<string> = new Set(),
): void {
  const hint = "Train on the train split only: models are scored on the others.";
  for (const { id, trajectory } of records) {
    const { task } = trajectory;
    if (task.split !== "train")
      throw new ConfigError(
        `in ${where}, ${id} is an episode of ${task.id}, of the ${task.split} split`,
        hint,
      );
    if (instructions.has(normaliseInstruction(task.instruction)))
      throw new ConfigError(
        `in ${where}, ${id} has the instruction of a held-out task: ${JSON.stringify(task.instruction)}`,
        hint,
      );
  }
}
