/** @file `webrl bench train` and `webrl bench sample`: the embedded engine beside PyTorch and transformers. */

import type { Command } from "commander";
import { Option } from "commander";
import type { BenchTrainResult } from "../../engine/bench/train.ts";
import type { SampleBenchResult } from "../../engine/bench/sample.ts";
import { examples, group, interruption, jsonOption, print, table, wholeNumber } from "../command.ts";

interface EngineOptions {
  size: "default" | "30m";
  provider: "cpu" | "webgpu" | "cuda";
  threads?: number;
  /** `false` from `--no-python`. */
  python: string | false;
  json?: boolean;
}

/** Same widths as the training benchmark's `30m`. */
const SAMPLE_SIZES = {
  default: undefined,
  "30m": { vocabSize: 8192, hiddenSize: 512, layers: 8, heads: 8 },
} as const;

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
    .option("--seconds <n>", "seconds of each measurement", wholeNumber(), 10);
  examples(train, ["webrl bench train", "webrl bench train --size 30m --json"]).action(
    async (options: EngineOptions & { batch: number; time: number; seconds: number }) => {
      const { benchTrain } = await import("../../engine/bench/train.ts");
      console.error("bench train: measuring for a minute or more; leave the machine alone");
      print(options, await benchTrain({ ...options, python: options.python || null }), trainText);
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
      const { benchSample } = await import("../../engine/bench/sample.ts");
      console.error("bench sample: measuring for a minute or more; leave the machine alone");
      const model = SAMPLE_SIZES[options.size];
      const result = await benchSample({
        repeats: options.repeats,
        provider: options.provider,
        python: options.python || null,
        signal: interruption.signal,
        ...(options.threads !== undefined && { threads: options.threads }),
        ...(model && { model }),
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

function trainText(result: BenchTrainResult): string {
  const peers = result.peers.map((peer) => [
    `PyTorch ${peer.mode}`,
    peer.threads,
    peer.tokensPerSecond === null ? (peer.error ?? "failed") : Math.round(peer.tokensPerSecond),
  ]);
  return [
    `${(result.parameters / 1e6).toFixed(1)}M parameters, ${result.batch} × ${result.time} tokens, ${result.device}`,
    table(
      ["engine", "threads", "tokens/s"],
      [["webrl", result.threads, Math.round(result.tokensPerSecond)], ...peers],
    ),
    `${result.gflops.toFixed(0)} GFLOP/s of ${result.peakGflops.toFixed(0)} at best: ${Math.round(100 * result.peakFraction)}% of the peak; against PyTorch's best: ${ratio(result.vsPyTorch)}`,
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
  ].join("\n");
}
