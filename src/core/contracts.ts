/** @file The smaller contracts: who says whether a trajectory succeeded, and who proposes new tasks. */

import type { Rng } from "./rng.ts";
import type { Task } from "./task.ts";
import type { Trajectory, Verdict } from "./trajectory.ts";

/**
 * Judges finished trajectories without knowing the truth: one verdict each, in their order, whatever else is in the
 * call. Throws a `Fault` (`judge_failed`) where it cannot judge, never guesses; where it can and comes to no clear verdict,
 * that is `undecided`.
 */
export interface Judge {
  readonly name: string;
  /** One verdict per trajectory, in their order. Throws a `Fault` (`judge_failed`) where it cannot judge. */
  judge(trajectories: readonly Trajectory[], options?: { signal?: AbortSignal }): Promise<Verdict[]>;
}

/** Failed tasks in, new tasks out (paper §2.2). May return fewer than asked; never duplicates of its input. */
export interface Proposer {
  readonly name: string;
  /** At most `count` new tasks of the train split, each with its lineage. */
  propose(
    failed: readonly Task[],
    options: {
      count: number;
      phase: number;
      rng: Rng;
      /** Whether the run knows an instruction already. A proposer may skip those; the filter drops them anyway. */
      isSeen?: (instruction: string) => boolean;
      signal?: AbortSignal;
    },
  ): Promise<Task[]>;
}

/** What a site is, for whoever thinks up tasks for it. */
export interface SiteDescription {
  /** One or two sentences. */
  description: string;
  /** What it cannot do, however plausible it sounds. */
  infeasible?: readonly string[] | undefined;
}
