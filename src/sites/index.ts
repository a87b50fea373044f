/** @file `webrl/sites`: describe your own site, its tasks, templates and checks. */

export { defineSite, defineTemplate, stateSatisfies } from "./define-site.ts";
export type {
  LoginStep,
  SiteCheck,
  SiteCopy,
  SiteDefinition,
  SiteFinished,
  SiteTask,
  SiteTemplate,
  StateOptions,
} from "./define-site.ts";
export { answerIncludes, answerIs, answerJson, answerNotPossible, pageShows, urlIs } from "./verify.ts";
export type { Check, Finished } from "./verify.ts";
export {
  click,
  drag,
  exit,
  find,
  hover,
  insert,
  maybe,
  press,
  scrollDown,
  search,
  select,
  selectText,
  type,
  wait,
  wordsOf,
} from "./hands.ts";
export type { Oracle, Params } from "./template.ts";
export { ConfigError, Fault } from "../core/errors.ts";
export type { FaultCode } from "../core/errors.ts";
export type * from "../core/action.ts";
export type { AmountPlace, EffectKind, IrreversibleRequest } from "../core/effect.ts";
export type * from "../core/observation.ts";
export type * from "../core/task.ts";
export { CATEGORIES } from "../core/task.ts";
