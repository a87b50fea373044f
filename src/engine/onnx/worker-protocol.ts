/** @file Messages between the engine's worker thread and the thread that uses it. Everything is structured-cloned. */

import { ConfigError, Fault } from "../../core/errors.ts";
import { NonFiniteError } from "./train/non-finite.ts";
import type { Datum, LossGradient, OpenOptions, OptimStep, SampleRequest } from "../../core/engine.ts";
import type { LocalEngineOptions } from "./local-engine-options.ts";

/** What the worker can be asked; `model` numbers an open model. */
export type Call =
  | { verb: "open"; options: OpenOptions }
  | { verb: "sample"; model: number; request: Omit<SampleRequest, "signal"> }
  | { verb: "logprobs"; model: number; datums_B: readonly Datum[] }
  | { verb: "forwardBackward"; model: number; datums_B: readonly Datum[]; custom: boolean }
  | { verb: "optimStep"; model: number; step: OptimStep }
  | { verb: "save"; model: number; directory: string; options: { optimizer?: boolean } }
  | { verb: "load"; model: number; directory: string }
  | { verb: "fork"; model: number }
  | { verb: "close"; model: number }
  | { verb: "shutdown" };

export interface Opened {
  model: number;
  name: string;
  /** Of the tokenizer. */
  directory: string;
  contextTokens: number;
}

export type ToWorker =
  | { kind: "call"; id: number; call: Call }
  /** The caller's signal was aborted; the call's answer is awaited no longer. */
  | { kind: "abort"; id: number }
  | { kind: "loss"; id: number; result: LossGradient }
  | { kind: "loss_failed"; id: number };

export type FromWorker =
  | { kind: "result"; id: number; value: unknown }
  | { kind: "error"; id: number; error: SerializedError }
  /** A custom loss is wanted for call `id`. */
  | { kind: "logprobs"; id: number; logprobs_BN: Float32Array[] };

export type WorkerData = LocalEngineOptions;

/** An error that keeps its class, hint and code across threads. */
export interface SerializedError {
  name: string;
  message: string;
  stack?: string;
  hint?: string;
  code?: Fault["code"];
  retryable?: boolean;
  cause?: SerializedError;
}

export function serializeError(error: unknown): SerializedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(error instanceof ConfigError ? { hint: error.hint } : {}),
    ...(error instanceof Fault ? { code: error.code, retryable: error.retryable } : {}),
    ...(cause === undefined ? {} : { cause: serializeError(cause) }),
  };
}

export function restoreError(error: SerializedError): Error {
  const options = error.cause ? { cause: restoreError(error.cause) } : {};
  const restored = create(error, options);
  if (error.stack !== undefined) restored.stack = error.stack;
  return restored;
}

function create(error: SerializedError, options: { cause?: Error }): Error {
  if (error.hint !== undefined) return new ConfigError(error.message, error.hint, options);
  if (error.code !== undefined)
    return new Fault(error.code, error.message, { retryable: error.retryable ?? false, ...options });
  if (error.name === "NonFiniteError") return new NonFiniteError(error.message, options);
  if (error.name === "RangeError") return new RangeError(error.message, options);
  return new Error(error.message, options);
}
