/** @file Public entry `webrl/engine`: the contract of engines, and the embedded one. */

export type * from "../core/engine.ts";
export type { Provider } from "./onnx/graph/compile.ts";
export type { Architecture, DecoderConfig, Llama3Scaling, NewModelOptions } from "./onnx/models/config.ts";
export { createOnnxEngine, type OnnxEngineOptions } from "./onnx/engine.ts";
export { createModel, type CreateModelOptions } from "./onnx/create-model.ts";
