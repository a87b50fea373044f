/**
 * @file Makes models that act: a tokenizer and a new small model trained on drills (`pretrain`), and a model that
 * imitates demonstrations (`sft`). Each can be killed and continued. The reward model is made in `make-orm.ts`.
 */

import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Engine, LoraSettings } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { splitOrmExamples } from "../reward/train-orm.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import type { PlannedWork } from "../engine/onnx/estimate.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import type { TemplateSetting } from "../text/template-names.ts";
import { spaceValues, spaceWords } from "../text/spacing.ts";
import {
  drillSamples,
  imitationSamples,
  isDemonstration,
  limitCoverage,
  renamedSamples,
  retell,
  writeEpisodesCompressed,
} from "./demonstrations.ts";
import { copyWarmup } from "./copy-warmup.ts";
import { checkFormat, loraFacts, sitesOf, someOf } from "./made-parts.ts";
import { refuseHeldOut } from "./held-out.ts";
import type { HeldOutScore, ImitateConfig, ImitateProgress, Sample } from "./imitate.ts";
import { imitate, sampleDatum } from "./imitate.ts";
import { outcomeDrills } from "./outcome-drills.ts";
import { writeModelCard } from "./model-card.ts";
import { modelTemplate, writeTemplateNote } from "./prompt-template.ts";
import type { SparedVerdicts } from "./spared-verdicts.ts";
import { readSpared, SPARED, writeSpared } from "./spared-verdicts.ts";

export interface Coverage {
  /** Fraction of the templates whose demonstrations are all used. */
  covered: number;
  /** Demonstrations used of each other template. */
  few: number;
}

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
  refuseHeldOut(records);
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
    {
      base: existsSync(join(warm, "manifest.json")) ? warm : start,
      from: base ?? null,
      ...(options.episodesPerDemonstration > 0 && { spared: SPARED }),
    },
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

/** Constructed outcomes, except of the templates that are spared for the reward model. */
function judgementSamples(
  demonstrations: readonly EpisodeRecord[],
  perDemonstration: number,
  seed: number,
): Sample[] {
  const drills = outcomeDrills(demonstrations, { perDemonstration, seed });
  const { train } = splitOrmExamples(drills, SPARED);
  return train.map((episode) => ({ source: episode.trajectoryId.split("/drill-")[0]!, episode }));
}

export interface SftOptions extends MakeModelOptions {
  /** A model, or an adapter to train further. */
  base: string;
  /** Train an adapter on the frozen base instead of all weights. */
  lora?: LoraSettings | undefined;
  /** Demonstrations to store with the model, for the start of the replay buffer. */
  keepDemonstrations: number;
}

/** Imitates demonstrations of the train split, deliberately with imperfect coverage. */
export async function sft(options: SftOptions): Promise<MadeModel> {
  await refuseForeign(options.out);
  refuseHeldOut(options.records);
  const records = retoldAll(
    limitCoverage(options.records.filter(isDemonstration), options.coverage),
    options,
  );
  const made = await make(options, options, imitationSamples(records));
  if (options.keepDemonstrations > 0)
    await writeEpisodesCompressed(
      join(options.out, "demonstrations.jsonl.gz"),
      records.slice(0, options.keepDemonstrations),
    );
  return made;
}

async function make(
  options: MakeModelOptions,
  {
    base,
    lora,
    from = base,
    spared,
  }: Pick<SftOptions, "base" | "lora"> & { from?: string | null; spared?: SparedVerdicts },
  samples: readonly Sample[],
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
    dependsOn: { base, lora: lora ?? null },
    onProgress: (progress) => options.onProgress?.(progress),
    signal: options.signal,
  });
  await model.save(options.out);
  await writeTemplateNote(options.out, template);
  const unseen = spared ?? (await readSpared(base));
  if (unseen) await writeSpared(options.out, unseen);
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
      ...(unseen && {
        "share of the templates of which it has seen no verdicts": unseen.heldOutFraction,
        "seed that chose these templates": unseen.seed,
      }),
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
