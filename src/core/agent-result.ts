/** @file What an agent at work may say at the end of a run, and what that rests on. Plain JSON: it is kept beside the trajectory. */

/**
 * - `done`: the agent says that it has done what it was asked, or has an answer;
 * - `gave up`: it says that it cannot;
 * - `stopped`: a limit, a loop, a site that asks to sign in, or a person ended it;
 * - `refused`: what it wanted to do last was not permitted, and it did nothing else after that;
 * - `faulted`: the world broke: browser, site or the model's server.
 */
export type RunOutcome = "done" | "gave up" | "stopped" | "refused" | "faulted";

/** A line of a page that supports an answer. */
export interface Passage {
  /** A line of the page as the model read it. */
  text: string;
  /** Name of the element in it that carries most of the answer; `null` where that is plain text. */
  element: string | null;
}

/** A page that the agent saw, with the lines on it that support the answer. */
export interface Evidence {
  url: string;
  title: string;
  /** Before which step the page was seen; the number of steps for the last page. */
  step: number;
  passages: Passage[];
  /** Path of the page's picture in the agent's directory, where one was kept. */
  screenshot: string | null;
}

/** What became of an agent's run: how it ended, the answer, and the evidence for it. */
export interface AgentResult {
  outcome: RunOutcome;
  /** Why it ended so, in one sentence. */
  reason: string;
  /** What the agent says; `null` where it has not come to that, or has nothing to say. */
  answer: string | null;
  /** Nothing that was seen carries the answer: it may be made up. */
  unsupported: boolean;
  /** Where the answer was seen. */
  evidence: Evidence[];
  /** Picture of the last page: its path in the agent's directory; `null` where none could be taken. */
  picture: string | null;
}
