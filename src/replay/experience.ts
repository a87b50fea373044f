/**
 * @file One step of experience, as replay and the update use it: plain JSON, one line of a file each. The prompt is
 * kept as tokens; `valuePromptOf` makes the critic's prompt of the same state from it.
 */

import { invariant } from "../core/errors.ts";
import type { Trajectory } from "../core/trajectory.ts";

/** A step with its outcome, as tokens. */
export interface ExperienceStep {
  trajectoryId: string;
  taskId: string;
  /** Template of the task; `null` for a task without one. */
  templateId: string | null;
  instruction: string;
  /** First of the task's sites. */
  site: string;
  /** 0 for demonstrations, otherwise the phase that collected it. */
  phase: number;
  source: "demonstration" | "rollout";
  /** Counted from 0 within the trajectory, without empty responses. */
  index: number;
  /** The number of steps of the trajectory. The last one has `index === steps − 1`. */
  steps: number;
  /** Outcome of the whole trajectory, from the judge (or from the verifier, for demonstrations). */
  outcome: 0 | 1;
  /** The policy's prompt. */
  promptTokens: number[];
  /** The action, including the end token. */
  responseTokens: number[];
  /**
   * log π of each token of the action under the policy that sampled it, at temperature 1, nats; of a rollout's own
   * policy only.
   */
  logprobs?: number[];
}

/**
 * The steps of a judged trajectory. Steps with an empty response are dropped; a faulted trajectory is a bug of the
 * caller, because it must never be trained on.
 */
export function experienceOf(
  trajectory: Trajectory,
  outcome: 0 | 1,
  options: { phase: number; source: ExperienceStep["source"] },
): ExperienceStep[] {
  invariant(trajectory.ending.kind !== "faulted", `faulted trajectory ${trajectory.id} offered for training`);
  const kept = trajectory.steps.flatMap(({ response, promptTokens, responseTokens, logprobs }, i) => {
    if (response.trim() === "") return [];
    invariant(
      promptTokens !== undefined && responseTokens !== undefined,
      `step ${i} of trajectory ${trajectory.id} has no tokens`,
    );
    return [{ promptTokens, responseTokens, ...(logprobs && { logprobs }) }];
  });
  return kept.map((tokens, index) => ({
    trajectoryId: trajectory.id,
    taskId: trajectory.task.id,
    templateId: trajectory.task.templateId ?? null,
    instruction: trajectory.task.instruction,
    site: trajectory.task.sites[0] ?? "",
    phase: options.phase,
    source: options.source,
    index,
    steps: kept.length,
    outcome,
    ...tokens,
  }));
}
