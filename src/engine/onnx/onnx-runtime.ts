/** @file The one place that loads `onnxruntime-node`: never before its telemetry is off. */

import { createRequire } from "node:module";
import { disableTelemetry } from "./telemetry.ts";
import type * as OnnxRuntime from "onnxruntime-node";

disableTelemetry();
// An `import` would be hoisted above the call.
const onnxRuntime = createRequire(import.meta.url)("onnxruntime-node") as typeof OnnxRuntime;

export const { InferenceSession, Tensor, listSupportedBackends } = onnxRuntime;
