/**
 * @file The contract of an environment.
 *
 * ```
 * site.start(task) ─► Episode ─ first ─► step ─► mid ─► step ─► … ─► step ─► last   then nothing but dispose
 *                                                                └► (any step) ─► last: faulted
 * ```
 *
 * An episode is used once. There is no `reset`: ask the site for the next one.
 */

import type { ParsedAction } from "./action.ts";
import type { Observation } from "./observation.ts";
import type { BrowserSettings, Ending, Verdict } from "./trajectory.ts";
import type { Task } from "./task.ts";

/** The answer to an action: the next page, or the end of the episode. */
export type TimeStep =
  | { kind: "mid"; observation: Observation }
  /** `observation` is the page after the last action; `null` after a fault. */
  | { kind: "last"; observation: Observation | null; ending: Ending };

/** How an episode starts. */
export interface StartOptions {
  /** The same task and seed give the same first observation. */
  seed: number;
  signal?: AbortSignal;
}

/** One attempt at one task, in a private copy of the site. Use it once, then dispose of it. */
export interface Episode extends AsyncDisposable {
  /** The task given to `start`; on some sites (MiniWoB++) its instruction comes from the page. */
  readonly task: Task;
  /** The page at the start; available as soon as `start` has resolved. */
  readonly first: Observation;
  /**
   * Carries out one action. An action that failed to parse, or failed by the agent's mistake, gives `mid` with
   * `observation.error` set. Throws only if the contract is broken (a step after `last`, after disposal, or two at
   * once).
   */
  step(action: ParsedAction, options?: { signal?: AbortSignal }): Promise<TimeStep>;
  /** A PNG or JPEG of the viewport, for people. Throws a `Fault` if the browser is gone. */
  screenshot(): Promise<Uint8Array>;
  /**
   * The truth about the episode's present state; `null` if the task has no verifier. May be called after `last` and
   * before disposal. Throws a `Fault` if the truth cannot be determined.
   */
  verify(answer: string | null): Promise<Verdict | null>;
  /** Hosts that the network guard blocked so far, with counts. */
  countBlockedHosts(): Record<string, number>;
  /** Frees context, site copy and proxy credentials in every case; may be called more than once. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts episodes: the world in which tasks are done. */
export interface Site extends AsyncDisposable {
  readonly name: string;
  /** Recorded in every trajectory; absent if the site has no browser. */
  readonly browser?: BrowserSettings;
  /** Throws a `Fault` if the world cannot be set up; nothing half-started is left behind. */
  start(task: Task, options: StartOptions): Promise<Episode>;
}
