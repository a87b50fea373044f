/** @file The smaller contracts: judges, which say whether a trajectory succeeded, and proposers of new tasks. */

import type { Rng } from "./rng.ts";
import type { Task } from "./task.ts";
import type { Trajectory, Verdict } from "./trajectory.ts";

/**
 * Judges finished trajectories without knowing the truth: one verdict each, in their order, independent of what else is
 * in the call. Never guesses: throws a `Fault` (`judge_failed`) if it cannot judge, and returns `undecided` if it finds
 * no clear verdict.
 */
export interface Judge {
  readonly name: string;
  /** One verdict per trajectory, in their order. Throws a `Fault` (`judge_failed`) if it cannot judge. */
  judge(trajectories: readonly Trajectory[], options?: { signal?: AbortSignal }): Promise<Verdict[]>;
}

/** Failed tasks in, new tasks out (paper §2.2). May return fewer than requested, but never duplicates of its input. */
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

/** Describes a site, for whoever invents tasks for it. */
export interface SiteDescription {
  /** One or two sentences. */
  description: string;
  /** What it cannot do, however plausible it sounds. */
  infeasible?: readonly string[] | undefined;
}
