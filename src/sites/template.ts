/** @file Task templates: a family of tasks with its verifier and its oracle. */

import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { Category, JsonValue } from "../core/task.ts";
import type { SiteName } from "./app.ts";
import type { WorldCheck } from "./verify.ts";
import type { WorldState } from "./world-state.ts";

/** The values of a template's instance, by the names of its placeholders. */
export type Params = { [key: string]: JsonValue };

/**
 * Solves an instance with what an agent has: reads observations, yields actions, ends with `exit`. It must not read the
 * state: all it knows comes from `params` and from the page.
 */
export type Oracle<P extends Params> = (
  params: P,
  first: Observation,
) => Generator<Action, void, Observation>;

export interface TaskTemplate<P extends Params = Params> {
  /** `<site>.<what>`, e.g. `storefront.product-price`. */
  id: string;
  /** Sites that it uses; the episode starts on the first. */
  sites: SiteName[];
  category: Category;
  /** Oracle steps of a typical instance, `exit` included. */
  difficulty: number;
  /** `true`: all instances belong to the test split. Otherwise instances are split by a hash of their parameters. */
  testOnly?: boolean;
  /** Starts without a session on its sites. */
  signedOut?: boolean;
  /** Instructions with `{param}` placeholders; at least three, really different in wording. */
  phrasings: string[];
  /** Further wordings, for imitation only: demonstrations are told again in them. */
  paraphrases?: readonly string[];
  /** Texts for placeholders that need more than `String(value)`. */
  words?(params: P): Record<string, string>;
  /** Path on the first site; default `/`. */
  startPath?(params: P): string;
  /** Every instance, in a stable order, computed from the untouched world. */
  instances(world: WorldState): P[];
  /** All must pass. Built from `sites/verify.ts`; information tasks include `expectNoChange()`. */
  check(params: P, world: WorldState): WorldCheck[];
  oracle: Oracle<P>;
  /** An answer that looks right and is wrong, for `suite check`; default `"wrong"`. */
  wrongAnswer?(params: P, world: WorldState): string;
}

/** Templates with their further wordings, by id. */
export function withParaphrases(
  templates: readonly TaskTemplate[],
  paraphrases: Readonly<Record<string, readonly string[]>>,
): TaskTemplate[] {
  return templates.map((template) => {
    const further = paraphrases[template.id];
    return further ? { ...template, paraphrases: further } : template;
  });
}

/** Keeps the parameters' type inside a template and forgets it outside. */
export function defineTemplate<P extends Params>(template: TaskTemplate<P>): TaskTemplate {
  return template as unknown as TaskTemplate;
}
