/**
 * @file Supervised training on demonstrations, for base models: next-token loss on actions (and, if wanted, a little on
 * the pages), warm-up and cosine, by steps or by minutes. Continues after a kill from its last checkpoint, and reaches
 * the same weights if it is limited by steps.
 */

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { perplexity } from "../algo/perplexity.ts";
import type { Datum, Model } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { createRng, hash32 } from "../core/rng.ts";
import { ormQuestions } from "../reward/orm-datum.ts";
import type { OrmExample } from "../reward/train-orm.ts";
import { actionDatum, actionTokens, answerTokens, compactCue, stopTokens } from "../text/prompt.ts";
import type { ImitationSample, TokenizeOptions } from "./demonstrations.ts";
import { tokenizeSample } from "./demonstrations.ts";
import { microBatches, warmupCosine } from "../engine/optimise.ts";
import type { DependsOn } from "./work-state.ts";
import { hashExamples, readState, writeState } from "./work-state.ts";

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
    .describe("Passes over the data, if neither steps nor minutes are given."),
  batchSize: z.int().min(1).default(32).describe("Actions per optimiser step."),
  learningRate: z.number().positive().default(1e-3).describe("Peak learning rate; warm-up, then cosine."),
  weightDecay: z.number().min(0).default(0.01).describe("Decoupled weight decay."),
  warmup: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.05)
    .describe("Fraction of the training over which the learning rate rises."),
  pageWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Weight of the prompt's tokens in the loss; an action's tokens have weight 1."),
  judgementWeight: z
    .number()
    .min(0)
    .default(4)
    .describe("Weight of a YES or NO about an action or an episode; an action's tokens have weight 1."),
  microBatchTokens: z
    .int()
    .min(256)
    .default(8192)
    .describe("Tokens per call of the engine, including padding."),
  checkpointMinutes: z.number().positive().default(4).describe("Minutes between checkpoints."),
  evaluateMinutes: z
    .number()
    .positive()
    .default(12)
    .describe("Minutes between evaluations on held-out actions."),
  heldOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.03)
    .describe("Fraction of the episodes held out for evaluation."),
  heldOutActions: z.int().min(0).default(192).describe("Held-out actions that are sampled in an evaluation."),
  seed: z.int().default(0).describe("Seed for the order of the data."),
});

export type ImitateConfig = z.infer<typeof imitateConfigSchema>;

export interface HeldOutScore {
  /** Mean −log p of the actions' tokens, nats. */
  loss: number;
  perplexity: number;
  actions: number;
  /**
   * Fraction of greedy actions that are exactly right; also split by whether the page's text occurs in the training
   * data.
   */
  exact: number;
  exactSeenPages: number | null;
  exactNewPages: number | null;
  /** Fraction of the questions about actions and about episodes that are answered correctly with YES or NO. */
  judgedActions: number | null;
  judgedEpisodes: number | null;
}

/** An episode to judge, with a label for the whole and, if known, for each action. */
export interface JudgementSample {
  source: string;
  episode: OrmExample;
}

export type Sample = ImitationSample | JudgementSample;

const isImitation = (sample: Sample): sample is ImitationSample => !("episode" in sample);

export interface ImitateProgress {
  step: number;
  steps: number | null;
  loss: number;
  learningRate: number;
  tokensPerSecond: number;
  seconds: number;
  /** Progress in [0, 1]. */
  progress: number;
  score?: HeldOutScore;
}

export interface ImitateOptions {
  model: Model;
  samples: readonly Sample[];
  config: ImitateConfig;
  tokenize: Omit<TokenizeOptions, "tokenizer" | "contextTokens">;
  /** Directory of checkpoints and `state.json`; the caller removes it once the result is saved. */
  workDirectory: string;
  /** What the result depends on beside `samples`, `config` and `tokenize`. */
  dependsOn: DependsOn;
  onProgress?(progress: ImitateProgress): void;
  now?: () => number;
  signal?: AbortSignal | undefined;
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
  if (
    tokenize.template !== "compact" &&
    training.some((sample) => !isImitation(sample) || sample.more?.length)
  )
    throw new ConfigError(
      `exercises about pages and verdicts exist only in the template compact, not in ${tokenize.template}`,
      "Pre-train models that were made by webrl; train others with `webrl model sft` and `webrl model orm`.",
    );
  const perEpoch = Math.ceil(training.length / config.batchSize);
  const limit = config.steps ?? (config.minutes === null ? Math.ceil(config.epochs * perEpoch) : null);
  const batchAt = batchOrder(training, config);

