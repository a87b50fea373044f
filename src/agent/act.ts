/** @file One instruction that takes one action, or a few: `act("open the order from yesterday")`. */

import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { RunOptions, RunResult } from "./run.ts";
import type { AgentSession } from "./session.ts";

/** How many actions to carry out. */
export interface ActOptions extends Pick<RunOptions, "signal" | "onStep"> {
  /** The run ends after this many actions were carried out. Default 1. */
  actions?: number;
}

/** The actions that were carried out, and the page after them. */
export interface ActResult extends RunResult {
  /** The actions that were carried out, in order. */
  actions: Action[];
  /** The page after them. */
  page: Observation;
}

/** How many mistakes a policy may make before it has carried out its actions. */
const SLIPS = 3;

/** Lets the policy act until this many actions were carried out or it says `exit`. */
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
