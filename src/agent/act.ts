/** @file One instruction that takes one action, or a few: `act("open the order from yesterday")`. */

import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { RunOptions, RunResult } from "./run.ts";
import type { AgentSession } from "./session.ts";

/** How many actions are carried out. */
export interface ActOptions extends Pick<RunOptions, "signal" | "onStep"> {
  /** Actions that are carried out before it is done. Default 1. */
  actions?: number;
}

/** The actions that were carried out, and the page after them. */
export interface ActResult extends RunResult {
  /** Those that were carried out, in order. */
  actions: Action[];
  /** After them. */
  page: Observation;
}

/** Slips that a policy may make before it has carried out its actions. */
const SLIPS = 3;

/** Lets the policy act until so many actions were carried out, or it says `exit`. */
export async function act(
  session: AgentSession,
  instruction: string,
  options: ActOptions = {},
): Promise<ActResult> {
  const { actions = 1, signal, onStep } = options;
  const result = await session.run(instruction, {
    limits: { maxSteps: actions + SLIPS, repeatedError: SLIPS },
    maxActions: actions,
    signal,
    onStep,
  });
  const { steps } = result.trajectory;
  const carriedOut = steps.flatMap(({ action }, index) => {
    const after = index + 1 < steps.length ? steps[index + 1]!.observation : session.page;
    return action.ok && action.action.kind !== "exit" && after.error === null ? [action.action] : [];
  });
  return { ...result, actions: carriedOut, page: session.page };
}
