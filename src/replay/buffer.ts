/**
 * @file The experience buffer: steps of successful trajectories of earlier phases and of the demonstrations (paper
 * §2.1). Whole trajectories, so that the successor of every step is at hand for its advantage.
 */

import { ConfigError, invariant } from "../core/errors.ts";
import type { ExperienceStep } from "./experience.ts";

export interface ReplayBuffer {
  /** Steps held. */
  readonly size: number;
  readonly trajectories: number;
  /**
   * Adds the steps of one successful trajectory, in order. A trajectory whose id is held already changes nothing
   * (so a resumed phase may add again). Where the capacity is passed, the oldest rollouts leave; demonstrations stay.
   */
  add(steps_S: readonly ExperienceStep[]): void;
  /** All steps, oldest trajectory first. */
  steps(): ExperienceStep[];
  /** The steps of one trajectory, in order; `undefined` if it is not held. */
  trajectory(id: string): readonly ExperienceStep[] | undefined;
  /** One JSON object per line. `parseReplay` reads it back. */
  toJsonl(): string;
}

export interface ReplayOptions {
  /** Steps at most. Default 100,000, as in the published code. */
  capacity?: number;
  /** Successful trajectories kept per instruction; the newest ones stay. Default: no limit. */
  maxPerInstruction?: number;
}

export function createReplayBuffer(options: ReplayOptions = {}): ReplayBuffer {
  const { capacity = 100_000, maxPerInstruction = Infinity } = options;
  const held = new Map<string, readonly ExperienceStep[]>();
  let size = 0;
  const remove = (id: string) => {
    size -= held.get(id)?.length ?? 0;
    held.delete(id);
  };
  /** The oldest trajectory that may leave. */
  const oldest = (matches: (first: ExperienceStep) => boolean, except: string) =>
    [...held].find(([id, [first]]) => id !== except && first!.source === "rollout" && matches(first!))?.[0];

  return {
    get size() {
      return size;
    },
    get trajectories() {
      return held.size;
    },
    add(steps_S) {
      checkTrajectory(steps_S);
      const first = steps_S[0]!;
      if (held.has(first.trajectoryId)) return;
      held.set(first.trajectoryId, steps_S);
      size += steps_S.length;
      const same = (other: ExperienceStep) => other.instruction === first.instruction;
      const alike = [...held.values()].filter(
        ([other]) => other!.source === "rollout" && same(other!),
      ).length;
      if (first.source === "rollout" && alike > maxPerInstruction)
        remove(oldest(same, first.trajectoryId) ?? first.trajectoryId);
      while (size > capacity) {
        const id = oldest(() => true, first.trajectoryId);
        if (id === undefined) break;
        remove(id);
      }
    },
    steps: () => [...held.values()].flat(),
    trajectory: (id) => held.get(id),
    toJsonl: () =>
      [...held.values()]
        .flat()
        .map((step) => `${JSON.stringify(step)}\n`)
        .join(""),
  };
}

/** Reads what `toJsonl` wrote. A file that is not that is the user's: `ConfigError` with the line. */
export function parseReplay(jsonl: string, options: ReplayOptions = {}): ReplayBuffer {
  const buffer = createReplayBuffer(options);
  let current: ExperienceStep[] = [];
  const flush = () => {
    if (current.length > 0) buffer.add(current);
    current = [];
  };
  jsonl.split("\n").forEach((line, i) => {
    if (line === "") return;
    let step: ExperienceStep;
    try {
      step = JSON.parse(line) as ExperienceStep;
      if (typeof step.trajectoryId !== "string" || !Array.isArray(step.responseTokens))
        throw new TypeError("not a step of experience");
    } catch (cause) {
      throw new ConfigError(
        `line ${i + 1} of the replay buffer cannot be read`,
        "Restore the file from the run's last checkpoint.",
        { cause },
      );
    }
    if (current[0] !== undefined && current[0].trajectoryId !== step.trajectoryId) flush();
    current.push(step);
  });
  flush();
  return buffer;
}

function checkTrajectory(steps_S: readonly ExperienceStep[]): void {
  const first = steps_S[0];
  invariant(first !== undefined, "a trajectory without steps cannot be replayed");
  invariant(first.outcome === 1, `trajectory ${first.trajectoryId} failed and does not belong into replay`);
  invariant(steps_S.length === first.steps, `trajectory ${first.trajectoryId} is not whole`);
  steps_S.forEach((step, i) =>
    invariant(
      step.index === i && step.trajectoryId === first.trajectoryId,
      `steps of trajectory ${first.trajectoryId} are out of order`,
    ),
  );
}
