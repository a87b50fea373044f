/** @file `webrl`: the contracts, rollouts, the training loop and what it is made of. */

export type { Action, ActionError, ActionKind, ParsedAction } from "./core/action.ts";
export type { Judge, Proposer } from "./core/contracts.ts";
export type {
  Datum,
  Engine,
  FrozenModel,
  Loss,
  LossGradient,
  Model,
  OpenOptions,
  OptimStep,
  SampleRequest,
  SampleResult,
  Sampler,
  Tokenizer,
} from "./core/engine.ts";
export type { Episode, Site, StartOptions, TimeStep } from "./core/episode.ts";
export { ConfigError, Fault } from "./core/errors.ts";
export type { FaultCode } from "./core/errors.ts";
export type { Observation, ObservationFormat, ObservedElement } from "./core/observation.ts";
export { createRng, hash32 } from "./core/rng.ts";
export type { Rng } from "./core/rng.ts";
export type { Category, JsonValue, Lineage, Split, Task } from "./core/task.ts";
export { answerOf } from "./core/trajectory.ts";
export type { Ending, Step, Trajectory, Verdict } from "./core/trajectory.ts";

export { parseAction, printAction } from "./text/action.ts";

export { rolloutConfigSchema } from "./rollout/config.ts";
export type { RolloutConfig } from "./rollout/config.ts";
export { isFaulted, runEpisode } from "./rollout/episode.ts";
export type { EpisodeOptions, EpisodeRecord, EpisodeRequest } from "./rollout/episode.ts";
export { modelPolicy } from "./rollout/model-policy.ts";
export { oraclePolicy } from "./rollout/oracle-policy.ts";
export type { Choice, Policy, Turn } from "./rollout/policy.ts";
export { rollout } from "./rollout/rollout.ts";
export type { RolloutOptions } from "./rollout/rollout.ts";

export { createEvolveProposer } from "./curriculum/evolve.ts";
export { createLlmProposer } from "./curriculum/llm.ts";
export { createOrm } from "./reward/orm.ts";
export { createPromptedJudge } from "./reward/prompted-judge.ts";

export { loadSuite } from "./tasks/load-suite.ts";
export type { RunnableSuite } from "./tasks/runnable.ts";

export { METHODS, methodParts, trainConfigSchema } from "./run/config.ts";
export type { MethodName, TrainConfig } from "./run/config.ts";
export { createContext } from "./train/context.ts";
export type { Context } from "./train/context.ts";
export type { Parts } from "./train/parts.ts";
export { evaluateModel } from "./train/evaluate-model.ts";
export type { RunEvent, StageName } from "./run/events.ts";
export { train } from "./train/loop.ts";
export type { RunResult } from "./train/loop.ts";
export { openParts, resolveModels } from "./train/open-parts.ts";
export { loadConfig } from "./run/parse-config.ts";
export { createRun, openRun } from "./run/run-directory.ts";
export type { Run } from "./run/run-directory.ts";
export { runInfo } from "./run/run-info.ts";
export type { Evaluation, Score } from "./run/records.ts";
