/**
 * @file The stage of the critic's update: cross-entropy on the outcome at every new step (equation 8; for AWR, on its
 * discounted return), then V of every step that the actor needs.
 *
 * Deviation: replayed steps are left out. All of them come from successes, mostly of other policies, so a critic that
 * learned from them would overestimate the success of new steps: advantages of new steps would sink, and those of
 * demonstrated ones vanish.
 */

import { returns } from "../../algo/advantage.ts";
import { collapse, areaUnderCurve } from "../../algo/classification.ts";
import { answerProbability, criticLoss } from "../../algo/loss.ts";
import { explainedVariance, mean } from "../../algo/statistics.ts";
import type { FrozenModel, Tokenizer } from "../../core/engine.ts";
import type { ExperienceStep } from "../../replay/experience.ts";
import { answerDatum, valueAnswers, valuePromptOf } from "../../text/prompt.ts";
import { datumLogprobs, type LogprobOptions } from "../action-logprobs.ts";
import type { Context } from "../context.ts";
import type { DataStep } from "../experience-reader.ts";
import { lookUpValues } from "../experience-reader.ts";
import { optimise } from "../../engine/optimise.ts";
import type { MethodParts } from "../../run/config.ts";
import { usesAdvantage } from "../../run/config.ts";
import type { ValueLine } from "../../run/records.ts";
import { freshDirectory } from "../../run/run-directory.ts";
import { writeTemplateNote } from "../../imitation/prompt-template.ts";
import { promptTemplate } from "../prompt-template.ts";

export interface CriticOutput {
  optimiserSteps: number;
}

/** Writes the checkpoint `critic-NN` and `values.jsonl`. */
export async function trainCritic(context: Context, phase: number): Promise<CriticOutput> {
  return context.run.stage(phase, "critic", async (stage) => {
    const { config, models, method, rng, signal } = context;
    if (!method.critic) {
      await stage.write("values.jsonl", []);
      return { optimiserSteps: 0 };
    }
    const data = await context.experience.data(phase);
    // Where phase 0 has an update of its own, its steps, which are new to the actor of phase 1, are not learned twice.
    const fresh = data.filter((step) => step.isNew && (step.phase === phase || method.tasks === "given"));
    await using model = await models.open("critic", phase - 1);
    const datumOf = criticDatum(model.tokenizer);
    const targetOf = (step: DataStep) => criticTarget(step, method.loss, config.actor.discount);
    const optimiserSteps = await optimise<DataStep>({
      model,
      samples: fresh,
      datumOf,
      lossOf: (samples, batch) => criticLoss({ outcomes_B: samples.map(targetOf), normalizer: batch.length }),
      batchSize: config.critic.batchSize,
      epochs: config.critic.epochs,
      rng: rng.fork(`critic-${phase}`),
      learningRate: () => config.critic.learningRate,
      onStep: ({ step, steps, loss, gradientNorm }) => {
        stage.metrics({ "critic/loss": loss, "critic/gradient_norm": gradientNorm }, step);
        stage.emit({ kind: "progress", done: step, total: steps });
      },
      signal,
    });
    const lines = await valuesOf(model, neededSteps(data, usesAdvantage(method.loss)), {
      signal,
      onProgress: (done, total) => stage.emit({ kind: "progress", part: "values", done, total }),
    });
    await stage.write("values.jsonl", lines);
    const checkpoint = await freshDirectory(models.criticPath(phase));
    await model.save(checkpoint);
    await writeTemplateNote(checkpoint, promptTemplate(config));

    const valueOf = lookUpValues(lines);
    const values = fresh.map((step) => valueOf(step.trajectoryId, step.index)!);
    const outcomes = fresh.map((step) => step.outcome);
    const explained = values.length === 0 ? null : explainedVariance(values, fresh.map(targetOf));
    const auc = areaUnderCurve(values, outcomes);
    stage.metrics({
      ...(values.length > 0 && { "critic/mean_value": mean(values) }),
      ...(explained !== null && { "critic/explained_variance": explained }),
      ...(auc !== null && { "critic/auc": auc }),
    });
    const collapsed = collapse(values, outcomes);
    if (collapsed) stage.emit({ kind: "warning", message: `the critic has collapsed: ${collapsed.message}` });
    return { optimiserSteps };
  });
}

/**
 * What V of a step learns: the outcome; for AWR the return that its advantage subtracts V from. V is then its
 * expectation in both cases, so that a right critic makes the mean advantage 0 at every step.
 */
function criticTarget(
  { trajectory, index, outcome }: DataStep,
  loss: MethodParts["loss"],
  discount: number,
): number {
  return loss === "awr" ? returns(trajectory.length, outcome, discount)[index]! : outcome;
}

const criticDatum = (tokenizer: Tokenizer) => {
  const answers = valueAnswers(tokenizer);
  return (step: ExperienceStep) => answerDatum(valuePromptOf(tokenizer, step.promptTokens), answers);
};

/** Steps whose value an advantage uses: with equation 9 a step and its successor, otherwise the whole trajectory. */
function neededSteps(data: readonly DataStep[], successorOnly: boolean): ExperienceStep[] {
  const needed = new Map<string, ExperienceStep>();
  for (const { trajectory, index } of data)
    for (const step of successorOnly ? trajectory.slice(index, index + 2) : trajectory)
      needed.set(`${step.trajectoryId}#${step.index}`, step);
  return [...needed.values()];
}

async function valuesOf(
  model: FrozenModel,
  steps: readonly ExperienceStep[],
  options: LogprobOptions,
): Promise<ValueLine[]> {
  const rows_BN = await datumLogprobs(model, steps.map(criticDatum(model.tokenizer)), options);
  return steps.map(({ trajectoryId, index }, i) => ({
    trajectoryId,
    index,
    value: answerProbability(rows_BN[i]!),
  }));
}
