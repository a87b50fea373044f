/**
 * @file Supervised training on demonstrations, for base models: next-token loss on actions (and, if wanted, a little on
 * the pages), warm-up and cosine, by steps or by minutes. Goes on after a kill from its last checkpoint, to the same
 * weights where it is limited by steps.
 */

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { perplexity } from "../algo/perplexity.ts";
import type { Datum, Model } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { createRng, hash32 } from "../core/rng.ts";
import { actionDatum, stopTokens } from "../text/prompt.ts";
import type { ImitationSample, TokenizeOptions } from "./demonstrations.ts";
import { tokenizeSample } from "./demonstrations.ts";
import { microBatches, warmupCosine } from "./optimise.ts";
import { writeAtomically } from "./run-directory.ts";

export const imitateConfigSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe("Optimiser steps; null to train by minutes or epochs."),
  minutes: z.number().positive().nullable().default(null).describe("Wall-clock minutes instead of steps."),
  epochs: z
    .number()
    .positive()
    .default(1)
    .describe("Passes over the data, where neither steps nor minutes are given."),
  batchSize: z.int().min(1).default(32).describe("Actions per optimiser step."),
  learningRate: z.number().positive().default(1e-3).describe("Peak learning rate; warm-up, then cosine."),
  weightDecay: z.number().min(0).default(0.01).describe("Decoupled weight decay."),
  warmup: z.number().min(0).max(0.9).default(0.05).describe("Share of the way over which the rate rises."),
  pageWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Weight of the prompt's tokens in the loss, against 1 of the action's."),
  microBatchTokens: z
    .int()
    .min(256)
    .default(8192)
    .describe("Tokens per call of the engine, padding included."),
  checkpointMinutes: z.number().positive().default(4).describe("Minutes between checkpoints."),
  evaluateMinutes: z
    .number()
    .positive()
    .default(12)
    .describe("Minutes between evaluations on held-out actions."),
  heldOut: z.number().min(0).max(0.5).default(0.03).describe("Share of the episodes kept for evaluation."),
  heldOutActions: z.int().min(0).default(192).describe("Held-out actions that are sampled in an evaluation."),
  seed: z.int().default(0).describe("Order of the data."),
});

export type ImitateConfig = z.infer<typeof imitateConfigSchema>;

export interface HeldOutScore {
  /** Mean −log p of the actions' tokens, nats. */
  loss: number;
  perplexity: number;
  actions: number;
  /** Share of greedy actions that are exactly right; split by whether the page's text occurs in the training data. */
  exact: number;
  exactSeenPages: number | null;
  exactNewPages: number | null;
}

export interface ImitateProgress {
  step: number;
  steps: number | null;
  loss: number;
  learningRate: number;
  tokensPerSecond: number;
  seconds: number;
  /** Share of the way, in [0, 1]. */
  progress: number;
  score?: HeldOutScore;
}

export interface ImitateOptions {
  model: Model;
  samples: readonly ImitationSample[];
  config: ImitateConfig;
  tokenize: Omit<TokenizeOptions, "tokenizer" | "contextTokens">;
  /** Checkpoints and `state.json`; removed by the caller once the result is saved. */
  workDirectory: string;
  onProgress?(progress: ImitateProgress): void;
  now?: () => number;
  signal?: AbortSignal | undefined;
}

interface State {
  step: number;
  seconds: number;
  checkpoint: string;
}

/** Trains `model` in place and returns its score on held-out actions. */
export async function imitate(
  options: ImitateOptions,
): Promise<{ step: number; score: HeldOutScore | null }> {
  const { model, config, signal } = options;
  const now = options.now ?? Date.now;
  const tokenize = { ...options.tokenize, tokenizer: model.tokenizer, contextTokens: model.contextTokens };
  const { training, heldOut } = splitHeldOut(options.samples, config);
  if (training.length === 0)
    throw new ConfigError(
      "there is no successful demonstration to learn from",
      "Collect some with `webrl model demos`.",
    );
  const perEpoch = Math.ceil(training.length / config.batchSize);
  const limit = config.steps ?? (config.minutes === null ? Math.ceil(config.epochs * perEpoch) : null);
  const batchAt = batchOrder(training, config);

  const statePath = join(options.workDirectory, "state.json");
  await mkdir(options.workDirectory, { recursive: true });
  let step = 0;
  let secondsBefore = 0;
  if (existsSync(statePath)) {
    const state = JSON.parse(await readFile(statePath, "utf8")) as State;
    await model.load(join(options.workDirectory, state.checkpoint));
    ({ step, seconds: secondsBefore } = state);
  }
  const started = now();
  const seconds = () => secondsBefore + (now() - started) / 1000;
  const way = () =>
    Math.max(
      limit === null ? 0 : step / limit,
      config.minutes === null ? 0 : seconds() / (60 * config.minutes),
    );
  const save = async () => {
    const checkpoint = `checkpoint-${step}`;
    await model.save(join(options.workDirectory, checkpoint), { optimizer: true });
    await writeAtomically(
      statePath,
      JSON.stringify({ step, seconds: seconds(), checkpoint } satisfies State),
    );
    for (const name of await readdir(options.workDirectory))
      if (name.startsWith("checkpoint-") && name !== checkpoint)
        await rm(join(options.workDirectory, name), { recursive: true });
  };

  let lastCheckpoint = now();
  let lastEvaluation = now();
  while (way() < 1) {
    signal?.throwIfAborted();
    const stepStarted = now();
    const batch = batchAt(step);
    const progress = way();
    const learningRate = warmupCosine(config.learningRate, progress, { warmup: config.warmup });
    const datums = batch.map((sample) => imitationDatum(sample, tokenize, config.pageWeight));
    const total = datums.reduce((sum, datum) => sum + datum.weights_N!.reduce((a, b) => a + b, 0), 0);
    let loss = 0;
    let tokens = 0;
    for (const micro of microBatches(datums, config.microBatchTokens)) {
      const result = await model.forwardBackward(
        micro.map((i) => ({ ...datums[i]!, weights_N: datums[i]!.weights_N!.map((w) => w / total) })),
        "cross_entropy",
      );
      loss += result.loss;
      tokens += result.tokens;
    }
    await model.optimStep({ learningRate, weightDecay: config.weightDecay });
    step++;
    let score: HeldOutScore | undefined;
    if (now() - lastEvaluation > config.evaluateMinutes * 60_000 && heldOut.length > 0) {
      score = await scoreActions(model, heldOut, training, tokenize, config);
      lastEvaluation = now();
    }
    options.onProgress?.({
      step,
      steps: limit,
      loss,
      learningRate,
      tokensPerSecond: (1000 * tokens) / Math.max(1, now() - stepStarted),
      seconds: seconds(),
      progress: Math.min(1, way()),
      ...(score && { score }),
    });
    if (now() - lastCheckpoint > config.checkpointMinutes * 60_000) {
      await save();
      lastCheckpoint = now();
    }
  }
  await save();
  const score = heldOut.length > 0 ? await scoreActions(model, heldOut, training, tokenize, config) : null;
  return { step, score };
}

