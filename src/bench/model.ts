/**
 * @file `webrl bench train|sample --model DIR`: how fast the embedded engine trains an adapter on any model, reads and
 * samples, with PEFT and transformers beside us on the same weights where Python has them.
 *
 * A datum is an agent's turn: a long prompt, and targets for its last tokens only, so that neither side pays for a head
 * over rows that nobody asks for.
 */

import { availableParallelism, cpus } from "node:os";
import { createRng } from "../core/rng.ts";
import type { Datum } from "../core/engine.ts";
import type { Provider } from "../engine/onnx/graph/compile.ts";
import { LocalEngine } from "../engine/onnx/local-engine.ts";
import type { LocalModel } from "../engine/onnx/local-model.ts";
import { parameterCount, sizeOf } from "../engine/onnx/models/parameters.ts";
import { askPython } from "./ask-python.ts";
import { peftPeerScript, transformersPeerScript } from "./model-peers.ts";

export interface BenchModelOptions {
  /** Directory of a model. */
  model: string;
  /** Of the adapter, which stands on every linear module of these layers. */
  rank?: number;
  /** How many layers, counted from the last one; default: all. */
  layers?: number;
  provider?: Provider;
  threads?: number;
  /** Python to look for the peers with; `null` leaves them out. */
  python?: string | null;
  signal?: AbortSignal;
}

export interface BenchModelTrainOptions extends BenchModelOptions {
  batch?: number;
  /** Tokens of a sequence. */
  time?: number;
  /** Targets of a sequence: its last tokens. */
  targets?: number;
  /** Seconds of each measurement. */
  seconds?: number;
}

export interface ModelPeer {
  mode: string;
  /** `null` if it failed, for the reason in `error`. */
  tokensPerSecond: number | null;
  peakBytes: number | null;
  loss: number | null;
  error: string | null;
}

export interface BenchModelTrainResult {
  parameters: number;
  trainedParameters: number;
  batch: number;
  time: number;
  targets: number;
  threads: number;
  device: string;
  /** From the call to its end, graph and session included: the first step of all, and the first with a custom loss. */
  firstStepSeconds: { crossEntropy: number; customLoss: number };
  /** Best step: forward, backward, clipping and AdamW. */
  tokensPerSecond: number;
  /** Log-probabilities of the same datums alone. */
  readingTokensPerSecond: number;
  peakBytes: number;
  /** Of the first step: the peers compute the same. */
  loss: number;
  peers: ModelPeer[];
  /** Ours over the best peer's; `null` without peers. */
  vsPeers: number | null;
}

export async function benchModelTraining(options: BenchModelTrainOptions): Promise<BenchModelTrainResult> {
  const { batch = 8, time = 400, targets = 24, seconds = 20, python = "python3", rank = 16 } = options;
  const threads = options.threads ?? availableParallelism();
  await using engine = openEngine(options, threads);
  const model = await openAdapter(engine, options);
  const { config } = model;
  const datums_B = drawTurns(config.vocabSize, batch, time, targets);
  const crossEntropy = () => model.forwardBackward(datums_B, "cross_entropy");
  const [{ loss }, first] = await measure(crossEntropy);
  await model.optimStep({ learningRate: 1e-4 });
  const [, custom] = await measure(() =>
    model.forwardBackward(datums_B, (logprobs_BN) => ({
      loss: 0,
      gradients_BN: logprobs_BN.map((row) => new Float32Array(row.length).fill(-1 / row.length)),
    })),
  );
  await model.optimStep({ learningRate: 1e-4 });
  const step = await best(seconds, async () => {
    await crossEntropy();
    await model.optimStep({ learningRate: 1e-4 });
  });
  const reading = await best(seconds / 2, () => model.logprobs(datums_B));
  const peers =
    python === null
      ? []
      : await trainPeers(python, options.model, datums_B, {
          threads,
          seconds,
          rank,
          layers: options.layers ?? null,
        });
  const fastest = Math.max(0, ...peers.map(({ tokensPerSecond }) => tokensPerSecond ?? 0));
  const tokens = batch * time;
  return {
    parameters: parameterCount(config),
    trainedParameters: model.lora!.specs.reduce((sum, { a, b }) => sum + sizeOf(a) + sizeOf(b), 0),
    batch,
    time,
    targets,
    threads,
    device: cpus()[0]?.model ?? "unknown",
    firstStepSeconds: { crossEntropy: first, customLoss: custom },
    tokensPerSecond: tokens / step,
    readingTokensPerSecond: tokens / reading,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    loss,
    peers,
    vsPeers: fastest > 0 ? tokens / step / fastest : null,
  };
}

export interface BenchModelSampleOptions extends BenchModelOptions {
  concurrent?: number;
  promptTokens?: number;
  newTokens?: number;
  /** The best of this many runs counts. */
  repeats?: number;
}

export interface BenchModelSampleResult {
  parameters: number;
  threads: number;
  device: string;
  concurrent: number;
  promptTokens: number;
  newTokens: number;
  /** Until the first token of the first prompt, graphs and sessions included. */
  firstTokenSeconds: number;
  /** Prompts and replies together, from the first request to the last result. */
  tokensPerSecond: number;
  /** The same requests for one token each. */
  readingTokensPerSecond: number;
  /** Time for the other tokens, per step of all requests. */
  decodeStepMs: number;
  peakBytes: number;
  peers: ModelPeer[];
  vsPeers: number | null;
}

