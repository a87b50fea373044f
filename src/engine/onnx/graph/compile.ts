/** @file Compiles a graph into a program: an ONNX Runtime session behind `run`. */

import type { Tensor } from "onnxruntime-common";
import { loadRuntime, type Runtime } from "../onnx-runtime.ts";
import type { ElementType, Value } from "./value.ts";
import type { Graph } from "./graph.ts";

/** ONNX Runtime's execution provider. */
export type Provider = "cpu" | "webgpu" | "cuda";
export type TensorData = Float32Array | Int32Array | BigInt64Array | Uint16Array | Uint8Array;

export interface RunTensor {
  readonly type: ElementType;
  readonly data: TensorData;
  readonly dims: readonly number[];
}

export interface CompileOptions {
  provider?: Provider;
  /** Threads of one operator; default: ONNX Runtime's choice (all cores). */
  threads?: number;
  /** Values of the graph that are fed instead of computed; this cuts a graph in two. */
  given?: readonly Value[];
}

export interface Program extends AsyncDisposable {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs once. `into` names outputs that are written into the caller's tensors (of exactly the right size) without a
   * copy. Feeds are read in place and must not be changed while it runs.
   */
  run(feeds: Record<string, RunTensor>, into?: Record<string, RunTensor>): Promise<Record<string, RunTensor>>;
}

export const float32 = (data: Float32Array, dims: readonly number[]): RunTensor => ({
  type: "float32",
  data,
  dims,
});
export const int32 = (data: Int32Array, dims: readonly number[]): RunTensor => ({
  type: "int32",
  data,
  dims,
});
export const int64 = (data: BigInt64Array, dims: readonly number[]): RunTensor => ({
  type: "int64",
  data,
  dims,
});

/** Compiles what `outputs` need; their keys become the names of the results. */
export async function compile(
  graph: Graph,
  outputs: Record<string, Value>,
  options: CompileOptions = {},
): Promise<Program> {
  const { provider = "cpu", threads, given } = options;
  const runtime = loadRuntime();
  const session = await runtime.InferenceSession.create(graph.serialize(outputs, given), {
    executionProviders: provider === "cpu" ? ["cpu"] : [provider, "cpu"],
    graphOptimizationLevel: "all",
    // It would undo what `contractRows` does.
    extra: {
      optimization: { disable_specified_optimizers: "MatmulTransposeFusion" },
      // Browsers share the cores, and a thread that spins while it waits takes them away.
      session: { intra_op: { allow_spinning: "0" } },
    },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    logSeverityLevel: 3,
    // A memory pattern costs, for every shape, another block as large as everything that the first run used, and makes
    // nothing faster.
    enableMemPattern: false,
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, into = {}) {
      const inputs = Object.fromEntries(
        session.inputNames.map((name) => [name, toTensor(runtime, name, feeds[name])]),
      );
      const fetches = Object.fromEntries(
        session.outputNames.map((name) => [name, into[name] ? toTensor(runtime, name, into[name]) : null]),
      );
      const results = await session.run(inputs, fetches);
      return Object.fromEntries(
        session.outputNames.map((name) => {
          if (into[name]) return [name, into[name]];
          const tensor = results[name] as Tensor;
          return [
            name,
            { type: tensor.type as ElementType, data: tensor.data as TensorData, dims: tensor.dims },
          ];
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await session.release();
    },
  };
}

function toTensor(runtime: Runtime, name: string, tensor: RunTensor | undefined): Tensor {
  if (!tensor) throw new Error(`graph input ${name} was not fed`);
  return new runtime.Tensor(tensor.type, tensor.data as Float32Array, tensor.dims);
}
