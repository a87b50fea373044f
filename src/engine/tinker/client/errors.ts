/** @file Errors between this process and a Tinker server, and whether trying again can help. */

import { Fault } from "../../../core/errors.ts";

/**
 * - `unreachable`: no answer came within the limits; try again later.
 * - `busy`: the server kept answering that we should wait; try again later.
 * - `refused`: the server rejects this request permanently.
 * - `failed`: the operation was accepted and failed.
 * - `lost`: the server no longer knows the session, the model or the result.
 * - `unknown_step`: the request may have been executed or not, and sending it again could execute it twice.
 * - `nonsense`: the answer does not follow the protocol, or is not a number that a model can give.
 */
export type TinkerTrouble =
  | "unreachable"
  | "busy"
  | "refused"
  | "failed"
  | "lost"
  | "unknown_step"
  | "nonsense";

const RETRYABLE: ReadonlySet<TinkerTrouble> = new Set(["unreachable", "busy", "lost"]);

/** `retryable` says whether the same call may succeed later; weights and gradients are then as they were before it. */
export class TinkerError extends Fault {
  readonly trouble: TinkerTrouble;

  constructor(trouble: TinkerTrouble, message: string, options: { cause?: unknown } = {}) {
    super("engine_failed", message, { retryable: RETRYABLE.has(trouble), cause: options.cause });
    this.trouble = trouble;
  }
}
