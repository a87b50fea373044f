/**
 * @file Training of the outcome reward model: cross-entropy on the one token of the verdict (paper App. A, Table 5).
 * Its labels come from verifiers; the test examples are split off by template, so that it cannot have seen the
 * question.
 *
 * Deviations: 1. the two classes are balanced by weights, because early policies mostly fail; 2. the loss compares only
 * YES with NO, whereas the paper's is plain SFT over the whole vocabulary; 3. constructed outcomes also have a label at
 * the end of every action (`orm-datum.ts`).
 */

import type { ClassificationReport } from "../algo/classification.ts";
import { classificationReport, collapse } from "../algo/classification.ts";
import type { FrozenModel, Model } from "../core/engine.ts";
import { ConfigError } from "../core/errors.ts";
import { createRng, hash32 } from "../core/rng.ts";
import type { Trajectory } from "../core/trajectory.ts";
import type { OrmPromptInput } from "../text/prompt-input.ts";
import type { PromptTemplate } from "../text/template-names.ts";
import { ormAnswers, ormInput } from "../text/prompt-orm.ts";
import { ormProbabilities } from "./orm.ts";
import { ormLoss, ormQuestions } from "./orm-datum.ts";

/** One labelled trajectory, as plain JSON. */
export interface OrmExample extends OrmPromptInput {
  trajectoryId: string;
  taskId: string;
  templateId: string | null;
  site: string;
  /** Which policy acted. */
  policy: string;
  success: 0 | 1;
  /** For each response, whether everything up to it fits the instruction. Known only for constructed outcomes. */
  fits?: readonly (0 | 1)[];
}

/** The label is a verifier's. The caller leaves out faulted trajectories. */
export function ormExample(trajectory: Trajectory, success: boolean): OrmExample {
  const { task } = trajectory;
  return {
    ...ormInput(trajectory),
    trajectoryId: trajectory.id,
    taskId: task.id,
    templateId: task.templateId,
    site: task.sites[0] ?? "",
    policy: trajectory.policy,
    success: success ? 1 : 0,
  };
}

/** Splits by a hash of the template, so that no template is on both sides; a task without template is its own. */
export function splitOrmExamples(
  examples: readonly OrmExample[],
  options: { heldOutFraction: number; seed: number },
): { train: OrmExample[]; heldOut: OrmExample[] } {
  const { heldOutFraction, seed } = options;
  const isHeldOut = ({ templateId, taskId }: OrmExample) =>
    hash32(`orm/${seed}/${templateId ?? taskId}`) / 2 ** 32 < heldOutFraction;
  return {
    train: examples.filter((example) => !isHeldOut(example)),
    heldOut: examples.filter(isHeldOut),
  };
}

export interface TrainOrmOptions {
  epochs: number;
  batchSize: number;
  learningRate: number;
  seed: number;
  /** Default `compact`. */
  template?: PromptTemplate;
  /** The first step to take: a caller that restored a checkpoint skips finished steps. Default 0. */
  fromStep?: number;
  /** Called after each optimiser step. */
  onStep?(progress: {
    step: number;
    steps: number;
    loss: number;
    gradientNorm: number;
  }): void | Promise<void>;
  signal?: AbortSignal;
}

/** Trains `model` in place. The order of the examples depends only on the seed. */
export async function trainOrm(
  model: Model,
  examples: readonly OrmExample[],
  options: TrainOrmOptions,
): Promise<{ steps: number; losses: number[] }> {
  const { epochs, batchSize, seed, template = "compact", fromStep = 0, signal } = options;
  const weightOf = classWeights(examples);
  const { tokenizer, contextTokens } = model;
  const answers = ormAnswers(tokenizer, template);
  const rng = createRng(`orm/${seed}`);
  const perEpoch = Math.ceil(examples.length / batchSize);
  const steps = epochs * perEpoch;
  const losses: number[] = [];
  for (let step = fromStep; step < steps; step++) {
    signal?.throwIfAborted();
    const order = rng.fork(Math.floor(step / perEpoch)).shuffle(examples);
    const at = (step % perEpoch) * batchSize;
    const batch_B = order.slice(at, at + batchSize);
    const questions_B = batch_B.map((example) =>
      ormQuestions(example, {
        tokenizer,
        contextTokens,
        template,
        answers,
      }),
    );
    const datums_B = questions_B.map(({ datum }) => datum);
    const loss = ormLoss(
      questions_B.map(({ labels }) => labels),
      batch_B.map(weightOf),
    );
    const result = await model.forwardBackward(datums_B, loss);
    const { gradientNorm } = await model.optimStep({
      learningRate: options.learningRate * cosineSchedule(step, steps, WARMUP_FRACTION),
    });
    losses.push(result.loss);
    await options.onStep?.({ step: step + 1, steps, loss: result.loss, gradientNorm });
  }
  return { steps, losses };
}

