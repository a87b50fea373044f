/** @file What happened: steps, endings, trajectories and verdicts. Plain JSON. */

import type { ChatUsage } from "./chat.ts";
import type { FaultCode } from "./errors.ts";
import type { ParsedAction } from "./action.ts";
import type { Observation } from "./observation.ts";
import type { Task } from "./task.ts";

/** Every way in which an episode can stop. */
export type Ending =
  /** The agent said `exit`, or the site declared the end. */
  | { kind: "terminated"; reason: "exit" | "site_end"; answer: string | null }
  /** A limit was reached. The answer is empty. */
  | {
      kind: "truncated";
      reason:
        | "max_steps"
        | "max_time"
        | "repeated_action"
        | "repeated_error"
        | "context_full"
        /** Of an agent at work: what its model may use, a person who ends it, a site that asks to sign in. */
        | "budget"
        | "interrupted"
        | "signed_out";
    }
  /** The world broke. Never rewarded, never trained on; the task is tried again. */
  | { kind: "faulted"; code: FaultCode; message: string };

/** An ending in one word: its kind, or the limit that was reached. */
export type EndingName = "terminated" | "faulted" | Extract<Ending, { kind: "truncated" }>["reason"];

/** The name under which an ending is counted: the limit for a truncated episode, otherwise its kind. */
export const endingName = (ending: Ending): EndingName =>
  ending.kind === "truncated" ? ending.reason : ending.kind;

/** One turn of the agent. */
export interface Step {
  /** Counted from 0. */
  index: number;
  /** The page on which the action was chosen. */
  observation: Observation;
  /** The model's raw text, kept even if it could not be parsed. */
  response: string;
  action: ParsedAction;
  /** The model's exact input; absent for agents that are not models. */
  promptTokens?: number[];
  /** The sampled tokens, including the stop token. */
  responseTokens?: number[];
  /** log π(token | prompt, tokens before) under the sampling policy at temperature 1, nats; one per response token. */
  logprobs?: number[];
  /** Path of a screenshot of `observation`, relative to the run directory. */
  screenshot?: string;
  /** What the request to a model's server used. */
  usage?: ChatUsage;
  /** Milliseconds that the policy took, and that the step took: action, waiting and the next observation together. */
  time?: { sampleMs: number; actMs: number };
}

/** How pages are shown. */
export interface BrowserSettings {
  /** Size of the window that pages see, in pixels. */
  width: number;
  height: number;
  /** A language tag such as `en-US`. */
  locale: string;
  /** A name such as `UTC` or `Europe/Berlin`. */
  timezone: string;
}

/** The default window, language and time zone of pages. */
export const DEFAULT_BROWSER: BrowserSettings = {
  width: 1280,
  height: 720,
  locale: "en-US",
  timezone: "UTC",
};

/** An attempt at a task: the agent's steps, the last page, and how it ended. */
export interface Trajectory {
  id: string;
  task: Task;
  /** Which policy acted, e.g. `phase-2` or `oracle`. */
  policy: string;
  seed: number;
  /** How its pages were shown. Absent in trajectories of earlier versions: 1280 × 720, en-US, UTC. */
  browser?: BrowserSettings;
  steps: Step[];
  ending: Ending;
  /** The page after the last action; `null` if it could not be observed. */
  finalObservation: Observation | null;
  /** Hosts that the network guard blocked, with counts. */
  blockedHosts: Record<string, number>;
}

/** Success or failure of a finished trajectory, from a verifier (truth) or a judge (probability). */
export interface Verdict {
  /** Who gave the verdict: `verifier`, `orm`, or a judge's name. */
  by: string;
  /** The reward: `probability` is at least `threshold`. */
  success: boolean;
  /** P(success) in [0, 1]; 0 or 1 from a verifier. */
  probability: number;
  /** What `probability` had to reach, in (0, 1]; absent: 0.5. */
  threshold?: number;
  /** What failed or why, for people. */
  reasons: string[];
  /**
   * There is no verdict: the judge gave no clear one, even when asked again. `success` is `false` and `probability` 0,
   * so that it is never a reward; the trajectory is neither a success nor a failure, and is left out.
   */
  undecided?: true;
  /** What a judge on a server used for it. */
  usage?: ChatUsage;
}

/** The answer that an ending carries; `null` if there is none. */
export function answerOf(ending: Ending): string | null {
  return ending.kind === "terminated" ? ending.answer : null;
}
