/** @file Keeps the tasks that models are scored on out of training. */

import { ConfigError } from "../core/errors.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";

/** Throws a `ConfigError` if an episode is of the validation or test split. `where` names the data in the message. */
export function refuseHeldOut(
  records: readonly Pick<EpisodeRecord, "id" | "trajectory">[],
  where = "the data",
): void {
  for (const { id, trajectory } of records) {
    const { task } = trajectory;
    if (task.split !== "train")
      throw new ConfigError(
        `in ${where}, ${id} is an episode of ${task.id}, of the ${task.split} split`,
        "Train on the train split only: models are scored on the others.",
      );
  }
}
