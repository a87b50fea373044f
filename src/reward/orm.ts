/**
 * @file The outcome reward model as a judge: instruction, past actions and final page in, P(YES)/(P(YES)+P(NO)) out
 * (paper §2: reward 1 iff P(YES) > P(NO)). The model is any engine's.
 */

import { answerProbability } from "../algo/loss.ts";
import type { Judge } from "../core/contracts.ts";
import type { FrozenModel } from "../core/engine.ts";
import { Fault } from "../core/errors.ts";
import type { Trajectory, Verdict } from "../core/trajectory.ts";
import type { PromptTemplate } from "../text/template-names.ts";
import { answerDatum } from "../text/prompt.ts";
import type { OrmPromptInput } from "../text/prompt-input.ts";
import { ormAnswers, ormInput, ormPrompt } from "../text/prompt-orm.ts";

/** How the reward model is prompted. */
export interface OrmOptions {
  /** The template that the model was trained with. Default `compact`. */
  template?: PromptTemplate;
}

/** How to prompt the reward model, and the probability at which an episode is a success. */
export interface OrmJudgeOptions extends OrmOptions {
  /** An episode is a success if P(YES)/(P(YES)+P(NO)) is at least this. Default 0.5, the paper's P(YES) ≥ P(NO). */
  threshold?: number;
}

/** Prompts per call of the engine. */
const BATCH = 16;

/** Owns nothing: the caller disposes of `model`. */
export function createOrm(model: FrozenModel, { threshold = 0.5, ...options }: OrmJudgeOptions = {}): Judge {
  return {
    name: "orm",
    async judge(trajectories, { signal } = {}) {
      const probabilities_B = await ormProbabilities(model, trajectories.map(ormInput), {
        ...options,
        signal,
      });
      return trajectories.map((trajectory, b) => verdict(trajectory, probabilities_B[b]!, threshold));
    },
  };
}

/**
 * P(success) of each input. Throws a retryable `judge_failed` if the model fails or returns something that is not a
 * number; an abort rejects with its reason.
 */
export async function ormProbabilities(
  model: FrozenModel,
  inputs: readonly OrmPromptInput[],
  options: OrmOptions & { signal?: AbortSignal } = {},
): Promise<number[]> {
  const { template = "compact", signal } = options;
  const { tokenizer, contextTokens } = model;
  const answers = ormAnswers(tokenizer, template);
  const result: number[] = [];
  for (let start = 0; start < inputs.length; start += BATCH) {
    signal?.throwIfAborted();
    const batch_B = inputs
      .slice(start, start + BATCH)
      .map((input) => answerDatum(ormPrompt({ ...input, tokenizer, contextTokens, template }), answers));
    let rows_BN: Float32Array[];
    try {
      rows_BN = await model.logprobs(batch_B);
    } catch (cause) {
      throw new Fault("judge_failed", `the reward model failed: ${(cause as Error).message}`, {
        retryable: cause instanceof Fault ? cause.retryable : false,
        cause,
      });
    }
    for (const row_N of rows_BN) {
      if (row_N.length !== 2 || row_N.some((value) => Number.isNaN(value)))
        throw new Fault(
          "judge_failed",
          "the reward model answered with something that is not a probability",
          {
            retryable: false,
          },
        );
      result.push(answerProbability(row_N));
    }
  }
  return result;
}

function verdict(trajectory: Trajectory, probability: number, threshold: number): Verdict {
  const reasons = [`P(YES) = ${probability.toFixed(3)}`];
  if (trajectory.ending.kind === "truncated")
    reasons.push(`the episode was cut: ${trajectory.ending.reason}`);
  return { by: "orm", success: probability >= threshold, probability, threshold, reasons };
}
