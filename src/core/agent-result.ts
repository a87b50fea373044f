/** @file The result of an agent's run and the evidence for it. Plain JSON, kept beside the trajectory. */

/**
 * - `done`: the agent says that it has done what it was asked, or has an answer;
 * - `gave up`: it says that it cannot;
 * - `stopped`: a limit, a loop, a site that asks to sign in, or a person ended it;
 * - `refused`: its last action was not permitted, and it did nothing else after that;
 * - `faulted`: the world broke: browser, site or the model's server.
 */
export type RunOutcome = "done" | "gave up" | "stopped" | "refused" | "faulted";

/** A line of a page that supports an answer. */
export interface Passage {
  /** A line of the page as the model read it. */
  text: string;
  /** Name of the element in it that contains most of the answer; `null` if that is plain text. */
  element: string | null;
}

/** A page that the agent saw, with the lines on it that support the answer. */
export interface Evidence {
  url: string;
  title: string;
  /** The step before which the page was seen; for the last page, the number of steps. */
  step: number;
  passages: Passage[];
  /** Path of the page's picture in the agent's directory, if one was kept. */
  screenshot: string | null;
}

/** The result of an agent's run: how it ended, the answer, and the evidence for it. */
export interface AgentResult {
  outcome: RunOutcome;
  /** Why it ended so, in one sentence. */
  reason: string;
  /** What the agent says; `null` if it did not get that far, or has nothing to say. */
  answer: string | null;
  /** No page that was seen supports the answer: it may be made up. */
  unsupported: boolean;
  /** Where the answer was seen. */
  evidence: Evidence[];
  /** Picture of the last page: its path in the agent's directory; `null` if none could be taken. */
  picture: string | null;
}
