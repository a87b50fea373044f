/** @file The models of a run by their role, one open at a time. */

import type { Engine, FrozenModel, Model } from "../core/engine.ts";
import type { TrainConfig } from "../run/config.ts";
import { loraOf } from "../run/config.ts";
import { checkpointPath } from "../run/paths.ts";
import type { Run } from "../run/run-directory.ts";

export interface RunModels extends AsyncDisposable {
  /** The actor as it is after `phase`: the policy of phase + 1, and its reference. Phase 0 is the base: a model, or an adapter. */
  actorPath(phase: number): string;
  /** The critic after `phase`; the base before the first: where that is an adapter, it has read many pages already. */
  criticPath(phase: number): string;
  /** A model to read with; the last one stays open until another is asked for. */
  read(path: string): Promise<FrozenModel>;
  /** A model to train, with a fresh optimiser; the caller disposes of it. */
  open(path: string): Promise<Model>;
}

export function createRunModels(run: Run, config: TrainConfig, engine: Engine): RunModels {
  const { base } = config.models;
  const lora = loraOf(config);
  let held: { path: string; model: Model } | null = null;
  const release = async () => {
    const { model } = held ?? {};
    held = null;
    await model?.[Symbol.asyncDispose]();
  };
  // A checkpoint of an adapter names its base, which the engine keeps in memory.
  const open = (path: string) => engine.open({ path, lora: lora && { ...lora, seed: config.seed } });
  return {
    actorPath: (phase) => (phase === 0 ? base : checkpointPath(run.directory, "actor", phase)),
    criticPath: (phase) => (phase === 0 ? base : checkpointPath(run.directory, "critic", phase)),
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
