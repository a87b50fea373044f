/**
 * @file Makes demonstrations: a template's oracle as a policy whose actions are printed as a model would print them. It
 * can err deliberately for two purposes: with `detourRate` it errs and recovers (the recovery is worth imitating, the
 * error is not), and with `failRate` it spoils the whole episode (negatives for the outcome reward model).
 */

import type { Action } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { Rng } from "../core/rng.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { parseAction, printAction } from "../text/action.ts";
import type { Choice, Policy } from "./policy.ts";

export type OracleRun = Generator<Action, void, Observation>;

/** The oracles that act, and how often they err deliberately. */
export interface OraclePolicyOptions {
  /** Starts the oracle of a task on its first observation. */
  oracleFor(task: Task, first: Observation): OracleRun;
  /** Probability, per turn, of a detour: a link that leads elsewhere and back, or a missing element. */
  detourRate?: number;
  /** Probability that an episode is spoiled. */
  failRate?: number;
  name?: string;
  /**
   * Called when the oracle does not recognize the page although it made no mistake, which is a bug in the oracle. The
   * episode then ends with an empty answer and fails. Without this function, the error is thrown.
   */
  onStuck?(task: Task, error: unknown): void;
}

/** Ways in which a spoiled episode goes wrong; all but `wander` look like a solution for most of the way. */
const FAILURES = ["wrong_answer", "early_exit", "skipped_step", "wrong_value", "wander"] as const;
type Failure = (typeof FAILURES)[number];

/** Turns of a wandering episode. */
const WANDER_TURNS = 5;

/** Plays tasks by their oracles: successes, and with `detourRate` and `failRate` detours and failures. Seeded. */
export function oraclePolicy(options: OraclePolicyOptions): Policy {
  const { detourRate = 0, failRate = 0 } = options;
  return {
    name: options.name ?? "oracle",
    begin: (task, seed) => {
      const rng = createRng(seed).fork("oracle");
      const failure = rng.next() < failRate ? rng.pick(FAILURES) : null;
      const failAt = rng.int(Math.max(1, task.difficulty - 1));
      let oracle: OracleRun | null = null;
      let started = false;
      /** The page that a detour left and must return to. */
      let detourFrom: string | null = null;
      /** Fields were filled in on this page, and going back would lose them. */
      let dirty = false;
      let lost = false;
      let turnIndex = -1;
      let spoiled = false;

      const nextOfOracle = (observation: Observation): Action => {
        oracle ??= options.oracleFor(task, observation);
        const next = started ? oracle.next(observation) : oracle.next();
        started = true;
        return next.done ? { kind: "exit", message: "" } : next.value;
      };

      return async ({ observation }) => {
        turnIndex++;
        if (detourFrom !== null) {
          const left = detourFrom !== observation.url;
          detourFrom = null;
          if (left) return act({ kind: "go_backward" });
        }
        if (lost || failure === "wander") {
          lost = true;
          return act(
            turnIndex >= WANDER_TURNS
              ? { kind: "exit", message: rng.next() < 0.5 ? "" : someText(observation, rng) }
              : wander(observation, rng),
            true,
          );
        }
        if (failure === null && rng.next() < detourRate) {
          const detour = chooseDetour(observation, dirty, rng);
          if (detour) {
            if (detour.leaves) detourFrom = observation.url;
            return act(detour.action, true);
          }
        }
        if (failure === "early_exit" && turnIndex === failAt) {
          spoiled = true;
          return act({ kind: "exit", message: someText(observation, rng) }, true);
        }
        let action: Action;
        let skipped = false;
        try {
          action = nextOfOracle(observation);
          if (failure === "skipped_step" && turnIndex === failAt && action.kind !== "exit") {
            spoiled = skipped = true;
            action = nextOfOracle(observation);
          }
        } catch (error) {
          // After a mistake the page is not what the oracle expects. Without one, it is the oracle's bug.
          if (!spoiled) {
            if (!options.onStuck) throw error;
            options.onStuck(task, error);
            return act({ kind: "exit", message: "" }, true);
          }
          lost = true;
          return act(wander(observation, rng), true);
        }
        dirty = action.kind === "click" ? !isLink(action) : !HARMLESS.has(action.kind);
        const wrong = failure === null || spoiled ? null : spoil(failure, action, observation, rng);
        if (wrong) spoiled = true;
        return act(wrong ?? action, wrong !== null || skipped);
      };
    },
  };
}

