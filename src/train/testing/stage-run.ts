/** @file For tests of stages: a run on fakes that stops just before one stage. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EpisodeRecord } from "../../rollout/episode.ts";
import type { RunEvent } from "../../run/events.ts";
import type { Run } from "../../run/run-directory.ts";
import { createRun } from "../../run/run-directory.ts";
import { runInfo } from "../../run/run-info.ts";
import type { Context } from "../context.ts";
import { createContext } from "../context.ts";
import type { Parts } from "../parts.ts";
import { trainActor } from "../stages/actor.ts";
import { trainCritic } from "../stages/critic.ts";
import { growTasks } from "../stages/curriculum.ts";
import { judgeTrajectories } from "../stages/judge.ts";
import { rollOut } from "../stages/rollout.ts";
import { selectExperience } from "../stages/select.ts";
import { fakeConfig, fakeParts, makeFakeBase } from "./fake-run.ts";

/** The loop's order, without evaluations. */
const ORDER = [
  [growTasks, "curriculum"],
  [rollOut, "rollout"],
  [judgeTrajectories, "judge"],
  [selectExperience, "select"],
  [trainCritic, "critic"],
  [trainActor, "actor"],
] as const;

export interface StageRun extends AsyncDisposable {
  run: Run;
  context: Context;
  events: RunEvent[];
  /** Metrics that a stage ended with. */
  metrics(stage: string, phase: number): Record<string, number>;
  /** Runs everything before this stage. */
  upTo(phase: number, stage: (typeof ORDER)[number][1]): Promise<void>;
}

export interface World extends AsyncDisposable {
  base: string;
  demonstrations: EpisodeRecord[];
  open(changes?: object, parts?: Partial<Parts>): Promise<StageRun>;
}

/** One base model; each run has its own directory. */
export async function makeWorld(steps = 20): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), "webrl-stage-"));
  const { base, demonstrations } = await makeFakeBase(directory, steps);
  let count = 0;
  return {
    base,
    demonstrations,
    open: async (changes = {}, parts = {}) => {
      const events: RunEvent[] = [];
      const run = await createRun(
        join(directory, `run-${count++}`),
        runInfo(fakeConfig(base, changes)),
        (event) => events.push(event),
      );
      const context = createContext(run, { ...fakeParts(demonstrations), ...parts });
      return {
        run,
        context,
        events,
        metrics: (stage, phase) => {
          const end = events.find(
            (e) => e.kind === "stage_finished" && e.stage === stage && e.phase === phase,
          );
          return end?.kind === "stage_finished" ? end.metrics : {};
        },
        upTo: async (phase, stage) => {
          for (let before = 0; before <= phase; before++)
            for (const [body, name] of ORDER) {
              if (before === phase && name === stage) return;
              // In phase 0 nothing is selected, and the actor does not learn.
              if (before === 0 && (name === "select" || name === "actor")) continue;
              if (before === 0 && name === "critic" && context.method.tasks === "given") continue;
              await body(context, before);
            }
        },
        [Symbol.asyncDispose]: async () => {
          await context.models[Symbol.asyncDispose]();
          await run[Symbol.asyncDispose]();
        },
      };
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
