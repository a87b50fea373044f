/** @file What a run is made of. */

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

/** What a run is made of. Whoever opened them disposes of them. */
export interface Parts {
  engine: Engine;
  /** Of the critic, where it has one of its own. */
  criticEngine?: Engine;
  /** What servers were measured to do, where the engines are such. */
  probe?: RunProbe;
  site: Site;
  suite: Pick<Suite, "name" | "tasks">;
  /** All tasks of the suite, those of other sites than the run's too: new tasks repeat none that is held out. */
  catalog: Pick<TaskCatalog, "tasks">;
  /** Absent where the verifiers give the reward. */
  judge: Judge | null;
  /** What computes on a server, and is asked while episodes still run: that takes nothing from them. */
  elsewhere?: { judge?: boolean; actor?: boolean };
  proposer: Proposer;
  feasible?: (tasks: readonly Task[], signal?: AbortSignal) => Promise<Feasibility[]>;
  /** What requests to the server of a chat model took. */
  meter?: ChatMeter;
  demonstrations: readonly EpisodeRecord[];
  /** What agents did, with verdicts; read once, when the initial rollouts are made. */
  experience?: () => Promise<readonly EpisodeRecord[]>;
}
