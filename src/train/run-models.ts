/** @file The models of a run by role, one open at a time. */

import type { Engine, FrozenModel, Model } from "../core/engine.ts";
import type { TrainConfig } from "../run/config.ts";
import { loraOf, methodParts } from "../run/config.ts";
import { checkpointPath } from "../run/paths.ts";
import type { Run } from "../run/run-directory.ts";
import type { Parts } from "./parts.ts";

/** The two models that a run trains. */
export type Role = "actor" | "critic";

/** A run's models, opened when a stage needs them. */
export interface RunModels extends AsyncDisposable {
  /**
   * The actor after `phase`, which is the policy of phase + 1 and its reference. Phase 0 is the base: a model, or an
   * adapter.
   */
  actorPath(phase: number): string;
  /**
   * The critic after `phase`. Before its first update, which is in phase 0 where tasks are evolved and in phase 1
   * otherwise, it is the base; if that is an adapter, it has already read many pages.
   */
  criticPath(phase: number): string;
  /** A role's model after a phase, for reading; the last one stays open until another is requested. */
  read(role: Role, phase: number): Promise<FrozenModel>;
  /** The same for training, with a fresh optimiser; the caller disposes of it. */
  open(role: Role, phase: number): Promise<Model>;
}

export function createRunModels(
  run: Run,
  config: TrainConfig,
  { engine, criticEngine = engine }: Pick<Parts, "engine" | "criticEngine">,
): RunModels {
  const { base } = config.models;
  const lora = loraOf(config);
  let held: { path: string; engine: Engine; model: Model } | null = null;
  const release = async () => {
    const { model } = held ?? {};
    held = null;
    await model?.[Symbol.asyncDispose]();
  };
  const firstUpdate = { actor: 1, critic: methodParts(config).tasks === "evolved" ? 0 : 1 };
  const find = (role: Role, phase: number) => ({
    path: phase < firstUpdate[role] ? base : checkpointPath(run.directory, role, phase),
    engine: role === "critic" ? criticEngine : engine,
  });
  // A checkpoint of an adapter names its base, which the engine keeps in memory.
  const open = ({ path, engine: on }: ReturnType<typeof find>) =>
    on.open({ path, lora: lora && { ...lora, seed: config.seed } });
  return {
    actorPath: (phase) => find("actor", phase).path,
    criticPath: (phase) => find("critic", phase).path,
    read: async (role, phase) => {
      const wanted = find(role, phase);
      if (held?.path !== wanted.path || held.engine !== wanted.engine) {
        await release();
        held = { ...wanted, model: await open(wanted) };
      }
      return held.model;
    },
    open: async (role, phase) => {
      await release();
      return open(find(role, phase));
    },
    [Symbol.asyncDispose]: release,
  };
}
