/** @file `webrl bench train` and `webrl bench sample`: the embedded engine beside PyTorch and transformers. */

import type { Command } from "commander";
import { Option } from "commander";
import type { BenchTrainResult } from "../../bench/train.ts";
import type { SampleBenchResult } from "../../bench/sample.ts";
import type { StepLatency } from "../../bench/step-latency.ts";
import { examples, group, interruption, jsonOption, print, table, wholeNumber } from "../command.ts";

interface EngineOptions {
  size: "default" | "30m";
  provider: "cpu" | "webgpu" | "cuda";
  threads?: number;
  /** `false` from `--no-python`. */
  python: string | false;
  json?: boolean;
}

export function register(program: Command): void {
  const bench = group(program, "bench", "Measure: rollouts, training, sampling, methods.");
  const train = engineOptions(
    bench
      .command("train")
      .description(
        "Training tokens per second, our share of the matrix-product peak, and PyTorch beside us.",
      ),
  )
    .option("--batch <n>", "sequences of a step", wholeNumber(), 4)
    .option("--time <n>", "tokens of a sequence", wholeNumber(), 512)
    .option("--seconds <n>", "seconds of each measurement", wholeNumber(), 10)
    .option("--browser", "also measure a browser's steps, alone and while training runs");
  examples(train, [
    "webrl bench train",
    "webrl bench train --size 30m --json",
    "webrl bench train --browser --no-python",
  ]).action(
    async (options: EngineOptions & { batch: number; time: number; seconds: number; browser?: boolean }) => {
      const { benchTrain, benchSizes } = await import("../../bench/train.ts");
      console.error("bench train: measuring for a minute or more; leave the machine alone");
      const trained = await benchTrain({ ...options, python: options.python || null });
      let browserSteps: StepLatency | null = null;
      if (options.browser) {
        const { measureStepLatency } = await import("../../bench/step-latency.ts");
        const { size, batch, time, seconds, provider, threads } = options;
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
    },
  );
  const sample = engineOptions(
    bench
      .command("sample")
      .description(
        "Generated tokens per second with concurrent requests, and transformers.generate beside us.",
      ),
  ).option("--repeats <n>", "the best of this many runs counts", wholeNumber(), 3);
  examples(sample, ["webrl bench sample", "webrl bench sample --size 30m --no-python --json"]).action(
    async (options: EngineOptions & { repeats: number }) => {
      const { benchSample } = await import("../../bench/sample.ts");
      const { benchSizes } = await import("../../bench/train.ts");
      console.error("bench sample: measuring for a minute or more; leave the machine alone");
      const result = await benchSample({
        repeats: options.repeats,
        provider: options.provider,
        python: options.python || null,
        signal: interruption.signal,
        ...(options.threads !== undefined && { threads: options.threads }),
        // The default is the shipped base's own vocabulary; widths are the same in both benchmarks.
        ...(options.size !== "default" && { model: benchSizes[options.size] }),
      });
      print(options, result, sampleText);
    },
  );
}

function engineOptions(command: Command): Command {
  return jsonOption(command)
    .addOption(
      new Option("--size <name>", "size of the model: default (the shipped one's), 30m")
        .choices(["default", "30m"])
        .default("default"),
    )
    .addOption(
      new Option("--provider <name>", "where operators run")
        .choices(["cpu", "webgpu", "cuda"])
        .default("cpu"),
    )
    .option("--threads <n>", "threads of the engine; default all cores", wholeNumber())
    .option("--python <path>", "Python to look for the peers with", process.env["WEBRL_PYTHON"] ?? "python3")
    .option("--no-python", "leave the peers out");
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
