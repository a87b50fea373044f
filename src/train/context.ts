/** @file What every stage of a run has at hand: the run, its parts, and the models by their role. */

import type { Judge, Proposer } from "../core/contracts.ts";
import type { Engine, FrozenModel, Model } from "../core/engine.ts";
import type { Site } from "../core/episode.ts";
import type { Rng } from "../core/rng.ts";
import { createRng } from "../core/rng.ts";
import type { Split, Task } from "../core/task.ts";
import type { TaskCatalog } from "../curriculum/catalog.ts";
import type { Feasibility } from "../curriculum/llm.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { MethodParts, TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";
import type { ExperienceReader } from "./experience-reader.ts";
import { createExperienceReader } from "./experience-reader.ts";
import type { Run } from "../run/run-directory.ts";
import { phaseName } from "../run/run-directory.ts";

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

export interface Context {
  readonly run: Run;
  readonly config: TrainConfig;
  readonly method: MethodParts;
  readonly parts: Parts;
  /** Forks of the run's seed. */
  readonly rng: Rng;
  readonly models: RunModels;
  readonly experience: ExperienceReader;
  readonly signal?: AbortSignal | undefined;
}

export function createContext(run: Run, parts: Parts, signal?: AbortSignal): Context {
  const { config } = run.info;
  const models = createRunModels(run, config, parts.engine);
  return {
    run,
    config,
    method: methodParts(config),
    parts,
    rng: createRng(config.seed),
    models,
    experience: createExperienceReader(run, config, parts, models),
    signal,
  };
}

export interface RunModels extends AsyncDisposable {
  /** The actor as it is after `phase`: the policy of phase + 1, and its reference. Phase 0 is the base model. */
  actorPath(phase: number): string;
  /** The critic after `phase`; the base model before the first. */
  criticPath(phase: number): string;
  /** A model to read with; the last one stays open until another is asked for. */
  read(path: string): Promise<FrozenModel>;
  /** A model to train, with a fresh optimiser; the caller disposes of it. */
  open(path: string): Promise<Model>;
}

export function createRunModels(run: Run, config: TrainConfig, engine: Engine): RunModels {
  const { base, lora } = config.models;
  let held: { path: string; model: Model } | null = null;
  const release = async () => {
    const { model } = held ?? {};
    held = null;
    await model?.[Symbol.asyncDispose]();
  };
  const open = async (path: string) => {
    if (!lora) return engine.open({ path });
    const model = await engine.open({ path: base, lora: { ...lora, seed: config.seed } });
    if (path !== base) await model.load(path);
    return model;
  };
  return {
    actorPath: (phase) => (phase === 0 ? base : run.checkpoint(`actor-${phaseName(phase)}`)),
    criticPath: (phase) => (phase === 0 ? base : run.checkpoint(`critic-${phaseName(phase)}`)),
    read: async (path) => {
      if (held?.path !== path) {
        await release();
        held = { path, model: await open(path) };
      }
      return held.model;
    },
    open: async (path) => {
      await release();
      return open(path);
    },
    [Symbol.asyncDispose]: release,
  };
}