/** Whole episodes are held out, chosen by their id, with the drills of their pages. */
export function splitHeldOut(samples: readonly ImitationSample[], config: Pick<ImitateConfig, "heldOut">) {
  const isHeldOut = (sample: ImitationSample) =>
    (hash32(`held out ${sample.source}`) % 10_000) / 10_000 < config.heldOut;
  return {
    training: samples.filter((sample) => !isHeldOut(sample)),
    heldOut: samples.filter(isHeldOut),
  };
}

/**
 * Shuffled anew in each epoch. Samples of like length do not share a batch: they come from like pages, and a batch of
 * them says little about the rest (docs/log.md). Micro-batches are sorted by length all the same.
 */
function batchOrder(samples: readonly ImitationSample[], config: ImitateConfig) {
  const rng = createRng(config.seed).fork("imitate");
  const perEpoch = Math.ceil(samples.length / config.batchSize);
  let current = -1;
  let order: readonly ImitationSample[] = [];
  return (step: number): readonly ImitationSample[] => {
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== current) {
      order = rng.fork(epoch).shuffle(samples);
      current = epoch;
    }
    const at = (step % perEpoch) * config.batchSize;
    return order.slice(at, at + config.batchSize);
  };
}

export function imitationDatum(sample: ImitationSample, options: TokenizeOptions, pageWeight: number): Datum {
  const { promptTokens, responseTokens } = tokenizeSample(sample, options);
  const datum = actionDatum(promptTokens, responseTokens);
  const weights_N = datum.targets_N.map(() => 1);
  if (pageWeight === 0) return { ...datum, weights_N };
  const page_N = promptTokens.slice(1);
  return {
    tokens_T: datum.tokens_T,
    positions_N: [...page_N.map((_, t) => t), ...datum.positions_N],
    targets_N: [...page_N, ...datum.targets_N],
    weights_N: [...page_N.map(() => pageWeight), ...weights_N],
  };
}

/** Greedy actions on held-out pages against the oracle's. */
export async function scoreActions(
  model: Model,
  heldOut: readonly ImitationSample[],
  training: readonly ImitationSample[],
  tokenize: TokenizeOptions,
  config: Pick<ImitateConfig, "heldOutActions" | "microBatchTokens">,
): Promise<HeldOutScore> {
  const chosen = createRng("held-out actions").shuffle(heldOut).slice(0, config.heldOutActions);
  const seen = new Set(training.map((sample) => sample.observation));
  const stops = stopTokens(model.tokenizer);
  const hits = await Promise.all(
    chosen.map(async (sample) => {
      const { promptTokens, responseTokens } = tokenizeSample(sample, tokenize);
      const sampled = await model.sample({
        prompt_T: promptTokens,
        maxTokens: tokenize.maxNewTokens,
        temperature: 0,
        stopTokens: stops,
        seed: 0,
      });
      const wanted = model.tokenizer.decode(responseTokens.slice(0, -1));
      return { hit: sampled.text.trim() === wanted.trim(), seen: seen.has(sample.observation) };
    }),
  );
  const datums = chosen.map((sample) => imitationDatum(sample, tokenize, 0));
  const rows: Float32Array[] = [];
  for (const micro of microBatches(datums, config.microBatchTokens))
    rows.push(...(await model.logprobs(micro.map((i) => datums[i]!))));
  const tokenLogprobs = rows.flatMap((row) => [...row]);
  const share = (group: typeof hits) =>
    group.length === 0 ? null : group.filter(({ hit }) => hit).length / group.length;
  const value = perplexity(tokenLogprobs);
  return {
    loss: Math.log(value),
    perplexity: value,
    actions: chosen.length,
    exact: share(hits) ?? 0,
    exactSeenPages: share(hits.filter(({ seen: yes }) => yes)),
    exactNewPages: share(hits.filter(({ seen: yes }) => !yes)),
  };
}
