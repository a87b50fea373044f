/** @file `webrl/agent`: puts a model, trained here or not, to work on a site. */

export type * from "../core/action.ts";
export type * from "../core/agent-result.ts";
export type * from "../core/chat.ts";
export type * from "../core/observation.ts";
export type * from "../core/task.ts";
export type * from "../core/trajectory.ts";
export { BudgetSpent, ConfigError, Fault } from "../core/errors.ts";
export type { FaultCode } from "../core/errors.ts";
export type { BrowserConfig } from "../browser/launch.ts";
export type { Choice, Policy, Turn } from "../rollout/policy.ts";
export type {
  LoginStep,
  SiteCheck,
  SiteCopy,
  SiteDefinition,
  SiteFinished,
  SiteTask,
  SiteTemplate,
} from "../sites/define-site.ts";
export type { Oracle, Params } from "../sites/template.ts";
export type { Finished } from "../sites/verify.ts";
export { parseAction, printAction } from "../text/action.ts";
export type { FormatSetting, TemplateSetting } from "../text/template-names.ts";

export type { AmountPlace, EffectKind, IrreversibleRequest } from "../core/effect.ts";
export { approvalQueue, describeQuestion } from "../safety/approval.ts";
export type { Answer, ApprovalQueue, Approver, Intent, Question } from "../safety/approval.ts";
export type { Effect, PolicyRule, PolicyVerdict, SafetySettings } from "../safety/policy.ts";

export { createAgent } from "./agent.ts";
export type { Agent } from "./agent.ts";
export type { ActOptions, ActResult } from "./act.ts";
export type { AskItem, ItemApproval, ItemChange } from "./batch/approve.ts";
export type { BatchOptions, UndoOptions } from "./batch/batch.ts";
export type { BatchItem, BatchResult } from "./batch/result.ts";
export type { ItemPage, JobInput, ReadItem, State } from "./batch/definition.ts";
export type { Direction, ItemOutcome, ItemStatus } from "./batch/events.ts";
export type { BrokenRow } from "./batch/table.ts";
export type { Values } from "./batch/template.ts";
export type { AgentExtractOptions, OrNull } from "./extract/agent-extract.ts";
export type { Extraction } from "./extract/extract.ts";
export type { ExtractEnd, ExtractOptions, ExtractSummary } from "./extract/options.ts";
export type { ExtractedRow, FieldSource } from "./extract/row.ts";
export type { FieldValue, RowValues } from "./extract/schema.ts";
export type { ModelOptions } from "./model.ts";
export type { AgentOptions } from "./parts.ts";
export type { RepeatOptions, RepeatResult } from "./repeat/repeat.ts";
export type { Repetition } from "./repeat/repeat-policy.ts";
export type { RunLimits, RunOptions, RunResult, RunUsage } from "./run.ts";
export type { SafetyOptions } from "./safety.ts";
export { serveCustomers } from "./service/serve.ts";
export type { CustomerService, ServeOptions } from "./service/serve.ts";
export type { ServiceOptions } from "./service/service.ts";
export type { ServiceSettings } from "./service/policy.ts";
export type { VerifyCustomer } from "./service/identify.ts";
export type { AccessOptions } from "./service/access.ts";
export type { SiteOptions } from "./site.ts";
