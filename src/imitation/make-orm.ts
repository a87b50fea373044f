/** @file Makes the outcome reward model (`webrl model orm`). It can be killed and continued. */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Engine, LoraSettings } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { inPercent } from "../core/percent.ts";
import { refuseForeign } from "../engine/onnx/checkpoint/atomic-directory.ts";
import type { PlannedWork } from "../engine/onnx/estimate.ts";
import { ormQuestions } from "../reward/orm-datum.ts";
import type { OrmExample, OrmReport } from "../reward/train-orm.ts";
import { evaluateOrm, ormExample, splitOrmExamples, trainOrm } from "../reward/train-orm.ts";
import type { EpisodeRecord } from "../rollout/episode.ts";
import { isFaulted } from "../rollout/episode.ts";
import { PERSON } from "../run/records.ts";
import { writeAtomically } from "../run/run-directory.ts";
import { ormAnswers } from "../text/prompt-orm.ts";
import type { TemplateSetting } from "../text/template-names.ts";
import { refuseHeldOut } from "./held-out.ts";
import { checkFormat, loraFacts, someOf, sitesOf } from "./made-parts.ts";
import { writeModelCard } from "./model-card.ts";
import { outcomeDrills } from "./outcome-drills.ts";
import { modelTemplate, writeTemplateNote } from "./prompt-template.ts";
import { refuseSeenVerdicts, writeSpared } from "./spared-verdicts.ts";
import { hashExamples, readState, writeState } from "./work-state.ts";

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
  const { out, seed, heldOutFraction } = options;
  await refuseForeign(out);
  refuseHeldOut(options.records);
  await refuseSeenVerdicts(options.base, { heldOutFraction, seed });
  const workDirectory = `${out}.work`;
  const examples = labelOutcomes(options.records);
  const dependsOn = {
    base: options.base,
    lora: options.lora ?? null,
    template: options.template,
    seed,
    heldOutFraction,
    epochs: options.epochs,
    batchSize: options.batchSize,
    learningRate: options.learningRate,
    drillsPerDemonstration: options.drillsPerDemonstration,
    rollouts: hashExamples(examples),
  };
  const state = await readState(workDirectory, dependsOn);
  const { train, heldOut } = splitOrmExamples(examples, { heldOutFraction, seed });
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
  if (state) await model.load(join(workDirectory, state.checkpoint));
  let saved = Date.now();
  const { steps } = await trainOrm(model, [...train, ...drills], {
    epochs: options.epochs,
    batchSize: options.batchSize,
    learningRate: options.learningRate,
    seed,
    template,
    fromStep: state?.step ?? 0,
    onStep: async (progress) => {
      options.onStep?.(progress);
      if (Date.now() - saved < 60_000 * options.checkpointMinutes) return;
      const checkpoint = `checkpoint-${progress.step}`;
      await model.save(join(workDirectory, checkpoint), { optimizer: true });
      await writeState(workDirectory, { step: progress.step, checkpoint }, dependsOn);
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
  await writeSpared(out, { heldOutFraction, seed });
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
      "share of the templates that is held out": heldOutFraction,
      "seed that chose these templates": seed,
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

/** Rollouts labelled by a verifier or a person, never by another model, whose mistakes would be learned. */
export function labelOutcomes(records: readonly EpisodeRecord[]): OrmExample[] {
  return records
    .filter((record) => !isFaulted(record))
    .flatMap(({ trajectory, truth, verdict }) => {
      const known = truth ?? (verdict?.by === PERSON ? verdict : null);
      return known === null ? [] : [ormExample(trajectory, known.success)];
    });
}
