/** @file What every stage of a run has at hand: the run, its parts, and the models by their role. */

import type { Rng } from "../core/rng.ts";
import { createRng } from "../core/rng.ts";
import type { MethodParts, TrainConfig } from "../run/config.ts";
import { methodParts } from "../run/config.ts";
import type { Run } from "../run/run-directory.ts";
import type { ExperienceReader } from "./experience-reader.ts";
import { createExperienceReader } from "./experience-reader.ts";
import type { Parts } from "./parts.ts";
import type { RunModels } from "./run-models.ts";
import { createRunModels } from "./run-models.ts";

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