  await makeDirectory(options.workDirectory);
  const dependsOn = {
    ...options.dependsOn,
    ...config,
    ...options.tokenize,
    samples: hashExamples(options.samples),
  };
  const state = await readState(options.workDirectory, dependsOn);
  if (state) await model.load(join(options.workDirectory, state.checkpoint));
  let step = state?.step ?? 0;
  const secondsBefore = state?.seconds ?? 0;
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
    await writeState(options.workDirectory, { step, seconds: seconds(), checkpoint }, dependsOn);
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
    const datums = batch.map((sample) => sampleDatum(sample, tokenize, config));
    const { loss, tokens } = await trainStep(model, datums, config, learningRate);
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

/** One optimiser step on the weighted mean of the tokens' losses. */
async function trainStep(
  model: Model,
  datums: readonly Datum[],
  config: Pick<ImitateConfig, "microBatchTokens" | "weightDecay">,
  learningRate: number,
): Promise<{ loss: number; tokens: number }> {
  const total = datums.reduce((sum, datum) => sum + datum.weights_N!.reduce((a, b) => a + b, 0), 0);
  let [loss, tokens] = [0, 0];
  for (const micro of microBatches(datums, config.microBatchTokens)) {
    const result = await model.forwardBackward(
      micro.map((i) => ({ ...datums[i]!, weights_N: datums[i]!.weights_N!.map((w) => w / total) })),
      "cross_entropy",
    );
    loss += result.loss;
    tokens += result.tokens;
  }
  await model.optimStep({ learningRate, weightDecay: config.weightDecay });
  return { loss, tokens };
}

/** Holds out whole episodes, chosen by id, with the drills of their pages. */
function splitHeldOut(samples: readonly Sample[], config: Pick<ImitateConfig, "heldOut">) {
  const isHeldOut = (sample: Sample) =>
    (hash32(`held out ${sample.source}`) % 10_000) / 10_000 < config.heldOut;
  return {
    training: samples.filter((sample) => !isHeldOut(sample)),
    heldOut: samples.filter(isHeldOut),
  };
}

/**
 * Shuffled again in each epoch. Batches are not grouped by length: samples of equal length come from similar pages, and
 * a batch of them tells little about the rest (docs/log.md). Only micro-batches are sorted by length.
 */
function batchOrder(samples: readonly Sample[], config: ImitateConfig) {
  const rng = createRng(config.seed).fork("imitate");
  const perEpoch = Math.ceil(samples.length / config.batchSize);
  let current = -1;
  let order: readonly Sample[] = [];
  return (step: number): readonly Sample[] => {
    const epoch = Math.floor(step / perEpoch);
    if (epoch !== current) {
      order = rng.fork(epoch).shuffle(samples);
      current = epoch;
    }
    const at = (step % perEpoch) * config.batchSize;
    return order.slice(at, at + config.batchSize);
  };
}

type DatumWeights = Pick<ImitateConfig, "pageWeight" | "judgementWeight">;

/**
 * The targets of a sample: its action, the correct actions of the questions that follow on the same page, and YES or NO
 * at the end token of each of those; or the verdicts on an episode.
 */
export function sampleDatum(sample: Sample, options: TokenizeOptions, weights: DatumWeights): Datum {
  return isImitation(sample)
    ? imitationDatum(sample, options, weights)
    : judgementDatum(sample, options, weights.judgementWeight);
}

function imitationDatum(
  sample: ImitationSample,
  options: TokenizeOptions,
  { pageWeight, judgementWeight }: DatumWeights,
): Datum {
  const { promptTokens, responseTokens } = tokenizeSample(sample, options);
  const { tokens_T, positions_N, targets_N } = actionDatum(promptTokens, responseTokens);
  const page_N = pageWeight === 0 ? [] : promptTokens.slice(1);
  const datum = {
    tokens_T: [...tokens_T],
    positions_N: [...page_N.map((_, t) => t), ...positions_N],
    targets_N: [...page_N, ...targets_N],
    weights_N: [...page_N.map(() => pageWeight), ...positions_N.map(() => 1)],
  };
  const { more = [] } = sample;
  if (more.length === 0) return datum;
  const { tokenizer, contextTokens, template } = options;
  const answers = answerTokens(tokenizer);
  datum.tokens_T.push(responseTokens.at(-1)!);
  for (const { instruction, response, fits } of more) {
    const question_T = tokenizer.encode(compactCue(instruction));
    const action_T = actionTokens(tokenizer, response, template);
    if (datum.tokens_T.length + question_T.length + action_T.length > contextTokens) break;
    datum.tokens_T.push(...question_T);
    const first = datum.tokens_T.length - 1;
    datum.tokens_T.push(...action_T);
    if (fits) {
      datum.positions_N.push(...action_T.map((_, n) => first + n));
      datum.targets_N.push(...action_T);
      datum.weights_N.push(...action_T.map(() => 1));
    }
    datum.positions_N.push(datum.tokens_T.length - 1);
    datum.targets_N.push(fits ? answers.yes : answers.no);
    datum.weights_N.push(judgementWeight);
  }
  return datum;
}

function judgementDatum({ episode }: JudgementSample, options: TokenizeOptions, weight: number): Datum {
  const { questions, labels } = judgements(episode, options);
  const { tokens_T, positions_N, targets_N } = questions;
  return {
    tokens_T,
    positions_N: labels.map((_, n) => positions_N[2 * n]!),
    targets_N: labels.map((label, n) => targets_N[2 * n + (label === 1 ? 0 : 1)]!),
    weights_N: labels.map(() => weight),
  };
}

function judgements(episode: OrmExample, { tokenizer, contextTokens }: TokenizeOptions) {
  const answers = answerTokens(tokenizer);
  const { datum, labels } = ormQuestions(episode, { tokenizer, contextTokens, template: "compact", answers });
  return { questions: datum, labels };
}

/** Compares greedy actions on held-out pages with the oracle's. */
async function scoreActions(
  model: Model,
  heldOut: readonly Sample[],
  training: readonly Sample[],
  tokenize: TokenizeOptions,
  config: Pick<ImitateConfig, "heldOutActions" | "microBatchTokens">,
): Promise<HeldOutScore> {
  const shuffled = createRng("held-out actions").shuffle(heldOut);
  const chosen = shuffled.filter(isImitation).slice(0, config.heldOutActions);
  const episodes = shuffled.filter((sample) => !isImitation(sample)).slice(0, config.heldOutActions);
  const seen = new Set(training.filter(isImitation).map((sample) => sample.observation));
  const stops = stopTokens(model.tokenizer, tokenize.template);
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
  const logprobs = async (datums: readonly Datum[]) => {
    const rows: Float32Array[] = [];
    for (const micro of microBatches(datums, config.microBatchTokens))
      rows.push(...(await model.logprobs(micro.map((i) => datums[i]!))));
    return rows;
  };
  const actions = chosen.map((sample) => {
    const { promptTokens, responseTokens } = tokenizeSample(sample, tokenize);
    return actionDatum(promptTokens, responseTokens);
  });
  const tokenLogprobs = (await logprobs(actions)).flatMap((row) => [...row]);
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
    judgedActions: await scoreAnswers(chosen, tokenize, logprobs),
    judgedEpisodes: await scoreAnswers(episodes, tokenize, logprobs),
  };
}

/** Fraction of correct YES and NO: for the questions after an action, or for the verdicts on episodes. */
async function scoreAnswers(
  samples: readonly Sample[],
  options: TokenizeOptions,
  logprobs: (datums: readonly Datum[]) => Promise<Float32Array[]>,
): Promise<number | null> {
  const { yes, no } = answerTokens(options.tokenizer);
  const questions = samples.flatMap((sample) => {
    const { tokens_T, positions_N, targets_N } = sampleDatum(sample, options, {
      pageWeight: 0,
      judgementWeight: 1,
    });
    return positions_N.flatMap((position, n) => {
      const asked = targets_N[n] === yes || targets_N[n] === no;
      const verdict = isImitation(sample) || n === positions_N.length - 1;
      return asked && verdict ? [{ tokens_T: tokens_T.slice(0, position + 1), right: targets_N[n]! }] : [];
    });
  });
  if (questions.length === 0) return null;
  const rows = await logprobs(
    questions.map(({ tokens_T, right }) => ({
      tokens_T,
      positions_N: [tokens_T.length - 1, tokens_T.length - 1],
      targets_N: [right, right === yes ? no : yes],
    })),
  );
  return rows.filter(([right, wrong]) => right! > wrong!).length / questions.length;
}
