/**
 * @file `webrl bench train`: how fast the embedded engine trains, against the machine's own matrix products and,
 * where Python with PyTorch is at hand, against PyTorch on the same weights and batch.
 */

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { createRng } from "../core/rng.ts";
import { compile, float32, type Provider } from "../engine/onnx/graph/compile.ts";
import { Graph } from "../engine/onnx/graph/graph.ts";
import { matmul } from "../engine/onnx/graph/matmul.ts";
import { newLlamaConfig, type DecoderConfig, type NewModelOptions } from "../engine/onnx/models/config.ts";
import { initWeights, parameterCount, parameterSpecs, sizeOf } from "../engine/onnx/models/parameters.ts";
import { LossPrograms } from "../engine/onnx/train/loss-programs.ts";
import { Trainer } from "../engine/onnx/train/trainer.ts";
import { trainPeerScript } from "./train-peer.ts";
import type { Datum } from "../core/engine.ts";

export interface BenchTrainOptions {
  /** `default` is the shipped model's size (2.6M parameters), `30m` thirty million. */
  size?: "default" | "30m";
  batch?: number;
  /** Tokens of a sequence. */
  time?: number;
  /** Seconds of each measurement. */
  seconds?: number;
  provider?: Provider;
  threads?: number;
  /** Python to look for PyTorch with; `null` leaves PyTorch out. */
  python?: string | null;
}

export interface PeerResult {
  mode: "eager" | "compile";
  threads: number;
  tokensPerSecond: number | null;
  peakBytes: number | null;
  /** Why there is no figure. */
  error: string | null;
}

export interface BenchTrainResult {
  parameters: number;
  batch: number;
  time: number;
  provider: Provider;
  threads: number;
  device: string;
  /** Best step: forward, backward, clipping and AdamW. */
  tokensPerSecond: number;
  /** Useful floating-point operations of the best step per second, 10⁹. */
  gflops: number;
  /** The machine's best matrix product on the same provider, 10⁹ operations per second. */
  peakGflops: number;
  peakFraction: number;
  peakBytes: number;
  /** Loss of the first step here and in PyTorch: the same model computed the same. */
  loss: number;
  peers: PeerResult[];
  torchVersion: string | null;
  torchLoss: number | null;
  /** Ours over PyTorch's best; `null` without PyTorch. */
  vsPyTorch: number | null;
}

export const benchSizes: Record<"default" | "30m", NewModelOptions> = {
  default: { vocabSize: 4096 },
  "30m": { vocabSize: 8192, hiddenSize: 512, layers: 8, heads: 8, intermediateSize: 1408 },
};

/**
 * Operations that a training step needs, per token: 6 per weight of a matrix (2 forward, 4 backward), the head
 * included, and 6·T·width per layer for causal attention (half of 12, because half of the scores are masked).
 */
function trainingOperations(config: DecoderConfig, batch: number, time: number): number {
  const matrices = parameterSpecs(config)
    .filter(
      ({ kind, name }) =>
        kind === "linear" || (kind === "embedding" && (config.tieEmbeddings || name === "lm_head.weight")),
    )
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return batch * time * (6 * matrices + 6 * config.layers * time * config.heads * config.headDim);
}

/** Best rate for nearly square products like those of a training step, 10⁹ operations per second. */
async function measurePeak(provider: Provider, threads: number, seconds: number): Promise<number> {
  let best = 0;
  for (const [m, k, n] of [
    [1024, 1024, 1024],
    [2048, 512, 2048],
    [2048, 1024, 1024],
  ] as const) {
    const g = new Graph("peak");
    const product = matmul(g.input("a", "float32", [m, k]), g.input("b", "float32", [k, n]));
    await using program = await compile(g, { product }, { provider, threads });
    const a = float32(new Float32Array(m * k).fill(0.5), [m, k]);
    const b = float32(new Float32Array(k * n).fill(0.5), [k, n]);
    const into = { product: float32(new Float32Array(m * n), [m, n]) };
    await program.run({ a, b }, into);
    const start = performance.now();
    while (performance.now() - start < (seconds * 1000) / 3) {
      const before = performance.now();
      await program.run({ a, b }, into);
      best = Math.max(best, (2 * m * k * n) / ((performance.now() - before) * 1e6));
    }
  }
  return best;
}

export async function benchTrain(options: BenchTrainOptions = {}): Promise<BenchTrainResult> {
  const { size = "default", batch = 4, time = 512, seconds = 10, provider = "cpu" } = options;
  const { threads = availableParallelism(), python = "python3" } = options;
  const config = newLlamaConfig(benchSizes[size]);
  const tokens_BT = drawTokens(config.vocabSize, batch, time);
  const peakGflops = await measurePeak(provider, threads, Math.min(seconds, 3));
  const torch = python === null ? null : await findTorch(python);
  const ours = await measureOurs(config, tokens_BT, { seconds, provider, threads });
  const peers: PeerResult[] = [];
  let torchLoss: number | null = null;
  if (torch !== null)
    for (const mode of ["eager", "compile"] as const)
      for (const count of new Set([1, threads])) {
        const { loss, ...peer } = await measurePeer(python!, config, tokens_BT, {
          mode,
          threads: count,
          seconds,
        });
        peers.push(peer);
        torchLoss ??= loss;
      }
  // Measured once more after the peers; the better of the two counts, as each of theirs is a best, too.
  const again = await measureOurs(config, tokens_BT, { seconds, provider, threads });
  const stepSeconds = Math.min(ours.stepSeconds, again.stepSeconds);
  const tokensPerSecond = (batch * time) / stepSeconds;
  const gflops = trainingOperations(config, batch, time) / stepSeconds / 1e9;
  const best = Math.max(0, ...peers.map((peer) => peer.tokensPerSecond ?? 0));
  return {
    parameters: parameterCount(config),
    batch,
    time,
    provider,
    threads,
    device: cpus()[0]?.model ?? "unknown",
    tokensPerSecond,
    gflops,
    peakGflops,
    peakFraction: gflops / peakGflops,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    loss: ours.loss,
    peers,
    torchVersion: torch,
    torchLoss,
    vsPyTorch: best > 0 ? tokensPerSecond / best : null,
  };
}

