/**
 * @file A separate program for `webrl doctor`: loads ONNX Runtime, adds two numbers with it and prints what it found as
 * JSON. A library that is damaged or made for another processor kills its process with a signal.
 */

import { ConfigError, invariant } from "../core/errors.ts";
import { add } from "../engine/onnx/graph/elementwise.ts";
import { compile, float32 } from "../engine/onnx/graph/compile.ts";
import { Graph } from "../engine/onnx/graph/graph.ts";
import { findRuntime, loadRuntime } from "../engine/onnx/onnx-runtime.ts";

/** Either what was found, or what is wrong and how to correct it. */
export type EngineProbe = { found: string } | { problem: string; fix: string };

async function probe(): Promise<EngineProbe> {
  try {
    const runtime = findRuntime();
    const backends = loadRuntime(runtime).listSupportedBackends();
    const graph = new Graph("doctor");
    const x = graph.input("x", "float32", [1]);
    await using program = await compile(graph, { y: add(x, x) });
    const { y } = await program.run({ x: float32(Float32Array.of(21), [1]) });
    invariant(y?.data[0] === 42, "21 + 21 is 42");
    return {
      found: `${runtime.version}, ${runtime.source} (${backends.map(({ name }) => name).join(", ")})`,
    };
  } catch (error) {
    const fix = error instanceof ConfigError ? error.hint : "Install webrl again.";
    return { problem: (error as Error).message.split("\n")[0]!, fix };
  }
}

console.log(JSON.stringify(await probe()));
