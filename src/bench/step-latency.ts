/**
 * @file How long a browser's steps take alone, and while the embedded engine trains in its worker thread beside them:
 * the oracles' episodes on the built-in sites, one at a time.
 */

import { monitorEventLoopDelay } from "node:perf_hooks";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchDatums } from "./train.ts";
import { createModel } from "../engine/onnx/create-model.ts";
import { createOnnxEngine } from "../engine/onnx/engine.ts";
import { tokenizerConfig, trainBpe } from "../engine/onnx/tokenizer/train-bpe.ts";
import { benchRollout } from "./rollout.ts";
import { loadSuite } from "../tasks/load-suite.ts";
import type { Provider } from "../engine/onnx/graph/compile.ts";
import type { NewModelOptions } from "../engine/onnx/models/config.ts";

export interface StepLatencyOptions {
  model: NewModelOptions;
  batch: number;
  /** Tokens of a sequence. */
  time: number;
  /** Of each of the two measurements. */
  seconds: number;
  provider?: Provider;
  threads?: number;
  signal?: AbortSignal;
}

interface Steps {
  steps: number;
  /** From an action to the next observation. */
  stepMs: { p50: number; p95: number };
  /** How late timers of this thread were: 99th percentile and largest. */
  eventLoopDelayMs: { p99: number; max: number };
}

export interface StepLatency {
  alone: Steps;
  /** Tokens that were trained on meanwhile, per second. */
  whileTraining: Steps & { tokensPerSecond: number };
}

export async function measureStepLatency(options: StepLatencyOptions): Promise<StepLatency> {
  const alone = await measureSteps(options);
  const directory = await mkdtemp(join(tmpdir(), "webrl-bench-"));
  try {
    return { alone, whileTraining: await whileTraining(join(directory, "model"), options) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function whileTraining(
  path: string,
  options: StepLatencyOptions,
): Promise<StepLatency["whileTraining"]> {
  const { model: size, batch, time, provider, threads } = options;
  const tokenizerFiles = new Map([
    ["tokenizer.json", JSON.stringify(trainBpe([], { vocabSize: size.vocabSize }))],
    ["tokenizer_config.json", JSON.stringify(tokenizerConfig())],
  ]);
  await createModel({ directory: path, model: size, tokenizerFiles, seed: 1 });
  await using engine = createOnnxEngine({
    ...(provider === undefined ? {} : { provider }),
    ...(threads === undefined ? {} : { threads }),
  });
  await using model = await engine.open({ path });
  const datums = benchDatums(size.vocabSize, batch, time);
  const step = async () => {
    await model.forwardBackward(datums, "cross_entropy");
    await model.optimStep({ learningRate: 1e-4 });
  };
  // Compiles the graphs.
  await step();
  let stopped = false;
  let tokens = 0;
  const start = performance.now();
  const training = (async () => {
    while (!stopped) {
      await step();
      tokens += batch * time;
    }
    return (tokens * 1000) / (performance.now() - start);
  })();
  // A failure is thrown below, after the browser was closed.
  training.catch(() => undefined);
  try {
    const measured = await measureSteps(options);
    stopped = true;
    return { ...measured, tokensPerSecond: await training };
  } finally {
    stopped = true;
  }
}

async function measureSteps({ seconds, signal }: StepLatencyOptions): Promise<Steps> {
  const suite = await loadSuite("built-in");
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const { runs } = await benchRollout(suite, {
    parallel: [1],
    agents: ["oracle"],
    seconds,
    seed: 1,
    ...(signal ? { signal } : {}),
  });
  delay.disable();
  const { steps, stepMs } = runs[0]!;
  return { steps, stepMs, eventLoopDelayMs: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 } };
}