/** `batch` sequences of `time` tokens and one more, each token's target being the next. */
function drawTokens(vocabSize: number, batch: number, time: number): number[][] {
  const rng = createRng("bench/train");
  // Zipf-like, so that the embedding's rows are hit as unevenly as by text.
  return Array.from({ length: batch }, () =>
    Array.from({ length: time + 1 }, () => Math.floor(rng.next() ** 3 * vocabSize)),
  );
}

function toDatums(tokens_BT: readonly number[][]): Datum[] {
  const total = tokens_BT.reduce((sum, row) => sum + row.length - 1, 0);
  return tokens_BT.map((row) => ({
    tokens_T: row.slice(0, -1),
    positions_N: row.slice(1).map((_, t) => t),
    targets_N: row.slice(1),
    weights_N: row.slice(1).map(() => 1 / total),
  }));
}

/** The benchmark's batch for cross-entropy, as a mean over all tokens. */
export const benchDatums = (vocabSize: number, batch: number, time: number): Datum[] =>
  toDatums(drawTokens(vocabSize, batch, time));

async function measureOurs(
  config: DecoderConfig,
  tokens_BT: readonly number[][],
  { seconds, provider, threads }: { seconds: number; provider: Provider; threads: number },
): Promise<{ stepSeconds: number; loss: number }> {
  const data = initWeights(config, 1);
  const specs = parameterSpecs(config);
  const weights = new Map(specs.map(({ name, shape }) => [name, float32(data.get(name)!, shape)]));
  const trained = specs.map(({ name, shape }) => ({
    name,
    data: data.get(name)!,
    isMatrix: shape.length > 1,
  }));
  await using programs = new LossPrograms(config, [], { provider, threads });
  const trainer = new Trainer(config, weights, trained, programs, { memoryBudgetBytes: 4 * 2 ** 30 });
  const datums = toDatums(tokens_BT);
  const step = async () => {
    const { loss } = await trainer.forwardBackward(datums, "cross_entropy");
    await trainer.optimStep({ learningRate: 1e-4 });
    return loss;
  };
  const loss = await step();
  await step();
  let best = Infinity;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) {
    const before = performance.now();
    await step();
    best = Math.min(best, performance.now() - before);
  }
  return { stepSeconds: best / 1000, loss };
}

/** PyTorch's version, or `null` where this Python has none. */
async function findTorch(python: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", "import torch; print(torch.__version__)"]);
    return stdout.trim();
  } catch (error) {
    const { code } = error as { code?: string | number };
    // No such program, or a failed import; anything else is worth knowing.
    if (code === "ENOENT" || code === 1) return null;
    throw error;
  }
}

async function measurePeer(
  python: string,
  config: DecoderConfig,
  tokens_BT: readonly number[][],
  job: { mode: PeerResult["mode"]; threads: number; seconds: number },
): Promise<PeerResult & { loss: number | null }> {
  const specs = parameterSpecs(config);
  const weights = initWeights(config, 1);
  const directory = await mkdtemp(join(tmpdir(), "webrl-bench-"));
  try {
    const file = join(directory, "weights.f32");
    const bytes = specs.map(({ name }) => new Uint8Array(weights.get(name)!.buffer));
    await writeFile(file, Buffer.concat(bytes));
    const { hiddenSize, heads, kvHeads, headDim, layers, vocabSize, normEpsilon, rope } = config;
    const input = {
      config: { hiddenSize, heads, kvHeads, headDim, layers, vocabSize, normEpsilon, theta: rope.theta },
      weights: file,
      specs: specs.map(({ name, shape }) => [name, shape]),
      sizes: specs.map(({ shape }) => sizeOf(shape)),
      tokens_BT,
      ...job,
    };
    const line = await runPython(python, trainPeerScript, JSON.stringify(input));
    const result = JSON.parse(line) as {
      stepSeconds?: number;
      loss?: number;
      peakBytes?: number;
      error?: string;
    };
    const tokens = tokens_BT.reduce((sum, row) => sum + row.length - 1, 0);
    return {
      mode: job.mode,
      threads: job.threads,
      tokensPerSecond: result.stepSeconds === undefined ? null : tokens / result.stepSeconds,
      peakBytes: result.peakBytes ?? null,
      error: result.error ?? null,
      loss: result.loss ?? null,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The last line that the script prints. */
function runPython(python: string, script: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, ["-c", script], { stdio: ["pipe", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      const line = output.trim().split("\n").at(-1);
      if (code === 0 && line) resolve(line);
      else
        resolve(
          JSON.stringify({
            error: `PyTorch ended with code ${code}: ${errors.trim().split("\n").at(-1) ?? ""}`,
          }),
        );
    });
    child.stdin.end(input);
  });
}
