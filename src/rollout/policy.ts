/**
 * @file The contract of what acts in an episode. A policy is asked once per turn and answers with text, like a model,
 * so that demonstrations and rollouts leave the same kind of trajectory.
 */

import type { ParsedAction } from "../core/action.ts";
import type { ChatUsage } from "../core/chat.ts";
import type { Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Step } from "../core/trajectory.ts";

/** What a policy knows in its turn. */
export interface Turn {
  task: Task;
  /** The page, including the message about the last mistake. */
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
      /** The raw text, kept even if it could not be parsed. */
      response: string;
      action: ParsedAction;
      promptTokens?: number[];
      responseTokens?: number[];
      logprobs?: number[];
      /** What the request to a model's server used. */
      usage?: ChatUsage;
      /** Milliseconds that a server took; they do not count towards `maxTimeMs`. */
      waitedMs?: number;
      /** The policy errs deliberately here (negatives for the ORM), so this is never imitated. */
      mistake?: boolean;
    }
  /** The prompt no longer fits: the episode is truncated. */
  | { kind: "context_full" };

/** Chooses actions: a model, an oracle, or anything else. */
export interface Policy {
  /** Recorded as `Trajectory.policy`. */
  readonly name: string;
  /** Called once per episode; the returned function may keep state between turns. */
  begin(task: Task, seed: number): (turn: Turn) => Promise<Choice>;
  /** For a model on a server: says what keeps it from answering, or `null`. Called after a fault of the server. */
  probe?(signal?: AbortSignal): Promise<string | null>;
}