export async function benchModelSampling(options: BenchModelSampleOptions): Promise<BenchModelSampleResult> {
  const { concurrent = 8, promptTokens = 400, newTokens = 24, repeats = 3, python = "python3" } = options;
  const threads = options.threads ?? availableParallelism();
  await using engine = openEngine(options, threads);
  const model = await openAdapter(engine, options);
  const { vocabSize } = model.config;
  let round = 0;
  // New prompts every time, so that none is found in the cache of known beginnings.
  const ask = async (maxTokens: number): Promise<number> => {
    const prompts = drawPrompts(vocabSize, concurrent, promptTokens, ++round);
    const [, seconds] = await measure(() =>
      Promise.all(
        prompts.map((prompt_T, seed) =>
          model.sample({
            prompt_T,
            maxTokens,
            temperature: 1,
            seed,
            ...(options.signal ? { signal: options.signal } : {}),
          }),
        ),
      ),
    );
    return seconds;
  };
  const [, firstTokenSeconds] = await measure(() =>
    model.sample({ prompt_T: [1, 2, 3], maxTokens: 1, temperature: 1, seed: 0 }),
  );
  await ask(newTokens);
  let [whole, reading] = [Infinity, Infinity];
  for (let run = 0; run < repeats; run++) {
    reading = Math.min(reading, await ask(1));
    whole = Math.min(whole, await ask(newTokens));
  }
  const peers =
    python === null
      ? []
      : await samplePeers(python, options.model, drawPrompts(vocabSize, concurrent, promptTokens, 0), {
          threads,
          newTokens,
          repeats,
        });
  const tokens = concurrent * (promptTokens + newTokens);
  const fastest = Math.max(0, ...peers.map(({ tokensPerSecond }) => tokensPerSecond ?? 0));
  return {
    parameters: parameterCount(model.config),
    threads,
    device: cpus()[0]?.model ?? "unknown",
    concurrent,
    promptTokens,
    newTokens,
    firstTokenSeconds,
    tokensPerSecond: tokens / whole,
    readingTokensPerSecond: (concurrent * promptTokens) / reading,
    decodeStepMs: (1000 * (whole - reading)) / Math.max(1, newTokens - 1),
    peakBytes: process.resourceUsage().maxRSS * 1024,
    peers,
    vsPeers: fastest > 0 ? tokens / whole / fastest : null,
  };
}

const openEngine = ({ provider = "cpu" }: BenchModelOptions, threads: number): LocalEngine =>
  new LocalEngine({ provider, threads, memoryBudgetBytes: 4 * 2 ** 30 });

const openAdapter = (
  engine: LocalEngine,
  { model, rank = 16, layers }: BenchModelOptions,
): Promise<LocalModel> =>
  engine.open({
    path: model,
    lora: { rank, alpha: 2 * rank, seed: 1, ...(layers === undefined ? {} : { layers }) },
  });

/** The result of `run` and the seconds that it took. */
async function measure<T>(run: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await run();
  return [result, (performance.now() - start) / 1000];
}

/** Seconds of the best of the runs that fit into `seconds`, three at least. */
async function best(seconds: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let least = Infinity;
  for (let runs = 0; runs < 3 || performance.now() - start < seconds * 1000; runs++)
    least = Math.min(least, (await measure(run))[1]);
  return least;
}

function drawPrompts(vocabSize: number, count: number, tokens: number, round: number): number[][] {
  const rng = createRng(`bench/model/${round}`);
  return Array.from({ length: count }, () => Array.from({ length: tokens }, () => rng.int(vocabSize)));
}

function drawTurns(vocabSize: number, batch: number, time: number, targets: number): Datum[] {
  return drawPrompts(vocabSize, batch, time + 1, 0).map((row) => ({
    tokens_T: row.slice(0, -1),
    positions_N: Array.from({ length: targets }, (_, n) => time - targets + n),
    targets_N: row.slice(-targets),
    weights_N: Array.from({ length: targets }, () => 1 / (batch * targets)),
  }));
}

type PeerAnswer = Record<string, { seconds?: number; peakBytes?: number; loss?: number; error?: string }>;

async function trainPeers(
  python: string,
  model: string,
  datums_B: readonly Datum[],
  job: { threads: number; seconds: number; rank: number; layers: number | null },
): Promise<ModelPeer[]> {
  const tokens = datums_B.reduce((sum, { tokens_T }) => sum + tokens_T.length, 0);
  const peers: ModelPeer[] = [];
  for (const dtype of ["float32", "bfloat16"])
    for (const attention of ["sdpa", "eager"])
      peers.push(
        ...toPeers(
          await askPython<PeerAnswer>(python, "torch, transformers, peft", peftPeerScript, {
            ...job,
            model,
            dtype,
            attention,
            tokens_BT: datums_B.map(({ tokens_T }) => tokens_T),
            targets_BN: datums_B.map(({ targets_N }) => targets_N),
          }),
          tokens,
        ),
      );
  return peers;
}

async function samplePeers(
  python: string,
  model: string,
  prompts: readonly number[][],
  job: { threads: number; newTokens: number; repeats: number },
): Promise<ModelPeer[]> {
  const tokens = prompts.reduce((sum, prompt) => sum + prompt.length + job.newTokens, 0);
  const answer = await askPython<PeerAnswer>(python, "torch, transformers", transformersPeerScript, {
    ...job,
    model,
    prompts,
  });
  return toPeers(answer, tokens);
}

/** `null`: this Python lacks the packages, so there is no peer. */
function toPeers(answer: PeerAnswer | null, tokens: number): ModelPeer[] {
  return Object.entries(answer ?? {}).map(([mode, { seconds, peakBytes, loss, error }]) => ({
    mode,
    tokensPerSecond: seconds === undefined ? null : tokens / seconds,
    peakBytes: peakBytes ?? null,
    loss: loss ?? null,
    error: error ?? null,
  }));
}
