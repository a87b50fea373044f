/** @file The records of a run directory (`docs/run-directory.md`): what each of its files holds, and which stage leaves it. */

import type { ChatUsage } from "../core/chat.ts";
import type { Task } from "../core/task.ts";
import type { CurriculumRecord } from "../curriculum/grow.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { RunEvent, StageName } from "./events.ts";
import type { EpisodeKind } from "./episode-ids.ts";

/** One owner of every record: what reads a run imports them from here. */
export type { CurriculumRecord, EpisodeRecord };

/** The files of lines that a phase's directory has, with what a line is. */
export interface PhaseRecords {
  /** In order. */
  "tasks.jsonl": Task;
  /** Every candidate and what became of it. */
  "curriculum.jsonl": CurriculumRecord;
  /** In the order in which they ended. */
  "trajectories.jsonl": EpisodeRecord;
  "verdicts.jsonl": VerdictLine;
  /** Those that a judge behind a server gave while other episodes still ran. */
  "early-verdicts.jsonl": VerdictLine;
  /** Of a model on a server: what it says of the actions that it took, asked while other episodes still ran. */
  "reference.jsonl": ReferenceLine;
  "selection.jsonl": SelectionLine;
  "values.jsonl": ValueLine;
  "advantages.jsonl": AdvantageLine;
  "evaluation.jsonl": EpisodeRecord;
}

/** The file of a phase that holds its episodes, by their kind. */
export const EPISODE_FILES = {
  rollout: "trajectories.jsonl",
  evaluation: "evaluation.jsonl",
} as const satisfies Record<EpisodeKind, keyof PhaseRecords>;

/** The score of a phase's evaluation, as JSON. */
export const EVALUATION_FILE = "evaluation.json";

/** What a stage leaves behind once its marker says that it is done. */
export const STAGE_FILES: Record<StageName, (keyof PhaseRecords | typeof EVALUATION_FILE)[]> = {
  curriculum: ["tasks.jsonl"],
  rollout: ["trajectories.jsonl"],
  judge: ["verdicts.jsonl"],
  select: ["selection.jsonl"],
  critic: ["values.jsonl"],
  actor: ["advantages.jsonl"],
  evaluate: ["evaluation.jsonl", EVALUATION_FILE],
};

/** Who says so, in the verdict of a person on what an agent did. */
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
  /** The judge came to no verdict: `success` is `false`, and the episode is left out. */
  undecided?: true;
  /** What a judge behind a server took for it. */
  usage?: ChatUsage;
  /** The verifier's verdict, for the audit of the judge; `null` where the task has none. */
  truth: boolean | null;
}

/** log π_ref of a step's action. */
export interface ReferenceLine {
  trajectoryId: string;
  index: number;
  /** One a token. */
  logprobs: number[];
}

/** What became of a step of the replay buffer. */
export interface SelectionLine {
  trajectoryId: string;
  index: number;
  /** `null` where the method does not ask for it. */
  perplexity: number | null;
  outcome: "selected" | "too_familiar" | "too_hard" | "over_limit";
}

/** V of a step, after the phase's update of the critic. */
export interface ValueLine {
  trajectoryId: string;
  index: number;
  value: number;
}

/** What a step weighed in the actor's update. */
export interface AdvantageLine {
  trajectoryId: string;
  index: number;
  source: "new" | "replay";
  /** `null` where the method has no critic. */
  value: number | null;
  advantage: number;
}

/** A line of `events.jsonl`. */
export type EventLine = RunEvent & { time: string };

/** A line of `metrics.jsonl`. */
export interface MetricLine {
  phase: number;
  stage: StageName;
  /** Optimiser step within the stage; absent on the stage's summary. */
  step?: number;
  [metric: string]: number | string | undefined;
}

/** Success over a number of tasks, with its standard error. */
export interface Score {
  tasks: number;
  successes: number;
  /** In [0, 1]. */
  success: number;
  /** Of the share, one success and one failure added: not 0 where all tasks end alike. */
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
  /** By what is new in a test task; empty where that is not known. */
  byNovelty: Record<string, Score>;
}
