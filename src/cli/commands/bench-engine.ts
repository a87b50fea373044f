/** @file `webrl bench train` and `webrl bench sample`: compare the embedded engine with PyTorch and transformers. */

import type { Command } from "commander";
import { Option } from "commander";
import type { BenchModelSampleResult, BenchModelTrainResult, ModelPeer } from "../../bench/model.ts";
import type { BenchTrainResult } from "../../bench/train.ts";
import type { SampleBenchResult } from "../../bench/sample.ts";
import type { StepLatency } from "../../bench/step-latency.ts";
import { examples, group, interruption, jsonOption, print, table, wholeNumber } from "../command.ts";

interface EngineOptions {
  size: "default" | "30m";
  model?: string;
  rank: number;
  layers?: number;
  provider: "cpu" | "webgpu" | "cuda";
  threads?: number;
  /** `false` from `--no-python`. */
  python: string | false;
  json?: boolean;
}

interface TrainOptions {
  batch?: number;
  time?: number;
  targets: number;
  seconds: number;
  browser?: boolean;
}

export function register(program: Command): void {
  const bench = group(program, "bench");
  const train = engineOptions(
    bench
      .command("train")
      .description(
        "Measure training tokens per second and the share of the matrix-product peak, and compare with PyTorch.",
      ),
  )
    .option("--batch <n>", "sequences in a step; default 4, with --model 8", wholeNumber())
    .option("--time <n>", "tokens in a sequence; default 512, with --model 400", wholeNumber())
    .option(
      "--targets <n>",
      "with --model: how many of a sequence's last tokens are targets",
      wholeNumber(),
      24,
    )
    .option("--seconds <n>", "seconds of each measurement", wholeNumber(), 10)
    .option("--browser", "also measure a browser's steps, alone and while training runs");
  examples(train, [
    "webrl bench train",
    "webrl bench train --size 30m --json",
    "webrl bench train --browser --no-python",
    "webrl bench train --model models/smollm2 --rank 16",
  ]).action(async (options: EngineOptions & TrainOptions) => {
    if (options.model !== undefined) return benchModelTrain(options, options.model);
    const { benchTrain, benchSizes } = await import("../../bench/train.ts");
    console.error("bench train: measuring for a minute or more; leave the machine alone");
    const trained = await benchTrain({ ...options, python: options.python || null });
    let browserSteps: StepLatency | null = null;
    if (options.browser) {
      const { measureStepLatency } = await import("../../bench/step-latency.ts");
      const { size, batch = 4, time = 512, seconds, provider, threads } = options;
      browserSteps = await measureStepLatency({
        model: benchSizes[size],
        batch,
        time,
        seconds,
        provider,
        signal: interruption.signal,
        ...(threads !== undefined && { threads }),
      });
    }
    print(options, { ...trained, browserSteps }, trainText);
  });
  const sample = engineOptions(
    bench
      .command("sample")
      .description(
        "Measure generated tokens per second with concurrent requests, and compare with transformers.generate.",
      ),
  ).option("--repeats <n>", "measure this many times and keep the best", wholeNumber(), 3);
  examples(sample, [
    "webrl bench sample",
    "webrl bench sample --size 30m --no-python --json",
    "webrl bench sample --model models/smollm2",
  ]).action(async (options: EngineOptions & { repeats: number }) => {
    if (options.model !== undefined) return benchModelSample(options, options.model);
    const { benchSample } = await import("../../bench/sample.ts");
    const { benchSizes } = await import("../../bench/train.ts");
    console.error("bench sample: measuring for a minute or more; leave the machine alone");
    const result = await benchSample({
      repeats: options.repeats,
      provider: options.provider,
      python: options.python || null,
      signal: interruption.signal,
      ...(options.threads !== undefined && { threads: options.threads }),
      // The default is the vocabulary of the shipped base; both benchmarks use the same widths.
      ...(options.size !== "default" && { model: benchSizes[options.size] }),
    });
    print(options, result, sampleText);
  });
}

async function benchModelTrain(options: EngineOptions & TrainOptions, model: string): Promise<void> {
  const { benchModelTraining } = await import("../../bench/model.ts");
  console.error("bench train: measuring for a minute or more; leave the machine alone");
  print(
    options,
    await benchModelTraining({ ...options, model, python: options.python || null }),
    modelTrainText,
  );
}

async function benchModelSample(options: EngineOptions & { repeats: number }, model: string): Promise<void> {
  const { benchModelSampling } = await import("../../bench/model.ts");
  console.error("bench sample: measuring for a minute or more; leave the machine alone");
  const { signal } = interruption;
  print(
    options,
    await benchModelSampling({ ...options, model, python: options.python || null, signal }),
    modelSampleText,
  );
}

function engineOptions(command: Command): Command {
  return jsonOption(command)
    .addOption(
      new Option("--size <name>", "size of the model: default (the shipped one's), 30m")
        .choices(["default", "30m"])
        .default("default"),
    )
    .option("--model <directory>", "your own model instead, with an adapter on every linear module")
    .option("--rank <n>", "with --model: rank of the adapter", wholeNumber(), 16)
    .option("--layers <n>", "with --model: adapters on the last n layers; default all", wholeNumber())
    .addOption(
      new Option("--provider <name>", "the device that computes")
        .choices(["cpu", "webgpu", "cuda"])
        .default("cpu"),
    )
    .option("--threads <n>", "threads of the engine; default all cores", wholeNumber())
    .option(
      "--python <path>",
      "the Python whose PyTorch and transformers to compare with",
      process.env["WEBRL_PYTHON"] ?? "python3",
    )
    .option("--no-python", "do not measure PyTorch and transformers");
}

