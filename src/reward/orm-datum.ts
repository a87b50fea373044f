/**
 * @file Builds the reward model's training data: the verdict after the question and, if it is known for each action
 * whether it still fits the instruction, YES or NO at the end token of each action too (template `compact`). A single
 * bit after three hundred tokens teaches a small model to compare only very slowly; at the end of the action that named
 * the wrong thing, the comparison is near.
 */

import { criticLoss } from "../algo/loss.ts";
import type { Datum, Loss, Tokenizer } from "../core/engine.ts";
import { invariant } from "../core/errors.ts";
import type { AnswerTokens } from "../text/prompt.ts";
import type { PromptTemplate } from "../text/template-names.ts";
import { answerDatum } from "../text/prompt.ts";
import type { OrmPromptInput } from "../text/prompt-input.ts";
import { fitOrmPrompt } from "../text/prompt-orm.ts";
import { END_OF_ACTION } from "../text/prompt-tokens.ts";

export interface OrmQuestions {
  /** Targets are pairs of YES and NO; the last pair is the verdict's. */
  datum: Datum;
  /** One label per pair. */
  labels: (0 | 1)[];
}

export interface OrmLabels {
  success: 0 | 1;
  /** For each response, whether everything up to it fits the instruction. */
  fits?: readonly (0 | 1)[];
}

/** Labels of actions are left out if the prompt had to be cut, and in other templates than `compact`. */
export function ormQuestions(
  input: OrmPromptInput & OrmLabels,
  options: { tokenizer: Tokenizer; contextTokens: number; template: PromptTemplate; answers: AnswerTokens },
): OrmQuestions {
  const { tokenizer, template, answers } = options;
  const { tokens_T, droppedRounds } = fitOrmPrompt({ ...input, ...options });
  const verdict = answerDatum(tokens_T, answers);
  const { success, fits } = input;
  const end = tokenizer.idOf(END_OF_ACTION);
  if (fits === undefined || template !== "compact" || end === undefined || droppedRounds > 0)
    return { datum: verdict, labels: [success] };
  // The first end token is the instruction's; pages have none, and each response ends with one.
  const ends = tokens_T.flatMap((token, t) => (token === end ? [t] : [])).slice(1);
  invariant(ends.length === fits.length, `${ends.length} actions, ${fits.length} labels`);
  return {
    datum: {
      tokens_T,
      positions_N: [...ends.flatMap((t) => [t, t]), ...verdict.positions_N],
      targets_N: [...ends.flatMap(() => [answers.yes, answers.no]), ...verdict.targets_N],
    },
    labels: [...fits, success],
  };
}

/**
 * Equation 8 on every question: the verdict has the example's weight, and its actions' labels together half of that.
 * Divided by the number of examples.
 */
export function ormLoss(labels_B: readonly (readonly (0 | 1)[])[], weights_B: readonly number[]): Loss {
  const outcomes = labels_B.flat();
  const weights = labels_B.flatMap((labels, b) =>
    labels.map((_, n) =>
      n === labels.length - 1 ? weights_B[b]! : weights_B[b]! / (2 * (labels.length - 1)),
    ),
  );
  const loss = criticLoss({ outcomes_B: outcomes, weights_B: weights, normalizer: labels_B.length });
  invariant(loss !== "cross_entropy", "the critic's loss is a function");
  return (logprobs_BN) => {
    const pairs = logprobs_BN.flatMap((row_N) =>
      Array.from({ length: row_N.length / 2 }, (_, n) => row_N.slice(2 * n, 2 * n + 2)),
    );
    const { loss: value, gradients_BN } = loss(pairs);
    let at = 0;
    return {
      loss: value,
      gradients_BN: logprobs_BN.map((row_N) => {
        const row = new Float32Array(row_N.length);
        for (let n = 0; n < row_N.length; n += 2) row.set(gradients_BN[at++]!, n);
        return row;
      }),
    };
  };
}
