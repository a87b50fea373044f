/**
 * @file ONNX Runtime reports to its maker by default (since 1.29, on Linux and macOS): when the library is loaded it
 * writes a device id into the user's cache and looks up a server. It reads one environment variable, once, while it
 * is loaded, so the variable has to be there before that. Its Node binding has no call for it.
 */

import { isMainThread } from "node:worker_threads";
import { ConfigError } from "../../core/errors.ts";

const variable = "ORT_DISABLE_TELEMETRY";

/**
 * Call it before the library is loaded or a thread is started that loads it. A worker thread has a copy of the
 * environment that native code does not see, so there it only checks what the main thread has set.
 */
export function disableTelemetry(): void {
  if (isMainThread) process.env[variable] = "1";
  else if (process.env[variable] !== "1")
    throw new ConfigError(
      `the engine was started in a worker thread while ${variable} is not set, and ONNX Runtime would report to its maker`,
      `Set process.env.${variable} = "1" in the main thread before this thread starts, or in the environment of the process.`,
    );
}
