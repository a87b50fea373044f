/**
 * @file The four kinds of trouble, kept apart: the agent's mistake is an observation (no class here);
 * the world's is a {@link Fault}; the user's is a {@link ConfigError}; ours is a failed {@link invariant}.
 */

/** Stable codes of what can go wrong with the world while an episode runs. */
export type FaultCode =
  /**
   * A problem of this task, not of its site: its checks, its start page, its login. The suite's other tasks can
   * continue.
   */
  | "task_unusable"
  | "browser_launch_failed"
  | "browser_crashed"
  | "browser_lost"
  | "straggler_cut"
  | "page_crashed"
  | "site_down"
  | "navigation_timeout"
  | "action_timeout"
  | "observation_failed"
  | "engine_failed"
  | "model_server_failed"
  | "judge_failed"
  | "proposer_failed";

/** The world broke: never the agent's failure, never rewarded, never trained on. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  /** Whether trying the same thing again may work; decided where the fault is thrown. */
  readonly retryable: boolean;

  constructor(code: FaultCode, message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}

/** The user's mistake. The CLI prints `message` and `hint` without a stack and exits with code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** What to do about it: an imperative sentence. */
  readonly hint: string;

  constructor(message: string, hint: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.hint = hint;
  }
}

/** Throws if a condition fails that only a bug of ours can violate. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}

/**
 * A limit that the user set is reached: nothing is wrong, finished work is kept, and the same command continues. The
 * CLI prints `message` and `hint` and exits with code 3.
 */
export class BudgetSpent extends Error {
  override readonly name = "BudgetSpent";
  /** How to continue: an imperative sentence. */
  readonly hint: string;

  constructor(message: string, hint = "Give the same command again to continue; the budget starts afresh.") {
    super(message);
    this.hint = hint;
  }
}
