/**
 * @file `webrl/chat`: models behind OpenAI-compatible servers, and what they do in the method: judge and propose tasks.
 */

export type * from "./core/chat.ts";
export type * from "./core/action.ts";
export type * from "./core/contracts.ts";
export type * from "./core/observation.ts";
export type * from "./core/task.ts";
export type * from "./core/trajectory.ts";
export type { FaultCode } from "./core/errors.ts";
export type { Rng } from "./core/rng.ts";
export { BudgetSpent, ConfigError, Fault } from "./core/errors.ts";
export { createOpenAIChat } from "./chat/chat-model.ts";
export type { OpenAIChatOptions } from "./chat/chat-model.ts";
export type { LlmConfig } from "./chat/config.ts";
export { createMeter } from "./chat/meter.ts";
export type { ChatMeter } from "./chat/meter.ts";
export { createFeasibilityJudge, createLlmProposer } from "./curriculum/llm.ts";
export type { Feasibility } from "./curriculum/llm.ts";
export { createPromptedJudge } from "./reward/prompted-judge.ts";
export type { PromptedJudgeOptions } from "./reward/prompted-judge.ts";