const ratio = (value: number | null) => (value === null ? "n/a" : `${value.toFixed(2)} ×`);

const mebibytes = (bytes: number | null) => (bytes === null ? "n/a" : Math.round(bytes / 2 ** 20));

function trainText(result: BenchTrainResult & { browserSteps: StepLatency | null }): string {
  const peers = result.peers.map((peer) => [
    `PyTorch ${peer.mode}`,
    peer.threads,
    peer.tokensPerSecond === null ? (peer.error ?? "failed") : Math.round(peer.tokensPerSecond),
    mebibytes(peer.peakBytes),
  ]);
  return [
    `${(result.parameters / 1e6).toFixed(1)}M parameters, ${result.batch} × ${result.time} tokens, ${result.device}`,
    table(
      ["engine", "threads", "tokens/s", "peak MiB"],
      [["webrl", result.threads, Math.round(result.tokensPerSecond), mebibytes(result.peakBytes)], ...peers],
    ),
    `${result.gflops.toFixed(0)} GFLOP/s of ${result.peakGflops.toFixed(0)} at best: ${Math.round(100 * result.peakFraction)}% of the peak; against PyTorch's best: ${ratio(result.vsPyTorch)}`,
    ...(result.browserSteps ? [stepsText(result.browserSteps)] : []),
  ].join("\n");
}

function stepsText({ alone, whileTraining }: StepLatency): string {
  const row = (name: string, { steps, stepMs, eventLoopDelayMs }: StepLatency["alone"]) => [
    name,
    steps,
    Math.round(stepMs.p50),
    Math.round(stepMs.p95),
    Math.round(eventLoopDelayMs.p99),
    Math.round(eventLoopDelayMs.max),
  ];
  return [
    table(
      ["browser's steps", "steps", "median ms", "p95", "event loop late by p99", "at most"],
      [row("alone", alone), row("while training runs", whileTraining)],
    ),
    `Trained meanwhile: ${Math.round(whileTraining.tokensPerSecond)} tokens/s.`,
  ].join("\n");
}

function sampleText(result: SampleBenchResult): string {
  return [
    `${(result.parameters / 1e6).toFixed(1)}M parameters, ${result.threads} threads; generated tokens per second, prompts included`,
    table(
      ["workload", "requests", "prompt", "new", "webrl", "vs one by one", "vs one batch"],
      result.workloads.map((w) => [
        w.name,
        w.concurrent,
        w.promptTokens,
        w.newTokens,
        Math.round(w.tokensPerSecond),
        ratio(w.vsOneByOne),
        ratio(w.vsBatched),
      ]),
    ),
    `Peak memory: webrl ${mebibytes(result.peakBytes.ours)} MiB, transformers ${mebibytes(result.peakBytes.generate)} MiB.`,
  ].join("\n");
}

const peerRows = (peers: readonly ModelPeer[]) =>
  peers.map((peer) => [
    peer.mode,
    peer.tokensPerSecond === null ? (peer.error ?? "failed") : Math.round(peer.tokensPerSecond),
    mebibytes(peer.peakBytes),
  ]);

function modelTrainText(result: BenchModelTrainResult): string {
  const { firstStepSeconds: first } = result;
  return [
    `${(result.parameters / 1e6).toFixed(1)}M parameters, ${(result.trainedParameters / 1e6).toFixed(1)}M trained, ${result.batch} × ${result.time} tokens with ${result.targets} targets each, ${result.threads} threads, ${result.device}`,
    table(
      ["training", "tokens/s", "peak MiB"],
      [["webrl", Math.round(result.tokensPerSecond), mebibytes(result.peakBytes)], ...peerRows(result.peers)],
    ),
    `Reading: ${Math.round(result.readingTokensPerSecond)} tokens/s. First step: ${first.crossEntropy.toFixed(1)} s, first with a custom loss ${first.customLoss.toFixed(1)} s. Against the best peer: ${ratio(result.vsPeers)}`,
  ].join("\n");
}

function modelSampleText(result: BenchModelSampleResult): string {
  return [
    `${(result.parameters / 1e6).toFixed(1)}M parameters, ${result.concurrent} requests of ${result.promptTokens} + ${result.newTokens} tokens, ${result.threads} threads, ${result.device}`,
    table(
      ["sampling", "tokens/s", "peak MiB"],
      [["webrl", Math.round(result.tokensPerSecond), mebibytes(result.peakBytes)], ...peerRows(result.peers)],
    ),
    `Reading: ${Math.round(result.readingTokensPerSecond)} tokens/s; a decode step: ${result.decodeStepMs.toFixed(0)} ms; first token after ${result.firstTokenSeconds.toFixed(1)} s. Against the best peer: ${ratio(result.vsPeers)}`,
  ].join("\n");
}
