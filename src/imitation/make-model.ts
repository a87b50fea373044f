/**
 * @file Makes the shipped models: a tokenizer and a new small model trained on drills (`pretrain`), a model that
 * imitates demonstrations (`sft`), and the outcome reward model (`orm`). Each can be killed and continued.
 */

import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Engine, LoraSettings, Model } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { inPercent } from "../core/percent.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import type { OrmExample, OrmReport } from "../reward/train-orm.ts";
import { ormQuestions } from "../reward/orm-datum.ts";
import { evaluateOrm, ormExample, splitOrmExamples, trainOrm } from "../reward/train-orm.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import type { PlannedWork } from "../engine/onnx/estimate.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import type { PromptTemplate, TemplateSetting } from "../text/template-names.ts";
import { chooseFormat } from "../text/choose-template.ts";
import { ormAnswers } from "../text/prompt-orm.ts";
import { spaceValues, spaceWords } from "../text/spacing.ts";
import {
  drillSamples,
  hurriedSamples,
  imitationSamples,
  isDemonstration,
  isHurried,
  limitCoverage,
  renamedSamples,
  retell,
  writeEpisodesCompressed,
} from "./demonstrations.ts";
import { copyWarmup } from "./copy-warmup.ts";
import type { HeldOutScore, ImitateConfig, ImitateProgress, Sample } from "./imitate.ts";
import { imitate, sampleDatum } from "./imitate.ts";
import { outcomeDrills } from "./outcome-drills.ts";
import { writeModelCard } from "./model-card.ts";
import { modelTemplate, writeTemplateNote } from "./prompt-template.ts";
import { PERSON } from "../run/records.ts";
import { writeAtomically } from "../run/run-directory.ts";

export interface Coverage {
  /** Fraction of the templates whose demonstrations are all used. */
  covered: number;
  /** Demonstrations used of each other template. */
  few: number;
}

/** Fraction of the templates on which the reward model is measured, and the seed that chooses them. */
const ORM_HELD_OUT = 0.15;
const ORM_SEED = 0;

interface MakeModelOptions {
  engine: Engine;
  /** Directory of the new model; a killed training continues from `${out}.work`. */
  out: string;
  records: readonly EpisodeRecord[];
  coverage: Coverage;
  imitate: ImitateConfig;
  template: TemplateSetting;
  maxNewTokens: number;
  /** A task's instruction in the phrasings that training may see. */
  retellings: (task: Task) => readonly string[];
  /** The command that makes it again, for the model card. */
  command: string;
  /** Called before the model is opened; if it throws, the training ends. */
  onPlan?(work: PlannedWork): Promise<void>;
  onProgress?(progress: ImitateProgress): void;
  signal?: AbortSignal | undefined;
}

export interface MadeModel {
  directory: string;
  samples: number;
  steps: number;
  score: HeldOutScore | null;
}

export interface PretrainOptions extends MakeModelOptions {
  /** Writes a model with random weights and a trained tokenizer. */
  createModel(directory: string, texts: Iterable<string>): Promise<void>;
  drillsPerPage: number;
  /** Further questions about the page of each sample. */
  questionsPerPage: number;
  /** Constructed episodes to judge, for each demonstration within `coverage`. */
  episodesPerDemonstration: number;
  /** Renamed copies of each demonstration within `coverage`. */
  renamedCopies: number;
  /** A pre-trained model to continue; otherwise a new one, with a tokenizer trained on the pages. */
  base?: string | undefined;
  /** Optimiser steps of a new model's copy warm-up; 0 skips it. */
  copyWarmupSteps: number;
  onWarmup?(progress: { step: number; steps: number; loss: number }): void;
}

const COPY_WARMUP_RATE = 2e-3;

/** Makes a tokenizer from the recorded pages, and a new model that can do what a single page requires. */
export async function pretrain(options: PretrainOptions): Promise<MadeModel> {
  const { records, out, base } = options;
  await refuseForeign(out);
  if (!records.some(isDemonstration))
    throw new ConfigError(
      "there is no successful demonstration to learn from",
      "Collect some with `webrl model demos`.",
    );
  const start = base ?? join(`${out}.work`, "start");
  if (base === undefined && !existsSync(join(start, "config.json"))) {
    await makeDirectory(`${out}.work`);
    await options.createModel(start, textsOf(records));
  }
  const warm = join(`${out}.work`, "warm");
  if (base === undefined && options.copyWarmupSteps > 0 && !existsSync(join(warm, "manifest.json"))) {
    await using model = await options.engine.open({ path: start });
    await copyWarmup({
      model,
      steps: options.copyWarmupSteps,
      learningRate: COPY_WARMUP_RATE,
      seed: options.imitate.seed,
      onProgress: (progress) => options.onWarmup?.(progress),
      signal: options.signal,
    });
    await model.save(warm);
  }
  const { seed } = options.imitate;
  const questions = options.questionsPerPage;
  const demonstrations = limitCoverage(records.filter(isDemonstration), options.coverage);
  const samples: Sample[] = [
    ...drillSamples(records, { perPage: options.drillsPerPage, questions, seed }),
    ...renamedSamples(demonstrations, {
      copies: options.renamedCopies,
      questions,
      seed,
      retellings: options.retellings,
    }),
    ...judgementSamples(retoldAll(demonstrations, options), options.episodesPerDemonstration, seed),
  ];
  return make(
    options,
    { base: existsSync(join(warm, "manifest.json")) ? warm : start, from: base ?? null },
    samples,
  );
}

