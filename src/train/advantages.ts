/** @file Computes each step's weight in the actor's loss from values and outcomes, by method. */

import { rollup } from "d3-array";
import {
  digirlAdvantages,
  keepByDigirl,
  monteCarloAdvantages,
  officialAdvantages,
  webrlAdvantages,
} from "../algo/advantage.ts";
import { awrWeights, officialLoss, reinforceLoss, webrlLoss, weightedSftLoss } from "../algo/loss.ts";
import { standardize } from "../algo/statistics.ts";
import type { Loss } from "../core/engine.ts";
import { invariant } from "../core/errors.ts";
import type { MethodParts, TrainConfig } from "../run/config.ts";
import { usesAdvantage } from "../run/config.ts";
import type { DataStep } from "./experience-reader.ts";

export interface WeightedStep {
  step: DataStep;
  /** A, or 1 for an imitated step. */
  advantage: number;
  /** log π_ref of the action's tokens; filled in before training if the method {@link usesReference}. */
  ref_N: Float32Array;
}

/**
 * Advantages of a phase's data; those of equation 9 standardised and without those near 0 if the settings say so.
 * Leaves out steps that the method does not learn from (filtered BC: failures; DigiRL: steps with A_h ≤ 1/H).
 */
export function weighSteps(
  data: readonly DataStep[],
  valueOf: (trajectoryId: string, index: number) => number | undefined,
  config: Pick<TrainConfig, "actor">,
  loss: MethodParts["loss"],
): WeightedStep[] {
  const weighed = byMethod(data, valueOf, config, loss);
  // Elsewhere an advantage near 0 is no missing signal: AWR imitates such a step with weight 1, the official objective
  // uses the sign, and the others have used the advantage already to decide whether a step is imitated.
  if (!usesAdvantage(loss)) return weighed;
  const { standardize: standard, minAdvantage } = config.actor;
  const advantages = weighed.map(({ advantage }) => advantage);
  const values = standard ? standardize(advantages) : advantages;
  return weighed
    .map((step, i) => ({ ...step, advantage: values[i]! }))
    .filter(({ advantage }) => Math.abs(advantage) >= minAdvantage);
}

function byMethod(
  data: readonly DataStep[],
  valueOf: (trajectoryId: string, index: number) => number | undefined,
  config: Pick<TrainConfig, "actor">,
  loss: MethodParts["loss"],
): WeightedStep[] {
  const { lambda, discount, baseline } = config.actor;
  const weigh = (step: DataStep, advantage: number): WeightedStep => ({
    step,
    advantage,
    ref_N: new Float32Array(0),
  });
  const value = (step: DataStep, index: number) => {
    const found = valueOf(step.trajectoryId, index);
    invariant(found !== undefined, `V of step ${index} of ${step.trajectoryId} is known`);
    return found;
  };
  const whole = (step: DataStep) => step.trajectory.map((_, index) => value(step, index));

  switch (loss) {
    case "webrl":
    case "reinforce": {
      // Equation 9 uses only a step's own value and its successor's.
      const byCritic = (step: DataStep, weight: number) => {
        const window = step.trajectory.slice(step.index, step.index + 2);
        const values = window.map((_, i) => value(step, step.index + i));
        return webrlAdvantages(values, step.outcome, weight)[0]!;
      };
      if (baseline === "critic") return data.map((step) => weigh(step, byCritic(step, lambda)));
      const othersOf = otherAttempts(data, baseline);
      return data.flatMap((step) => {
        const expected = step.isNew ? othersOf(step) : value(step, step.index);
        if (expected === null) return [];
        const critic = lambda === 0 ? 0 : lambda * byCritic(step, 1);
        return [weigh(step, critic + (1 - lambda) * (step.outcome - expected))];
      });
    }
    case "official":
      return data.map((step) => {
        const values = whole(step);
        // Deviation: V of the page after the final action is used in place of V of the same page with that action in
        // the history.
        return weigh(step, officialAdvantages(values, values.at(-1)!, step.outcome)[step.index]!);
      });
    case "awr":
      return data.map((step) =>
        weigh(step, monteCarloAdvantages(whole(step), step.outcome, discount)[step.index]!),
      );
    case "digirl":
      return data.flatMap((step) => {
        const advantages = digirlAdvantages(whole(step), step.outcome, lambda);
        return keepByDigirl(advantages)[step.index] ? [weigh(step, advantages[step.index]!)] : [];
      });
    case "filtered-bc":
      // Of outcomes 0 and 1, the positive ones reach every percentile of all (paper: the 70th).
      return data.filter(({ outcome }) => outcome > 0).map((step) => weigh(step, 1));
  }
}

/**
 * Mean outcome of the phase's other attempts in a step's group; `null` if no other was judged. Leaving out the
 * trajectory's own outcome keeps the baseline independent of its actions.
 */
function otherAttempts(
  data: readonly DataStep[],
  baseline: "attempts" | "template",
): (step: DataStep) => number | null {
  const groupOf = ({ taskId, templateId }: DataStep) =>
    baseline === "template" ? (templateId ?? taskId) : taskId;
  const attempts = new Map(data.filter((step) => step.isNew).map((step) => [step.trajectoryId, step]));
  const totals = rollup(
    [...attempts.values()],
    (some) => ({ count: some.length, successes: some.filter(({ outcome }) => outcome === 1).length }),
    groupOf,
  );
  return (step) => {
    const { count, successes } = totals.get(groupOf(step))!;
    return count === 1 ? null : (successes - step.outcome) / (count - 1);
  };
}

/** The number of new steps that {@link weighSteps} leaves out because no other attempt in their group was judged. */
export function countAlone(
  data: readonly DataStep[],
  { baseline }: Pick<TrainConfig["actor"], "baseline">,
  loss: MethodParts["loss"],
): number {
  if (baseline === "critic" || !usesAdvantage(loss)) return 0;
  const othersOf = otherAttempts(data, baseline);
  return data.filter((step) => step.isNew && othersOf(step) === null).length;
}

/** Whether a method needs log π_ref of the steps that it learns from. Imitation, weighted or not, does not. */
export const usesReference = (loss: MethodParts["loss"]) =>
  loss !== "filtered-bc" && loss !== "digirl" && loss !== "awr";

/** The actor's loss on some steps of a batch. */
export function actorLoss(
  samples: readonly WeightedStep[],
  normalizer: number,
  config: Pick<TrainConfig, "actor">,
  loss: MethodParts["loss"],
): Loss {
  const advantages_B = samples.map(({ advantage }) => advantage);
  const ref_BN = samples.map(({ ref_N }) => ref_N);
  const { beta, awrTemperature } = config.actor;
  switch (loss) {
    case "webrl":
      return webrlLoss({ ref_BN, advantages_B, beta, normalizer });
    case "official":
      return officialLoss({ ref_BN, advantages_B, normalizer });
    case "reinforce":
      return reinforceLoss({ advantages_B, normalizer });
    case "awr":
      return weightedSftLoss({
        weights_B: awrWeights(advantages_B, awrTemperature),
        normalizer,
      });
    case "filtered-bc":
    case "digirl":
      return weightedSftLoss({ weights_B: advantages_B.map(() => 1), normalizer });
  }
}
