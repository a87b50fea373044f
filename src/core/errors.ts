/**
 * @file The four kinds of trouble, kept apart: the agent's mistake is an observation (no class here);
 * the world's is a {@link Fault}; the user's is a {@link ConfigError}; ours is a failed {@link invariant}.
 */

/** Stable codes of what can go wrong with the world while an episode runs. */
export type FaultCode =
  /** This task, not its site: what it is checked by, where it starts, who it is signed in as. Its suite's others can go on. */
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
  /** What to do about it, as an imperative sentence. */
  readonly hint: string;

  constructor(message: string, hint: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.hint = hint;
  }
}

/** Throws where only a bug of ours can lead. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}

/**
 * A limit that the user set is reached: nothing is wrong, what is done is kept, and the same command goes on. The CLI
 * prints `message` and `hint` and exits with code 3.
 */
export class BudgetSpent extends Error {
  override readonly name = "BudgetSpent";
  /** How to go on, as an imperative sentence. */
  readonly hint: string;

  constructor(message: string, hint = "The same command goes on, with the same budget anew.") {
    super(message);
    this.hint = hint;
  }
}