/** Every episode once, in other words. */
function retoldAll(
  records: readonly EpisodeRecord[],
  { retellings, imitate: { seed } }: Pick<MakeModelOptions, "retellings" | "imitate">,
): EpisodeRecord[] {
  const rng = createRng(seed).fork("retold");
  return records.map((record) => retell(record, retellings, rng.fork(record.id)));
}

/** Constructed outcomes, except of the templates on which the reward model is measured by default. */
function judgementSamples(
  demonstrations: readonly EpisodeRecord[],
  perDemonstration: number,
  seed: number,
): Sample[] {
  const drills = outcomeDrills(demonstrations, { perDemonstration, seed });
  const { train } = splitOrmExamples(drills, { heldOutFraction: ORM_HELD_OUT, seed: ORM_SEED });
  return train.map((episode) => ({ source: episode.trajectoryId.split("/drill-")[0]!, episode }));
}

export interface SftOptions extends MakeModelOptions {
  /** A model, or an adapter to train further. */
  base: string;
  /** Train an adapter on the frozen base instead of all weights. */
  lora?: LoraSettings | undefined;
  /** Fraction of the demonstrations that stop one action too early: a habit for reinforcement learning to break. */
  hurried: number;
  /** Demonstrations to store with the model, for the start of the replay buffer; none of the hurried ones. */
  keepDemonstrations: number;
}

/**
 * Imitates demonstrations of the train split, deliberately with imperfect coverage and, if wanted, imperfect endings.
 */
export async function sft(options: SftOptions): Promise<MadeModel> {
  await refuseForeign(options.out);
  const foreign = options.records.find((record) => record.trajectory.task.split !== "train");
  if (foreign)
    throw new ConfigError(
      `${foreign.id} demonstrates ${foreign.trajectory.task.id}, a task of the ${foreign.trajectory.task.split} split`,
      "Collect demonstrations of the train split only.",
    );
  const records = retoldAll(
    limitCoverage(options.records.filter(isDemonstration), options.coverage),
    options,
  );
  const hurries = (record: EpisodeRecord) => isHurried(record, options.hurried);
  const complete = records.filter((record) => !hurries(record));
  const samples = [...imitationSamples(complete), ...records.filter(hurries).flatMap(hurriedSamples)];
  const made = await make(options, options, samples, {
    "demonstrations that stop one action too early": records.length - complete.length,
  });
  if (options.keepDemonstrations > 0)
    await writeEpisodesCompressed(
      join(options.out, "demonstrations.jsonl.gz"),
      complete.slice(0, options.keepDemonstrations),
    );
  return made;
}

/** Throws a `ConfigError` if recorded pages have another format than the template is for. */
function checkFormat(records: readonly EpisodeRecord[], base: string, template: PromptTemplate): void {
  const formats = records.flatMap(({ trajectory }) =>
    trajectory.steps.slice(0, 1).map((step) => step.observation.format),
  );
  for (const format of new Set(formats)) chooseFormat(format, { [base]: template });
}

const sitesOf = (records: readonly EpisodeRecord[]): string[] =>
  [...new Set(records.flatMap(({ trajectory }) => trajectory.task.sites))].sort();

