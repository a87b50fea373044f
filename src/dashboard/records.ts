/**
 * @file The records of a run directory as the dashboard reads them (`docs/run-directory.md`). They are written by
 * `run/`; here they are only read, and a reader never trusts a file to be complete.
 */

import type { Task } from "../core/task.ts";
import type { RunEvent } from "../run/events.ts";
import type { ExperienceReader, SelectionLine, VerdictLine } from "../train/experience-reader.ts";
import type { MetricLine } from "../run/run-directory.ts";
import type { RunInfo } from "../run/run-info.ts";
import type { Evaluation, Score } from "../train/stages/evaluate.ts";
import type { ValueLine } from "../train/stages/critic.ts";

export type { Evaluation, MetricLine, RunInfo, Score, SelectionLine, ValueLine, VerdictLine };

/** A line of `trajectories.jsonl` and `evaluation.jsonl`. */
export type EpisodeRecord = Awaited<ReturnType<ExperienceReader["episodes"]>>[number];

/** A line of `events.jsonl`. */
export type EventLine = RunEvent & { time: string };

/** A line of `advantages.jsonl`. */
export interface AdvantageLine {
  trajectoryId: string;
  index: number;
  source: "new" | "replay";
  value: number | null;
  advantage: number;
}

/** A line of `curriculum.jsonl`: what became of one candidate. */
export interface CurriculumLine {
  phase: number;
  task: Task;
  parentId: string | null;
  /** V(s₀). */
  value: number | null;
  kept: boolean;
  outcome: string;
  reason: string;
}

/** Where episodes are: those that train and those that score. */
export type EpisodeKind = "rollout" | "evaluation";

export const EPISODE_FILES: Record<EpisodeKind, string> = {
  rollout: "trajectories.jsonl",
  evaluation: "evaluation.jsonl",
};