function act(action: Action, mistake = false): Choice {
  const response = printAction(action);
  // Parsed from the text, so that the stored action is what a model with this reply would have done.
  return { kind: "act", response, action: parseAction(response), ...(mistake && { mistake }) };
}

/** Actions that change nothing on a page. A search does, but it leads to another page. */
const HARMLESS = new Set<Action["kind"]>([
  "hover",
  "right_click",
  "search",
  "scroll_up",
  "scroll_down",
  "scroll_left",
  "scroll_right",
  "press_enter",
  "wait",
  "go_backward",
  "go_forward",
  "switch_tab",
]);

const isLink = (action: { element: string }) => action.element.startsWith("link ");
const listEnabled = (observation: Observation) => observation.elements.filter((e) => !e.disabled);

/** A link that can be undone by going back, or an element that does not exist. */
function chooseDetour(
  observation: Observation,
  dirty: boolean,
  rng: Rng,
): { action: Action; leaves: boolean } | null {
  const links = listEnabled(observation).filter(
    (e) => e.role === "link" && !/sign ?out|log ?out/i.test(e.label),
  );
  if (!dirty && links.length > 0 && rng.next() < 0.6)
    return { action: { kind: "click", element: rng.pick(links).name }, leaves: true };
  if (observation.elements.length === 0 || observation.error) return null;
  const near = rng.pick(observation.elements);
  const element = near.role === "link" ? `button ${near.label}` : `link ${near.label}`;
  if (observation.elements.some((e) => e.name === element)) return null;
  return { action: { kind: "click", element }, leaves: false };
}

function wander(observation: Observation, rng: Rng): Action {
  const elements = listEnabled(observation).filter((e) => e.role === "link" || e.role === "button");
  if (elements.length === 0 || rng.next() < 0.1) return { kind: "scroll_down" };
  return { kind: "click", element: rng.pick(elements).name };
}

/** Words from the page: a wrong answer that looks right. */
function someText(observation: Observation, rng: Rng): string {
  const pieces = observation.text
    .split("\n---\n")
    .at(-1)!
    .split(/\n| \| /)
    .map((piece) => piece.replace(/\[[^\]]*\]/g, "").trim())
    .filter((piece) => piece !== "" && piece.length <= 60);
  return pieces.length > 0 ? rng.pick(pieces) : "N/A";
}

function spoil(failure: Failure, action: Action, observation: Observation, rng: Rng): Action | null {
  if (action.kind === "exit") {
    if (failure !== "wrong_answer") return null;
    // Giving an answer does not spoil a task that needs none; leave its work undone instead.
    let message = someText(observation, rng);
    for (let i = 0; i < 4 && message === action.message; i++) message = someText(observation, rng);
    return message === action.message ? null : { kind: "exit", message };
  }
  if (failure !== "wrong_value") return null;
  if (action.kind === "type" || action.kind === "search" || action.kind === "insert")
    return { ...action, text: `${action.text.split(" ")[0]!}${rng.int(10)}` };
  if (action.kind === "select") {
    const element = observation.elements.find((e) => e.name === action.element);
    const others = (element?.options ?? []).filter((option) => option !== action.text);
    return others.length > 0 ? { ...action, text: rng.pick(others) } : null;
  }
  if (action.kind === "click") {
    const same = listEnabled(observation).filter(
      (e) => action.element.startsWith(`${e.role} `) && e.name !== action.element,
    );
    // Clicking the neighbour is a weak policy's most common mistake.
    return same.length > 0 && rng.next() < 0.5 ? { kind: "click", element: rng.pick(same).name } : null;
  }
  return null;
}
