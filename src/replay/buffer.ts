/**
 * @file The experience buffer: steps of successful trajectories of earlier phases and of the demonstrations (paper
 * §2.1). Holds whole trajectories, because a step's advantage needs its successor.
 */

import { invariant } from "../core/errors.ts";
import type { ExperienceStep } from "./experience.ts";

/** Steps of demonstrations and of earlier phases' successes. */
export interface ReplayBuffer {
  /** Steps held. */
  readonly size: number;
  /**
   * Adds the steps of one successful trajectory, in order. A trajectory whose id is held already changes nothing (so a
   * resumed phase may add again). Above the capacity, the oldest rollouts are dropped; demonstrations stay.
   */
  add(steps_S: readonly ExperienceStep[]): void;
  /** All steps, oldest trajectory first. */
  steps(): ExperienceStep[];
  /** The steps of one trajectory, in order; `undefined` if it is not held. */
  trajectory(id: string): readonly ExperienceStep[] | undefined;
}

/** The size of a replay buffer. */
export interface ReplayOptions {
  /** The most steps. Default 100,000, as in the published code. */
  capacity?: number;
}

/**
 * Makes a buffer of successful steps of earlier phases, by trajectory. Above `capacity` steps, the oldest rollouts are
 * dropped.
 */
export function createReplayBuffer({ capacity = 100_000 }: ReplayOptions = {}): ReplayBuffer {
  const held = new Map<string, readonly ExperienceStep[]>();
  let size = 0;
  const remove = (id: string) => {
    size -= held.get(id)?.length ?? 0;
    held.delete(id);
  };
  /** The oldest trajectory that may be dropped. */
  const oldest = (except: string) =>
    [...held].find(([id, [first]]) => id !== except && first!.source === "rollout")?.[0];

  return {
    get size() {
      return size;
    },
    add(steps_S) {
      checkTrajectory(steps_S);
      const first = steps_S[0]!;
      if (held.has(first.trajectoryId)) return;
      held.set(first.trajectoryId, steps_S);
      size += steps_S.length;
      while (size > capacity) {
        const id = oldest(first.trajectoryId);
        if (id === undefined) break;
        remove(id);
      }
    },
    steps: () => [...held.values()].flat(),
    trajectory: (id) => held.get(id),
  };
}

function checkTrajectory(steps_S: readonly ExperienceStep[]): void {
  const first = steps_S[0];
  invariant(first !== undefined, "a trajectory without steps cannot be replayed");
  invariant(first.outcome === 1, `trajectory ${first.trajectoryId} failed and does not belong in replay`);
  invariant(steps_S.length === first.steps, `trajectory ${first.trajectoryId} is not complete`);
  steps_S.forEach((step, i) =>
    invariant(
      step.index === i && step.trajectoryId === first.trajectoryId,
      `steps of trajectory ${first.trajectoryId} are out of order`,
    ),
  );
}