/** Weights that give both classes the same total. */
function classWeights(examples: readonly OrmExample[]): (example: OrmExample) => number {
  const positives = examples.filter((example) => example.success === 1).length;
  const negatives = examples.length - positives;
  if (positives === 0 || negatives === 0)
    throw new ConfigError(
      `the reward model has ${positives} successes and ${negatives} failures to learn from; it needs both`,
      "Collect rollouts of policies of different strength (the oracle, the SFT model, an untrained one).",
    );
  return (example) => examples.length / (2 * (example.success === 1 ? positives : negatives));
}

/** The fraction of the steps over which the learning rate rises; then it falls as a cosine. */
const WARMUP_FRACTION = 0.1;

/** Linear warm-up, then half a cosine down to 0; in (0, 1]. */
export function cosineSchedule(step: number, steps: number, warmupFraction: number): number {
  const warmup = Math.floor(warmupFraction * steps);
  if (step < warmup) return (step + 1) / warmup;
  return 0.5 * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
}

export interface OrmMistake {
  trajectoryId: string;
  taskId: string;
  site: string;
  instruction: string;
  kind: "false_positive" | "false_negative";
  probability: number;
  lastResponse: string;
}

export interface OrmReport {
  overall: ClassificationReport;
  bySite: Record<string, ClassificationReport>;
  byPolicy: Record<string, ClassificationReport>;
  /** The most confident first. */
  mistakes: OrmMistake[];
  /** What showed that it has collapsed, if it has. */
  collapse: string | null;
}

/** How many mistakes a report lists. */
const MOST_MISTAKES = 20;

/** Judges held-out examples against their labels. */
export async function evaluateOrm(
  model: FrozenModel,
  examples: readonly OrmExample[],
  options: { template?: PromptTemplate; signal?: AbortSignal } = {},
): Promise<OrmReport> {
  return ormReport(examples, await ormProbabilities(model, examples, options));
}

/** The report of any judge whose probabilities for `examples` are known. */
export function ormReport(examples: readonly OrmExample[], probabilities_B: readonly number[]): OrmReport {
  const outcomes_B = examples.map((example) => example.success);
  const groups = (key: (example: OrmExample) => string) => {
    const names = [...new Set(examples.map(key))].sort();
    return Object.fromEntries(
      names.map((name) => {
        const members = examples.flatMap((example, i) => (key(example) === name ? [i] : []));
        return [
          name,
          classificationReport(
            members.map((i) => probabilities_B[i]!),
            members.map((i) => outcomes_B[i]!),
          ),
        ];
      }),
    );
  };
  const mistakes = examples
    .flatMap((example, i): OrmMistake[] => {
      const probability = probabilities_B[i]!;
      const said = probability >= 0.5 ? 1 : 0;
      if (said === example.success) return [];
      return [
        {
          trajectoryId: example.trajectoryId,
          taskId: example.taskId,
          site: example.site,
          instruction: example.instruction,
          kind: said === 1 ? "false_positive" : "false_negative",
          probability,
          lastResponse: example.responses.at(-1) ?? "",
        },
      ];
    })
    .sort((a, b) => Math.abs(b.probability - 0.5) - Math.abs(a.probability - 0.5));
  return {
    overall: classificationReport(probabilities_B, outcomes_B),
    bySite: groups((example) => example.site),
    byPolicy: groups((example) => example.policy),
    mistakes: mistakes.slice(0, MOST_MISTAKES),
    collapse: collapse(probabilities_B, outcomes_B)?.message ?? null,
  };
}
