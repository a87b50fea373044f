/** @file The contract of a suite: tasks, and the world in which they are done. */

import type { MakeGuard } from "../browser/guard.ts";
import type { BrowserConfig } from "../browser/launch.ts";
import type { StepTimes } from "../browser/episode.ts";
import type { Action } from "../core/action.ts";
import type { SiteDescription } from "../core/contracts.ts";
import type { Site } from "../core/episode.ts";
import type { Observation, ObservationFormat } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { TaskFilter } from "./filter-tasks.ts";
import type { TemplateTasks } from "./template-tasks.ts";

/** Solves a task on the pages that it is given; ends with `exit`. */
export type OracleRun = Generator<Action, void, Observation>;

/** How a suite's site plays episodes. */
export interface SiteOptions {
  /** Default `compact`. */
  format?: ObservationFormat;
  browser?: BrowserConfig;
  /** Guards every episode. */
  guard?: MakeGuard | undefined;
  /** Called at the end of every step but `exit` that did not fault. */
  onStepTimes?: (times: StepTimes) => void;
}

/** A suite's site, with measurements of its episodes. */
export interface SuiteSite extends Site {
  /** Milliseconds of each reset so far: making a private copy of the data, or the user's reset. */
  readonly resetMs: readonly number[];
  /** Milliseconds of each login; absent if suites of this kind never sign in through a page. */
  readonly loginMs?: readonly number[];
  /** Episodes that were started and not yet disposed. */
  readonly openEpisodes: number;
  /** Episodes that can run at once; `Infinity` if only the machine limits it. */
  readonly maxParallel: number;
}

/** What ends an episode early beside its number of steps, as in the settings `rollout.*`. */
export interface ProtocolLimits {
  maxTimeMs?: number;
  repeatedAction?: number;
  repeatedError?: number;
}

/** For a limit that a protocol does not have. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** Tasks, and the world in which they are done: what `--suite NAME --file PATH` names. */
export interface Suite {
  readonly name: string;
  /** What the benchmark has and the user's copy of it lacks, as a sentence; commands print it. Absent: nothing. */
  readonly incomplete?: string;
  /**
   * The limits of the benchmark's own protocol, which `webrl eval` keeps, so that scores can be compared with published
   * ones. Default: those of `rollout.*`.
   */
  readonly limits?: ProtocolLimits;
  /** In a stable order. Cheap: computed once. Throws a `ConfigError` on an unknown template or site. */
  tasks(filter?: TaskFilter): Task[];
  /** Throws a `ConfigError` that names the nearest id. */
  task(id: string): Task;
  /**
   * Why a task cannot be used, as far as that is known before an episode; otherwise `null`. Its episodes fault with
   * `task_unusable`. Default: every task can be used.
   */
  unusable?(task: Task): string | null;
  /** Which of several ways to judge was chosen; recorded and printed with the scores of `webrl eval`. Default: only one. */
  readonly evaluator?: string;
  /** What to do so that the suite has tasks to train on. Default: nothing is known. */
  readonly howToTrain?: string;
  /** The row of a score table in which a task counts; `null`: only in the total. Default: its first site. */
  column?(task: Task): string | null;
  /** The templates that its tasks are made of, from which new ones can be made; `null` if the tasks are only listed. */
  readonly catalog: TemplateTasks | null;
  /** Descriptions of its sites, by name, for proposers that write tasks; sites without a description are left out. */
  readonly descriptions: Readonly<Record<string, SiteDescription>>;
  /** The caller disposes it. Starts nothing before the first episode. */
  createSite(options?: SiteOptions): Promise<SuiteSite>;
  /**
   * With a format: whether it has an oracle that works in that format. The format `webrl` does not show what is in
   * frames.
   */
  hasOracle(task: Task, format?: ObservationFormat): boolean;
  /** Throws if the task has none. */
  oracleFor(task: Task, first: Observation): OracleRun;
  /**
   * Its oracles work by trial and error, so a mistake on a page is not a failure. Default: they must make no mistake.
   */
  readonly oraclesTry?: boolean;
  /** The only format that its oracles can read; default: they read every format. */
  readonly oraclesRead?: ObservationFormat;
  /** An answer that looks right but is wrong. */
  wrongAnswer(task: Task): string;
}