async function make(
  options: MakeModelOptions,
  { base, lora, from = base }: Pick<SftOptions, "base" | "lora"> & { from?: string | null },
  samples: readonly Sample[],
  facts: Record<string, number> = {},
): Promise<MadeModel> {
  const workDirectory = `${options.out}.work`;
  await options.onPlan?.({
    trained: { path: base, lora },
    batchSize: options.imitate.batchSize,
    sampled: options.imitate.heldOutActions,
    lengths: async (tokenizer, contextTokens) => {
      const template = await modelTemplate(base, options.template, tokenizer);
      const tokenize = { maxNewTokens: options.maxNewTokens, template, tokenizer, contextTokens };
      return someOf(samples).map((sample) => sampleDatum(sample, tokenize, options.imitate).tokens_T.length);
    },
  });
  await using model = await options.engine.open({
    path: base,
    lora: lora && { ...lora, seed: options.imitate.seed },
  });
  const template = await modelTemplate(base, options.template, model.tokenizer);
  checkFormat(options.records, base, template);
  const { step, score } = await imitate({
    model,
    samples,
    config: options.imitate,
    tokenize: { maxNewTokens: options.maxNewTokens, template },
    workDirectory,
    onProgress: (progress) => options.onProgress?.(progress),
    signal: options.signal,
  });
  await model.save(options.out);
  await writeTemplateNote(options.out, template);
  const made = { directory: options.out, samples: samples.length, steps: step, score };
  await writeModelCard(options.out, {
    from,
    sites: sitesOf(options.records),
    command: options.command,
    facts: {
      base,
      ...loraFacts(lora),
      template,
      samples: samples.length,
      episodes: new Set(samples.map((sample) => sample.source)).size,
      ...facts,
      "optimiser steps": step,
      ...options.imitate,
      ...(score && {
        "held-out actions": score.actions,
        "held-out exact": score.exact,
        "exact on pages seen in training": score.exactSeenPages,
        "exact on new pages": score.exactNewPages,
        "held-out perplexity": score.perplexity,
        "questions about actions answered rightly": score.judgedActions,
        "verdicts on episodes that are right": score.judgedEpisodes,
      }),
    },
  });
  await rm(workDirectory, { recursive: true, force: true });
  return made;
}

/** The number of samples whose tokens are counted before the start. */
const COUNTED = 64;

/** Some, spread evenly. */
const someOf = <T>(samples: readonly T[]): T[] => {
  const stride = Math.max(1, Math.floor(samples.length / COUNTED));
  return samples.filter((_, i) => i % stride === 0).slice(0, COUNTED);
};

const loraFacts = (lora: LoraSettings | undefined) =>
  lora && {
    "adapter's rank": lora.rank,
    "adapter's alpha": lora.alpha,
    "adapter's layers": lora.layers === undefined ? "all" : String(lora.layers),
  };

/** The texts to train the tokenizer on: pages, instructions and actions. */
function* textsOf(records: readonly EpisodeRecord[]): Generator<string> {
  const pages = new Set<string>();
  for (const { trajectory } of records) {
    yield spaceWords(trajectory.task.instruction);
    for (const { observation, response } of trajectory.steps) {
      if (!pages.has(observation.text)) yield spaceWords(observation.text);
      pages.add(observation.text);
      yield spaceValues(response);
    }
  }
}

export interface TrainOrmModelOptions {
  engine: Engine;
  /** A model, or an adapter to train further. */
  base: string;
  /** Train an adapter on the frozen base instead of all weights. */
  lora?: LoraSettings | undefined;
  out: string;
  /** Rollouts of policies of different strength, with the verifiers' verdicts. */
  records: readonly EpisodeRecord[];
  /** Constructed outcomes of each demonstration among the records (`outcome-drills.ts`); 0 for none. */
  drillsPerDemonstration: number;
  epochs: number;
  batchSize: number;
  learningRate: number;
  heldOutFraction: number;
  seed: number;
  checkpointMinutes: number;
  template: TemplateSetting;
  command: string;
  /** Called before the model is opened; if it throws, the training ends. */
  onPlan?(work: PlannedWork): Promise<void>;
  onStep?(progress: { step: number; steps: number; loss: number }): void;
  signal?: AbortSignal | undefined;
}

export interface MadeOrm {
  directory: string;
  /** The number of labelled rollouts that it was trained on. */
  examples: number;
  report: OrmReport;
}

/**
 * Trains the ORM and measures it on rollouts of templates that it has not seen. Writes `report.json` into its
 * directory.
 */
