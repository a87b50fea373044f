/**
 * @file Estimates what training or sampling will need, from configurations alone: parameters, memory, disk, time per
 * step. Memory counts what the engine allocates; the time comes from a short measurement of this machine's matrix
 * products.
 */

import { realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import type { LoraSettings, Tokenizer } from "../../core/engine.ts";
import { isAdapterDirectory, readAdapterConfig } from "./checkpoint/adapter.ts";
import { readJsonObject } from "./checkpoint/read-file.ts";
import { compile, float32 } from "./graph/compile.ts";
import { Graph } from "./graph/graph.ts";
import { matmul } from "./graph/matmul.ts";
import { freeMemoryBytes, memoryLimitBytes, sizeText } from "./memory-limit.ts";
import { baseDirectories, checkSameLora, loraOptions } from "./model-files.ts";
import { parseDecoderConfig, type DecoderConfig } from "./models/config.ts";
import {
  frozenLayers,
  layersOf,
  loraSpecs,
  parameterCount,
  sizeOf,
  type LoraSpec,
} from "./models/parameters.ts";
import { cacheBytes } from "./sampler/kv-cache.ts";
import { mostCacheBytes, prefixCacheBytes } from "./sampler/sampler.ts";
import { loadTokenizer } from "./tokenizer/load-tokenizer.ts";
import { paddedLength } from "./train/batching.ts";
import { activationBytes, chooseVariant } from "./train/memory.ts";
import { trunkCacheBytes } from "./train/trunk-cache.ts";

export interface PlannedModel {
  path: string;
  lora?: LoraSettings | undefined;
}

export interface PlannedWork {
  /** The model to train; the largest if several are trained in turn. */
  trained: PlannedModel;
  /** Models that are open beside it for reading. */
  beside?: readonly PlannedModel[];
  /** Sequences per optimiser step, and the tokens of some of them. */
  batchSize: number;
  lengths(tokenizer: Tokenizer, contextTokens: number): readonly number[] | Promise<readonly number[]>;
  /** The number of sequences that are sampled at once. */
  sampled: number;
  threads?: number | undefined;
}

export interface Estimate {
  parameters: number;
  trainedParameters: number;
  /** Bytes. */
  memory: {
    /** Frozen weights, and trained ones. */
    frozen: number;
    trained: number;
    /** Gradients and AdamW's moments. */
    optimiser: number;
    activations: number;
    /** Keys and values of sequences that are sampled. */
    cache: number;
    /** The program itself. */
    program: number;
    total: number;
    /** How much memory this process may have, and how much of it is free. */
    limit: number;
    free: number;
  };
  /** Bytes of one checkpoint, and of one with the optimiser's state. */
  disk: { model: number; checkpoint: number };
  batchSize: number;
  meanTokens: number;
  /** `null` for a model so small that it is not worth a measurement. */
  time: { tokensPerSecond: number; secondsPerStep: number } | null;
}

/** Print an estimate before a model with at least this many parameters starts. */
export const LARGE = 20e6;

/** The engine's default limit for activations; the measured size of Node with the engine and ONNX Runtime. */
const ACTIVATION_BUDGET = 2 * 2 ** 30;
const PROGRAM_BYTES = 350e6;
/** Tokens of a micro-batch, and rows of it whose logits are wanted: an action has about this many. */
const MICRO_BATCH_TOKENS = 4096;
const ROWS = 48;
/** The fraction of the machine's peak that a training step reaches (docs/performance.md). */
const EFFICIENCY = 0.42;

interface Shape {
  /** Real path of the base. */
  base: string;
  config: DecoderConfig;
  /** `null` where all weights are trained. */
  specs: LoraSpec[] | null;
}

/** What a directory would be opened as. @throws ConfigError like the engine, except for wrong numbers. */
async function shapeOf({ path, lora }: PlannedModel): Promise<Shape> {
  const directory = resolve(path);
  if (!(await isAdapterDirectory(directory))) {
    const config = await readConfig(directory);
    return { base: await realpath(directory), config, specs: lora ? loraSpecs(config, lora) : null };
  }
  const adapter = await readAdapterConfig(directory);
  const [base] = await baseDirectories(directory, adapter);
  const config = await readConfig(base!);
  const options = loraOptions(adapter);
  if (lora) checkSameLora(directory, config, options, lora);
  return { base: await realpath(base!), config, specs: loraSpecs(config, options) };
}

async function readConfig(directory: string): Promise<DecoderConfig> {
  const file = join(directory, "config.json");
  return parseDecoderConfig(await readJsonObject(file), file);
}

/** Whether this is a whole model so large that it should be trained with adapters. */
export async function suitsAdapters(path: string): Promise<boolean> {
  const { config, specs } = await shapeOf({ path });
  return specs === null && parameterCount(config) >= LARGE;
}

/** Bytes of frozen weights; bases that adapters share are counted once. */
function frozenBytes(bases: readonly Shape[], whole: readonly Shape[]): number {
  const shared = new Map(bases.map(({ base, config }) => [base, 4 * parameterCount(config)]));
  const own = whole.map(({ specs, config }) => 4 * (specs ? adapterSize(specs) : parameterCount(config)));
  return sum([...shared.values(), ...own]);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Keys and values of this many sequences at once. */
const sampledBytes = (config: DecoderConfig, sequences: number, tokens: number) =>
  sequences === 0 ? 0 : prefixCacheBytes + Math.min(mostCacheBytes, cacheBytes(config, sequences, tokens));

const inAll = (memory: Omit<Estimate["memory"], "total" | "limit" | "free">): Estimate["memory"] => ({
  ...memory,
  total: sum(Object.values(memory)),
  limit: memoryLimitBytes(),
  free: freeMemoryBytes(),
});

/**
 * The memory of models that are only sampled from, the first of them with `sampled` sequences at once, if all prompts
 * have the maximal length.
 */
export async function estimateSampling(
  paths: readonly string[],
  sampled: number,
): Promise<Pick<Estimate, "parameters" | "memory">> {
  const shapes = await Promise.all(paths.map((path) => shapeOf({ path })));
  const { config } = shapes[0]!;
  const adapters = shapes.filter(({ specs }) => specs !== null);
  return {
    parameters: Math.max(...shapes.map((shape) => parameterCount(shape.config))),
    memory: inAll({
      frozen: frozenBytes(adapters, shapes),
      trained: 0,
      optimiser: 0,
      activations: 0,
      cache: sampledBytes(config, sampled, config.contextTokens),
      program: PROGRAM_BYTES,
    }),
  };
}

const adapterSize = (specs: readonly LoraSpec[]) =>
  specs.reduce((sum, { a, b }) => sum + sizeOf(a) + sizeOf(b), 0);

export async function estimate(work: PlannedWork): Promise<Estimate> {
  const { batchSize, threads } = work;
  const main = await shapeOf(work.trained);
  const { config, specs } = main;
  const lengths = await work.lengths(await loadTokenizer(main.base), config.contextTokens);
  const mostTokens = Math.min(config.contextTokens, Math.max(1, ...lengths));
  const meanTokens = lengths.reduce((total, length) => total + length, 0) / Math.max(1, lengths.length);
  const others = await Promise.all((work.beside ?? []).map(shapeOf));
  const parameters = parameterCount(config);
  const trainedParameters = specs ? adapterSize(specs) : parameters;

  const memory = inAll({
    frozen: frozenBytes(
      [main, ...others].filter((shape) => shape.specs !== null),
      others,
    ),
    trained: 4 * trainedParameters,
    optimiser: 16 * trainedParameters,
    activations: activations(config, frozenLayers(config, specs ?? []), lengths),
    cache: sampledBytes(config, work.sampled, mostTokens),
    program: PROGRAM_BYTES,
  });
  return {
    parameters,
    trainedParameters,
    memory,
    disk: { model: 4 * trainedParameters, checkpoint: 12 * trainedParameters },
    batchSize,
    meanTokens,
    time: parameters < LARGE ? null : await timeOf(main, batchSize * meanTokens, threads),
  };
}

async function timeOf(
  shape: Shape,
  tokensPerStep: number,
  threads: number | undefined,
): Promise<Estimate["time"]> {
  const products = await measureProducts(shape.config, threads);
  const tokensPerSecond = (EFFICIENCY * products) / operationsPerToken(shape);
  return { tokensPerSecond, secondsPerStep: tokensPerStep / tokensPerSecond };
}

/**
 * For the largest micro-batches that the trainer would make. Each variant of the graph keeps the memory that it has
 * used; below adapters on the last layers there are also a program that computes their inputs, and a cache of these.
 */
function activations(config: DecoderConfig, below: number, lengths: readonly number[]): number {
  const held = { ...config, layers: config.layers - below };
  const largest = new Map<string, number>();
  for (const tokens of lengths.length > 0 ? lengths : [1]) {
    const time = paddedLength(Math.min(config.contextTokens, Math.max(1, tokens)));
    const variant = chooseVariant(held, time, ROWS, ACTIVATION_BUDGET);
    const of = (sequences: number) =>
      activationBytes(held, sequences, time, ROWS * sequences, variant.recompute);
    let sequences = 1;
    while ((sequences + 1) * time <= MICRO_BATCH_TOKENS && of(sequences + 1) <= ACTIVATION_BUDGET)
      sequences++;
    const trunk = below === 0 ? 0 : activationBytes({ ...config, layers: 1 }, sequences, time, 0, false);
    const key = JSON.stringify(variant);
    largest.set(key, Math.max(largest.get(key) ?? 0, of(sequences) + trunk));
  }
  return [...largest.values()].reduce((total, bytes) => total + bytes, below === 0 ? 0 : trunkCacheBytes);
}

/**
 * Floating-point operations of a training step by token: 2 per weight forward, 2 for the gradient of what it reads, 2
 * for its own where it is trained. With adapters the backward pass ends at the lowest layer that has one.
 */
function operationsPerToken({ config, specs }: Shape): number {
  const inLayers =
    parameterCount(config) - sizeOf([config.vocabSize, config.hiddenSize]) * (config.tieEmbeddings ? 1 : 2);
  if (!specs) return 6 * inLayers;
  const lowest = layersOf(config, specs)?.[0] ?? 0;
  return 2 * inLayers + (2 * inLayers * (config.layers - lowest)) / config.layers + 6 * adapterSize(specs);
}

/** Measures operations per second of matrix products like those of the model's layers, for a quarter of a second. */
async function measureProducts(config: DecoderConfig, threads = availableParallelism()): Promise<number> {
  const [m, k, n] = [512, Math.min(config.hiddenSize, 2048), Math.min(config.intermediateSize, 4096)];
  const g = new Graph("probe");
  const product = matmul(g.input("a", "float32", [m, k]), g.input("b", "float32", [k, n]));
  await using program = await compile(g, { product }, { provider: "cpu", threads });
  const feeds = {
    a: float32(new Float32Array(m * k).fill(0.5), [m, k]),
    b: float32(new Float32Array(k * n).fill(0.5), [k, n]),
  };
  await program.run(feeds);
  const started = performance.now();
  let runs = 0;
  do {
    await program.run(feeds);
    runs++;
  } while (performance.now() - started < 250);
  return (2 * m * k * n * runs * 1000) / (performance.now() - started);
}

/** @throws ConfigError if it needs more memory than this process may have. */
export function refuseTooLarge({ memory }: Pick<Estimate, "memory">, path: string): void {
  const { total, limit, trained } = memory;
  if (total <= limit) return;
  throw new ConfigError(
    `${trained > 0 ? "training from" : "sampling from"} ${path} needs about ${sizeText(total)} of memory (${memoryText(memory)}), but this process may have only ${sizeText(limit)}`,
    trained > 0
      ? "Use a smaller model, an adapter (a small --lora-rank, or models.lora) instead of all weights, or adapters on the last layers only."
      : "Use a smaller model, or one behind a server.",
  );
}

const memoryText = ({ frozen, trained, optimiser, activations: held, cache, program }: Estimate["memory"]) =>
  [
    ["frozen weights", frozen],
    ["trained weights", trained],
    ["gradients and optimiser", optimiser],
    ["activations", held],
    ["keys and values", cache],
    ["program", program],
  ]
    .filter(([, bytes]) => Number(bytes) > 0)
    .map(([name, bytes]) => `${name} ${sizeText(Number(bytes))}`)
    .join(", ");

const millions = (count: number) => `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)}M`;

/** A line for people. */
export const memoryLine = ({ memory }: Pick<Estimate, "memory">): string =>
  `memory      about ${sizeText(memory.total)}: ${memoryText(memory)}; ${sizeText(memory.free)} of ${sizeText(memory.limit)} are free${memory.total > memory.free ? ": it will be slow or fail unless other programs give some back" : ""}`;

/** A block of lines for people. */
export function estimateText(e: Estimate): string {
  const { disk } = e;
  return [
    `parameters  ${millions(e.parameters)}, of which ${e.trainedParameters === e.parameters ? "all are trained" : `none moves; adapters of ${millions(e.trainedParameters)} are trained`}`,
    memoryLine(e),
    `disk        ${sizeText(disk.model)} a model, ${sizeText(disk.checkpoint)} a checkpoint with the optimiser's state`,
    ...(e.time === null ? [] : [timeText(e, e.time)]),
  ].join("\n");
}

const timeText = (e: Estimate, { tokensPerSecond, secondsPerStep }: NonNullable<Estimate["time"]>) =>
  `time        about ${secondsPerStep < 10 ? secondsPerStep.toFixed(1) : Math.round(secondsPerStep)} s an optimiser step of ${e.batchSize} × ${Math.round(e.meanTokens)} tokens (${Math.round(tokensPerSecond)} tokens/s)`;
