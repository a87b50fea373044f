/**
 * @file The records of a run directory (`docs/run-directory.md`): what each of its files contains, and which stage
 * writes it.
 */

import type { ChatUsage } from "../core/chat.ts";
import type { Task } from "../core/task.ts";
import type { CurriculumRecord } from "../curriculum/grow.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { RunEvent, StageName } from "./events.ts";
import type { EpisodeKind } from "./episode-ids.ts";

/**
 * Types that belong to other rooms are exported here too, so that readers of a run import everything from one place.
 */
export type { CurriculumRecord, EpisodeRecord };

/** The JSON Lines files of a phase's directory, with the type of their lines. */
export interface PhaseRecords {
  /** In order. */
  "tasks.jsonl": Task;
  /** Every candidate and what happened to it. */
  "curriculum.jsonl": CurriculumRecord;
  /** Episodes in the order in which they ended. */
  "trajectories.jsonl": EpisodeRecord;
  "verdicts.jsonl": VerdictLine;
  /** Verdicts that a judge on a server gave while other episodes still ran. */
  "early-verdicts.jsonl": VerdictLine;
  /** For a model on a server: log-probabilities of its actions, requested while other episodes still ran. */
  "reference.jsonl": ReferenceLine;
  "selection.jsonl": SelectionLine;
  "values.jsonl": ValueLine;
  "advantages.jsonl": AdvantageLine;
  "evaluation.jsonl": EpisodeRecord;
}

/** The file of a phase with its episodes, by their kind. */
export const EPISODE_FILES = {
  rollout: "trajectories.jsonl",
  evaluation: "evaluation.jsonl",
} as const satisfies Record<EpisodeKind, keyof PhaseRecords>;

/** The score of a phase's evaluation, as JSON. */
export const EVALUATION_FILE = "evaluation.json";

/** The files of a stage once its marker says that it is done. */
export const STAGE_FILES: Record<StageName, (keyof PhaseRecords | typeof EVALUATION_FILE)[]> = {
  curriculum: ["tasks.jsonl"],
  rollout: ["trajectories.jsonl"],
  judge: ["verdicts.jsonl"],
  select: ["selection.jsonl"],
  critic: ["values.jsonl"],
  actor: ["advantages.jsonl"],
  evaluate: ["evaluation.jsonl", EVALUATION_FILE],
};

/** The person who gave the verdict on an agent's run. */
export const PERSON = "person";

/** A judge's verdict on one episode, as a line of `verdicts.jsonl`. */
export interface VerdictLine {
  id: string;
  taskId: string;
  /** The reward: `probability` is at least `threshold` (absent: 0.5). */
  success: boolean;
  probability: number;
  threshold?: number;
  by: string;
  reasons: string[];
  /** The judge gave no verdict: `success` is `false`, and the episode is left out. */
  undecided?: true;
  /** What a judge on a server used for it. */
  usage?: ChatUsage;
  /** The verifier's verdict, for the audit of the judge; `null` if the task has none. */
  truth: boolean | null;
}

/** log π_ref of a step's action. */
export interface ReferenceLine {
  trajectoryId: string;
  index: number;
  /** One per token. */
  logprobs: number[];
}

/** What happened to a step of the replay buffer. */
export interface SelectionLine {
  trajectoryId: string;
  index: number;
  /** `null` if the method does not need it. */
  perplexity: number | null;
  outcome: "selected" | "too_familiar" | "too_hard" | "over_limit";
}

/** V of a step, after the phase's update of the critic. */
export interface ValueLine {
  trajectoryId: string;
  index: number;
  value: number;
}

/** The weight of a step in the actor's update. */
export interface AdvantageLine {
  trajectoryId: string;
  index: number;
  source: "new" | "replay";
  /** `null` if the method has no critic. */
  value: number | null;
  advantage: number;
}

/** A line of `events.jsonl`. */
export type EventLine = RunEvent & { time: string };

/** A line of `metrics.jsonl`. */
export interface MetricLine {
  phase: number;
  stage: StageName;
  /** Optimiser step within the stage; absent in the stage's summary. */
  step?: number;
  [metric: string]: number | string | undefined;
}

/** Success over a number of tasks, with its standard error. */
export interface Score {
  tasks: number;
  successes: number;
  /** In [0, 1]. */
  success: number;
  /**
   * Standard error of the rate after adding one success and one failure, so that it is not 0 when all tasks end alike.
   */
  standardError: number;
}

/** What `evaluation.json` holds. */
export interface Evaluation extends Score {
  split: string;
  /** Episodes that the world broke for good: not scored. */
  faults: number;
  stepsMean: number;
  bySite: Record<string, Score>;
  byCategory: Record<string, Score>;
  /** By what is new in a test task; empty if that is unknown. */
  byNovelty: Record<string, Score>;
}
