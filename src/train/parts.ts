/** @file The type of a run's parts. */

import type { ChatMeter } from "../chat/meter.ts";
import type { Judge, Proposer } from "../core/contracts.ts";
import type { Engine } from "../core/engine.ts";
import type { RunProbe } from "./run-servers.ts";
import type { Site } from "../core/episode.ts";
import type { Task } from "../core/task.ts";
import type { TaskCatalog } from "../curriculum/catalog.ts";
import type { Feasibility } from "../curriculum/llm.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { Suite } from "../tasks/suite.ts";

/** The parts of a run. Whoever opened them disposes of them. */
export interface Parts {
  engine: Engine;
  /** The critic's engine, if it has its own. */
  criticEngine?: Engine;
  /** Measurements of the servers, if the engines are on servers. */
  probe?: RunProbe;
  site: Site;
  suite: Pick<Suite, "name" | "tasks">;
  /**
   * All tasks of the suite, including those on other sites than the run's: new tasks must not repeat a held-out one.
   */
  catalog: Pick<TaskCatalog, "tasks">;
  /** Absent if the verifiers give the reward. */
  judge: Judge | null;
  /**
   * The parts that compute on a server: they are used while episodes still run, because that does not slow the episodes
   * down.
   */
  elsewhere?: { judge?: boolean; actor?: boolean };
  proposer: Proposer;
  feasible?: (tasks: readonly Task[], signal?: AbortSignal) => Promise<Feasibility[]>;
  /** What requests to chat models' servers have used. */
  meter?: ChatMeter;
  demonstrations: readonly EpisodeRecord[];
  /** Agents' judged runs; read once, when the initial rollouts are made. */
  experience?: () => Promise<readonly EpisodeRecord[]>;
}
