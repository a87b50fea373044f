/** @file Computes V(s₀, I): the critic's value of a task on its start page (paper §2.2's difficulty filter). */

import { answerProbability } from "../algo/loss.ts";
import type { FrozenModel } from "../core/engine.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { answerDatum, valueAnswers, valuePrompt } from "../text/prompt.ts";
import type { PromptTemplate } from "../text/template-names.ts";

/** What is needed to compute V(s₀). */
export interface StartValueOptions {
  /** Text of the start page, in the format that the critic was trained on; `null` or a `Fault` if it cannot be seen. */
  observe(task: Task, signal?: AbortSignal): Promise<string | null>;
  /** The same as in the rollouts, so that prompts are cut alike. */
  maxNewTokens: number;
  template?: PromptTemplate;
}

/** Prompts per call of the engine. */
const BATCH = 16;

/** For `growCurriculum`'s `value`: V(s₀), or `null` if the page cannot be seen or the instruction does not fit. */
export function createStartValue(
  critic: FrozenModel,
  options: StartValueOptions,
): (tasks: readonly Task[], signal?: AbortSignal) => Promise<(number | null)[]> {
  const { maxNewTokens, template } = options;
  const { tokenizer, contextTokens } = critic;
  const answers = valueAnswers(tokenizer);
  return async (tasks, signal) => {
    const values = tasks.map((): number | null => null);
    const prompts: { at: number; prompt_T: number[] }[] = [];
    for (const [at, task] of tasks.entries()) {
      signal?.throwIfAborted();
      try {
        const observation = await options.observe(task, signal);
        if (observation === null) continue;
        const { instruction } = task;
        prompts.push({
          at,
          prompt_T: valuePrompt({
            tokenizer,
            instruction,
            history: [],
            observation,
            contextTokens,
            maxNewTokens,
            template,
          }),
        });
      } catch (error) {
        signal?.throwIfAborted();
        // A page that faults, or an instruction that is too long for the model, costs only its task, not the phase.
        if (!(error instanceof Fault) && !(error instanceof ConfigError)) throw error;
      }
    }
    for (let start = 0; start < prompts.length; start += BATCH) {
      signal?.throwIfAborted();
      const batch = prompts.slice(start, start + BATCH);
      const rows_BN = await critic.logprobs(batch.map(({ prompt_T }) => answerDatum(prompt_T, answers)));
      batch.forEach(({ at }, b) => (values[at] = answerProbability(rows_BN[b]!)));
    }
    return values;
  };
}
