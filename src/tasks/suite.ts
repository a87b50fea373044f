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

/** Solves a task on the pages it is given; ends with `exit`. */
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

/** A suite's site, with figures of what its episodes took. */
export interface SuiteSite extends Site {
  /** Milliseconds that each reset took so far: making a private copy of the data, or the user's reset. */
  readonly resetMs: readonly number[];
  /** Milliseconds that each login took; left out where no suite of its kind signs anybody in by a page. */
  readonly loginMs?: readonly number[];
  /** Episodes that were started and not disposed. */
  readonly openEpisodes: number;
  /** Episodes that can run at once; `Infinity` where only the machine limits it. */
  readonly maxParallel: number;
}

/** Tasks, and the world in which they are done. What `--suite NAME --file PATH` names. */
export interface Suite {
  readonly name: string;
  /** In a stable order. Cheap: computed once. Throws a `ConfigError` on an unknown template or site. */
  tasks(filter?: TaskFilter): Task[];
  /** Throws a `ConfigError` that names the nearest id. */
  task(id: string): Task;
  /** The row of a score table that a task counts in; `null`: in none but the whole. Default: its first site. */
  column?(task: Task): string | null;
  /** What its tasks are made of, and new ones can be; `null` where they are only listed. */
  readonly catalog: TemplateTasks | null;
  /** What its sites are, by name; sites that nobody described are left out. For proposers that write tasks. */
  readonly descriptions: Readonly<Record<string, SiteDescription>>;
  /** The caller disposes it. Starts nothing before the first episode. */
  createSite(options?: SiteOptions): Promise<SuiteSite>;
  hasOracle(task: Task): boolean;
  /** Throws where there is none. */
  oracleFor(task: Task, first: Observation): OracleRun;
  /** Its oracles find out by trying: what they cannot do on a page is theirs to see, and no failure. Default: they make no mistake. */
  readonly oraclesTry?: boolean;
  /** The format that its oracles read; default: every one. */
  readonly oraclesRead?: ObservationFormat;
  /** An answer that looks right and is wrong. */
  wrongAnswer(task: Task): string;
}
