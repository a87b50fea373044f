/**
 * @file The circle: tasks, episodes, rewards, experience, updates, a better policy, new tasks from its failures. WebRL,
 * Qi et al., arXiv:2411.02337.
 *
 * Deviations: 1. the initial rollouts (phase 0) are judged by the ORM, like everything else, teach the first critic,
 * which filters phase 1's tasks, and count as new experience of phase 1's actor; 2. the critic starts from the base
 * model's weights, and the value is the probability of YES in its answer to a question, instead of a new head;
 * 3. baselines run online on tasks of the train split, new ones in every phase while there are any, with the same
 * number of episodes as WebRL.
 */

import type { ChatMeter } from "../chat/meter.ts";
import type { ChatUsage } from "../core/chat.ts";
import type { Context } from "./context.ts";
import { trainActor } from "./stages/actor.ts";
import { trainCritic } from "./stages/critic.ts";
import { growTasks } from "./stages/curriculum.ts";
import type { Evaluation } from "../run/records.ts";
import { evaluate } from "./stages/evaluate.ts";
import { judgeTrajectories } from "./stages/judge.ts";
import { rollOut } from "./stages/rollout.ts";
import { selectExperience } from "./stages/select.ts";

/** What a finished run reached. */
export interface RunResult {
  /** Evaluations by phase; 0 is the base model. */
  evaluations: { phase: number; evaluation: Evaluation }[];
}

/** Hooks of a training. */
export interface TrainOptions {
  /**
   * Called when the initial rollouts are judged, before anything learns. If it throws, the run stops and can be
   * resumed.
   */
  afterBeginning?(): Promise<void>;
}

/**
 * Runs the rest of a run. Every call in it is a stage with durable outputs: a finished stage returns what it returned
 * before, so calling this again after a kill gives the same run as without the kill.
 */
export async function train(context: Context, options: TrainOptions = {}): Promise<RunResult> {
  const { run, config, method } = context;
  const evaluations = [{ phase: 0, evaluation: await evaluate(context, 0) }];

  if (method.trains && config.phases > 0) {
    await growTasks(context, 0);
    await rollOut(context, 0);
    await judgeTrajectories(context, 0);
    await options.afterBeginning?.();
    if (method.tasks === "evolved") await trainCritic(context, 0); // values phase 1's new tasks

    for (let phase = 1; phase <= config.phases; phase++) {
      await growTasks(context, phase); //         failures ► new tasks, 0.05 ≤ V(s₀) ≤ 0.75
      await rollOut(context, phase); //           tasks ► episodes ► trajectories
      await judgeTrajectories(context, phase); // trajectories ► rewards
      await selectExperience(context, phase); //  new steps + replay of moderate perplexity
      await trainCritic(context, phase); //       V(s): does this end well?
      await trainActor(context, phase); //        β·log π/π_ref towards the advantage
      if (phase % config.evaluation.every === 0 || phase === config.phases)
        evaluations.push({ phase, evaluation: await evaluate(context, phase) });
    }
  }
  run.emit({ kind: "run_finished", ...usageOf(context.parts.meter) });
  return { evaluations };
}

/** For the events that end a run. */
export function usageOf(meter: ChatMeter | undefined): { usage?: ChatUsage } {
  const usage = meter?.getUsage();
  return usage && usage.requests > 0 ? { usage } : {};
}
