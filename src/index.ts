/**
 * @file `webrl`: the nouns and contracts, suites and episodes, and training: a run from its configuration to its end.
 */

export type * from "./core/action.ts";
export type * from "./core/agent-result.ts";
export type * from "./core/chat.ts";
export type * from "./core/contracts.ts";
export type * from "./core/engine.ts";
export type * from "./core/episode.ts";
export type * from "./core/observation.ts";
export type * from "./core/task.ts";
export type * from "./core/trajectory.ts";
export { BudgetSpent, ConfigError, Fault } from "./core/errors.ts";
export type { FaultCode } from "./core/errors.ts";
export { createRng, hash32 } from "./core/rng.ts";
export type { Rng } from "./core/rng.ts";
export { CATEGORIES } from "./core/task.ts";
export { answerOf } from "./core/trajectory.ts";

export { parseAction, printAction } from "./text/action.ts";
export type { PromptTemplate, TemplateSetting } from "./text/template-names.ts";

export type { BrowserConfig } from "./browser/launch.ts";
export type { StepTimes } from "./browser/episode.ts";
export type * from "./browser/guard.ts";
export type { ElementFacts, FormFacts } from "./browser/page/facts.ts";
export type { Secret, Secrets } from "./browser/typed-secrets.ts";
export type { AmountPlace, EffectKind, IrreversibleRequest } from "./core/effect.ts";
export type { Answer, Approver, Intent, Question } from "./safety/approval.ts";
export { guardBy } from "./safety/episode-gate.ts";
export { openGate } from "./safety/gate.ts";
export type * from "./safety/gate.ts";
export { parsePolicy } from "./safety/policy.ts";
export type * from "./safety/policy.ts";
export type { Spent } from "./safety/ledger.ts";
export { loadSuite } from "./tasks/load-suite.ts";
export type { LoadSuiteOptions } from "./tasks/load-suite.ts";
export type { Params } from "./sites/template.ts";
export { createBrowserSite } from "./tasks/browser-site.ts";
export type { EpisodeWorld, FinishedPage, HostFetch, WorldCookie } from "./browser/world.ts";
export type { WorldStorage } from "./browser/storage.ts";
export { filterTasks, findTask } from "./tasks/filter-tasks.ts";
export type { TaskFilter } from "./tasks/filter-tasks.ts";
export type { OracleRun, ProtocolLimits, SiteOptions, Suite, SuiteSite } from "./tasks/suite.ts";
export type { SuiteTemplate, TemplateInstance, TemplateTasks } from "./tasks/template-tasks.ts";

export { rolloutConfigSchema } from "./rollout/config.ts";
export type { RolloutConfig } from "./rollout/config.ts";
export { isFaulted, runEpisode } from "./rollout/episode.ts";
export type {
  EpisodeLimits,
  EpisodeOptions,
  EpisodeRecord,
  EpisodeRequest,
  SaveScreenshot,
} from "./rollout/episode.ts";
export { modelPolicy } from "./rollout/model-policy.ts";
export type { ModelPolicyOptions } from "./rollout/model-policy.ts";
export { oraclePolicy } from "./rollout/oracle-policy.ts";
export type { OraclePolicyOptions } from "./rollout/oracle-policy.ts";
export type { Choice, Policy, Turn } from "./rollout/policy.ts";
export { rollout } from "./rollout/rollout.ts";
export type { RolloutOptions } from "./rollout/rollout.ts";

export { METHODS, methodParts, trainConfigSchema } from "./run/config.ts";
export type { MethodName, MethodParts, TrainConfig } from "./run/config.ts";
export type { Observer, RunEvent, StageName } from "./run/events.ts";
export { loadConfig } from "./run/parse-config.ts";
export type { ConfigSources, Settings } from "./run/parse-config.ts";
export type { MetricName } from "./run/metrics.ts";
export type * from "./run/records.ts";
export type { JsonLines } from "./run/json-lines.ts";
export { createRun, openRun } from "./run/run-directory.ts";
export type { Run, Stage, StageEvent } from "./run/run-directory.ts";
export { runInfo } from "./run/run-info.ts";
export type { RunInfo } from "./run/run-info.ts";

export { createContext } from "./train/context.ts";
export type { Context } from "./train/context.ts";
export { tryTasks } from "./train/evaluate-model.ts";
export type { TryTasksOptions } from "./train/evaluate-model.ts";
export { scoreAttempts } from "./train/score-attempts.ts";
export type { AttemptsReport, AttemptsScore } from "./train/score-attempts.ts";
export { scoreEpisodes } from "./train/score-episodes.ts";
export type { Actor } from "./imitation/open-policy.ts";
export type { LlmConfig } from "./chat/config.ts";
export type { ChatMeter } from "./chat/meter.ts";
export type { DataStep, ExperienceReader } from "./train/experience-reader.ts";
export { train } from "./train/loop.ts";
export type { RunResult, TrainOptions } from "./train/loop.ts";
export { openParts, resolveModels } from "./train/open-parts.ts";
export { promptTemplate } from "./train/prompt-template.ts";
export type { OpenParts, OpenPartsOptions } from "./train/open-parts.ts";
export type { CatalogParams, CatalogTemplate, TaskCatalog } from "./curriculum/catalog.ts";
export type { CandidateOutcome, FilterOptions } from "./curriculum/filter.ts";
export type { CurriculumRecord } from "./curriculum/grow.ts";
export type { Feasibility } from "./curriculum/llm.ts";
export type { ReplayBuffer } from "./replay/buffer.ts";
export type { ExperienceStep } from "./replay/experience.ts";
export type { Parts } from "./train/parts.ts";
export type { Role, RunModels } from "./train/run-models.ts";
export type { RunProbe } from "./train/run-servers.ts";
export type { ProbeReport, ProbeRow } from "./engine/tinker/probe.ts";
export type { ServerProfile } from "./engine/tinker/profile.ts";
