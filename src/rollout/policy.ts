/**
 * @file What acts in an episode. A policy is asked once per turn; what it answers is text, as a model's answer is,
 * so that demonstrations and rollouts leave the same kind of trajectory.
 */

import type { ParsedAction } from "../core/action.ts";
import type { ChatUsage } from "../core/chat.ts";
import type { Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Step } from "../core/trajectory.ts";

/** What a policy knows when it is its turn. */
export interface Turn {
  task: Task;
  /** The page, the last mistake's message included. */
  observation: Observation;
  /** Turns taken so far; `history.length` is this turn's index. */
  history: readonly Step[];
  /** Differs for every turn of every episode and depends on nothing else. */
  seed: number;
  signal?: AbortSignal;
}

/** A policy's choice on a page: an action, or the reason why there is none. */
export type Choice =
  | {
      kind: "act";
      /** Raw text, kept also where it could not be parsed. */
      response: string;
      action: ParsedAction;
      promptTokens?: number[];
      responseTokens?: number[];
      logprobs?: number[];
      /** What the request to a model's server took. */
      usage?: ChatUsage;
      /** Milliseconds that a server took, however slow it is: they do not count towards `maxTimeMs`. */
      waitedMs?: number;
      /** The policy errs on purpose here (negatives for the ORM): never imitated. */
      mistake?: boolean;
    }
  /** The prompt no longer fits: the episode is truncated. */
  | { kind: "context_full" };

/** Chooses actions: a model, an oracle, or anything else. */
export interface Policy {
  /** Goes into `Trajectory.policy`. */
  readonly name: string;
  /** Called once per episode; what it returns may keep state between turns. */
  begin(task: Task, seed: number): (turn: Turn) => Promise<Choice>;
  /** Where the model is behind a server: what keeps that from answering, or `null`. Asked after a fault of it. */
  probe?(signal?: AbortSignal): Promise<string | null>;
}
