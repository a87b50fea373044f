/** @file `webrl/sites`: describe your own site, its tasks and checks. */

export { defineSite, ownAnswerIs, ownPageShows, ownState, ownUrlIs } from "./define-site.ts";
export type { LoginStep, OwnCheck, OwnFinished, OwnTask, SiteDefinition } from "./define-site.ts";
export { click, exit, find, maybe, scrollDown, search, select, type } from "./hands.ts";
export type { Action } from "../core/action.ts";
export type { Observation, ObservedElement } from "../core/observation.ts";
