/** @file What a run is made of. */

import type { Judge, Proposer } from "../core/contracts.ts";
import type { Engine } from "../core/engine.ts";
import type { Site } from "../core/episode.ts";
import type { Split, Task } from "../core/task.ts";
import type { TaskCatalog } from "../curriculum/catalog.ts";
import type { Feasibility } from "../curriculum/llm.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";

/** Tasks by split. */
export interface TaskSource {
  readonly name: string;
  tasks(filter?: { split?: Split }): Task[];
}

/** What a run is made of. Whoever opened them disposes of them. */
export interface Parts {
  engine: Engine;
  site: Site;
  suite: TaskSource;
  /** What tasks are evolved in; a suite without templates has none, and needs the `llm` proposer. */
  catalog: Pick<TaskCatalog, "tasks">;
  /** Absent where the verifiers give the reward. */
  judge: Judge | null;
  proposer: Proposer;
  feasible?: (tasks: readonly Task[], signal?: AbortSignal) => Promise<Feasibility[]>;
  demonstrations: readonly EpisodeRecord[];
}
