/**
 * @file `webrl/method`: the parts that the training loop is made of, for whoever writes a loop of their own. Advantages
 * and losses, the reward model, the curriculum, replay, and the prompts that all of them share.
 * `examples/training-in-the-open.ts` is such a loop.
 */

export type * from "./core/action.ts";
export type * from "./core/chat.ts";
export type * from "./core/contracts.ts";
export type * from "./core/engine.ts";
export type * from "./core/observation.ts";
export type * from "./core/task.ts";
export type * from "./core/trajectory.ts";
export type { FaultCode } from "./core/errors.ts";
export type { Rng } from "./core/rng.ts";

export {
  digirlAdvantages,
  keepByDigirl,
  monteCarloAdvantages,
  officialAdvantages,
  returns,
  webrlAdvantages,
} from "./algo/advantage.ts";
export type { Outcome } from "./algo/advantage.ts";
export {
  answerProbability,
  awrWeights,
  criticLoss,
  klEstimate,
  logRatio,
  officialLoss,
  reinforceLoss,
  webrlLoss,
  weightedSftLoss,
} from "./algo/loss.ts";
export type { Logprobs, WebrlLossInput } from "./algo/loss.ts";
export { perplexity } from "./algo/perplexity.ts";
export { warmupCosine } from "./engine/optimise.ts";

export { createOrm } from "./reward/orm.ts";
export type { OrmJudgeOptions, OrmOptions } from "./reward/orm.ts";

export { heldOutInstructions, normaliseInstruction } from "./curriculum/catalog.ts";
export type { CatalogParams, CatalogTemplate, TaskCatalog } from "./curriculum/catalog.ts";
export { createEvolveProposer } from "./curriculum/evolve.ts";
export { growCurriculum } from "./curriculum/grow.ts";
export type { CandidateOutcome, FilterOptions } from "./curriculum/filter.ts";
export type { Curriculum, CurriculumRecord, GrowOptions } from "./curriculum/grow.ts";
export type { Feasibility } from "./curriculum/llm.ts";
export { createStartValue } from "./curriculum/start-value.ts";
export type { StartValueOptions } from "./curriculum/start-value.ts";
export { evaluationTasks, spread } from "./core/spread.ts";

export { createReplayBuffer } from "./replay/buffer.ts";
export type { ReplayBuffer, ReplayOptions } from "./replay/buffer.ts";
export { experienceOf } from "./replay/experience.ts";
export type { ExperienceStep } from "./replay/experience.ts";
export { perplexitiesUnder, selectReplay } from "./replay/select.ts";
export type { ReplaySelection, SelectionRange } from "./replay/select.ts";

export {
  actionDatum,
  answerDatum,
  answerTokens,
  policyPrompt,
  responseText,
  stopStrings,
  stopTokens,
  valueAnswers,
  valuePrompt,
  valuePromptOf,
} from "./text/prompt.ts";
export type { AnswerTokens, PolicyPromptOptions } from "./text/prompt.ts";
export { chooseTemplate } from "./text/choose-template.ts";
export type { PromptTemplate, TemplateSetting } from "./text/template-names.ts";
export type { OrmPromptInput, PolicyPromptInput } from "./text/prompt-input.ts";
export { ormInput, ormPrompt } from "./text/prompt-orm.ts";
export type { OrmPromptOptions } from "./text/prompt-orm.ts";