export async function makeOrm(options: TrainOrmModelOptions): Promise<MadeOrm> {
  const { out, seed } = options;
  await refuseForeign(out);
  const workDirectory = `${out}.work`;
  const statePath = join(workDirectory, "state.json");
  const examples = labelOutcomes(options.records);
  const { train, heldOut } = splitOrmExamples(examples, { heldOutFraction: options.heldOutFraction, seed });
  if (heldOut.length === 0)
    throw new ConfigError(
      `none of ${examples.length} labelled rollouts is held out`,
      "Collect rollouts of more templates, or raise --held-out.",
    );
  if (train.length === 0)
    throw new ConfigError(
      `all ${examples.length} labelled rollouts are held out: none is left to learn from`,
      "Collect rollouts of more templates, or lower --held-out.",
    );
  const trained = new Set(train.map((example) => example.trajectoryId));
  const drills = outcomeDrills(
    options.records.filter((record) => trained.has(record.trajectory.id)),
    { perDemonstration: options.drillsPerDemonstration, seed },
  );
  await options.onPlan?.({
    trained: { path: options.base, lora: options.lora },
    batchSize: options.batchSize,
    sampled: 0,
    lengths: async (tokenizer, contextTokens) => {
      const template = await modelTemplate(options.base, options.template, tokenizer);
      const asking = { tokenizer, contextTokens, template, answers: ormAnswers(tokenizer, template) };
      return someOf([...train, ...drills]).map(
        (example) => ormQuestions(example, asking).datum.tokens_T.length,
      );
    },
  });
  await makeDirectory(workDirectory);
  await using model = await options.engine.open({
    path: options.base,
    lora: options.lora && { ...options.lora, seed },
  });
  const template = await modelTemplate(options.base, options.template, model.tokenizer);
  checkFormat(options.records, options.base, template);
  const fromStep = await restore(model, workDirectory, statePath);
  let saved = Date.now();
  const { steps } = await trainOrm(model, [...train, ...drills], {
    epochs: options.epochs,
    batchSize: options.batchSize,
    learningRate: options.learningRate,
    seed,
    template,
    fromStep,
    onStep: async (progress) => {
      options.onStep?.(progress);
      if (Date.now() - saved < 60_000 * options.checkpointMinutes) return;
      const checkpoint = `checkpoint-${progress.step}`;
      await model.save(join(workDirectory, checkpoint), { optimizer: true });
      await writeAtomically(statePath, JSON.stringify({ step: progress.step, checkpoint }));
      saved = Date.now();
    },
    ...(options.signal && { signal: options.signal }),
  });
  const report = await evaluateOrm(model, heldOut, {
    template,
    ...(options.signal && { signal: options.signal }),
  });
  await model.save(out);
  await writeTemplateNote(out, template);
  await writeAtomically(join(out, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  await writeModelCard(out, {
    from: options.base,
    sites: sitesOf(options.records),
    command: options.command,
    facts: {
      base: options.base,
      ...loraFacts(options.lora),
      template,
      "labelled rollouts": examples.length,
      "constructed outcomes": drills.length,
      "held-out rollouts": heldOut.length,
      "optimiser steps": steps,
      epochs: options.epochs,
      batchSize: options.batchSize,
      learningRate: options.learningRate,
      "held-out accuracy": report.overall.accuracy,
      "held-out precision": report.overall.precision,
      "held-out recall": report.overall.recall,
      "calibration error": report.overall.calibrationError,
    },
    more: qualityOf(report),
  });
  await rm(workDirectory, { recursive: true, force: true });
  return { directory: out, examples: examples.length, report };
}

/** How many mistakes the card shows; more are in `report.json`. */
const CARD_MISTAKES = 6;

/** Quality by site, and examples of mistakes, as markdown. */
function qualityOf({ overall, bySite, mistakes }: OrmReport): string {
  const rows = [["all", overall] as const, ...Object.entries(bySite)].map(([name, r]) => {
    const { truePositives, falsePositives, trueNegatives, falseNegatives } = r.confusion;
    const shares = [r.accuracy, r.precision, r.recall, r.calibrationError]
      .map((share) => inPercent(share))
      .join(" | ");
    return `| ${name} | ${r.count} | ${shares} | ${truePositives} / ${falsePositives} / ${trueNegatives} / ${falseNegatives} |`;
  });
  const examples = mistakes
    .slice(0, CARD_MISTAKES)
    .map(({ kind, probability, site, instruction, lastResponse }) => {
      const code = (text: string) => `\`${text.replaceAll("`", "'").replace(/\s+/g, " ").slice(0, 160)}\``;
      const what = kind === "false_positive" ? "wrongly a success" : "success missed";
      return `- ${what}, P(YES) = ${probability.toFixed(2)}, ${site}: ${code(instruction)}, ended with ${code(lastResponse)}`;
    });
  return `On held-out rollouts, of templates that it has not seen, against the verifiers (%):

| site | rollouts | accuracy | precision | recall | calibration error | TP / FP / TN / FN |
|---|---|---|---|---|---|---|
${rows.join("\n")}

${examples.length === 0 ? "It made no mistake." : `Its most confident mistakes (more in \`report.json\`):\n\n${examples.join("\n")}`}`;
}

async function restore(model: Model, workDirectory: string, statePath: string): Promise<number> {
  if (!existsSync(statePath)) return 0;
  const state = JSON.parse(await readFile(statePath, "utf8")) as { step: number; checkpoint: string };
  await model.load(join(workDirectory, state.checkpoint));
  return state.step;
}

/** Rollouts labelled by a verifier or a person, never by another model, whose mistakes would be learned. */
export function labelOutcomes(records: readonly EpisodeRecord[]): OrmExample[] {
  return records
    .filter((record) => !isFaulted(record))
    .flatMap(({ trajectory, truth, verdict }) => {
      const known = truth ?? (verdict?.by === PERSON ? verdict : null);
      return known === null ? [] : [ormExample(trajectory, known.success)];
    });
}
