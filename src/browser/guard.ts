/**
 * @file The contract of a guard between an agent and the world: it is asked before every action and for every request
 * that may change something, below the model, on all ways out of a browser context. `safety/gate.ts` decides; an
 * episode without a guard allows everything on its hosts.
 */

import type { Action, ActionError } from "../core/action.ts";
import type { IrreversibleRequest } from "../core/effect.ts";
import type { ElementFacts } from "./page/facts.ts";
import type { Secrets } from "./typed-secrets.ts";

/** What an agent is about to do. */
export interface ActionIntent {
  action: Action;
  /**
   * What the page itself says about the elements that the action touches, directly or by the focus. Empty if it touches
   * none.
   */
  elements: ElementFacts[];
  /** Names of the secrets that the action types. */
  secrets: string[];
  page: { url: string; title: string };
  /** The visible text of the page. */
  pageText(): Promise<string>;
  signal?: AbortSignal | undefined;
}

/** A request on its way out; a message over a WebSocket has the method `WS`. */
export interface OutgoingRequest {
  method: string;
  url: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** The outcome of an allowed request: the status of its answer, or why there was none. */
export type RequestOutcome = { status: number } | { failure: string };

/** Asked before an episode's actions and requests: decides what may leave the browser. */
export interface EpisodeGuard {
  /** The values of placeholders in typed texts. */
  readonly secrets: Secrets;
  /** Called before an action touches the page. A returned text is told to the agent, and the page is not touched. */
  beginAction(intent: ActionIntent): Promise<ActionError | null>;
  /** The page has come to rest after the action: later requests do not belong to it. */
  endAction(): void;
  /** `null`: it is stopped and nothing is sent. Otherwise it is sent, and the outcome is reported. */
  request(request: OutgoingRequest): Promise<((outcome: RequestOutcome) => void) | null>;
  /** Waits until no question is open. `false` if there was none since the last call. */
  waitForAnswers(signal?: AbortSignal): Promise<boolean>;
  /** Sentences for the agent about what was stopped since the last call. */
  takeStopped(): string[];
  /** The episode is over: open questions are refused. */
  end(): void;
}

/** Makes the guard of one episode. `openHosts`: the hosts of the pages that are open. */
export type MakeGuard = (
  world: { irreversible?: Declarations; secrets?: Secrets },
  openHosts: () => string[],
) => EpisodeGuard;

/** What sites declare, by `host` of their addresses. */
export type Declarations = ReadonlyMap<string, readonly IrreversibleRequest[]>;

/** By the standard, requests with these methods change nothing, but a site may treat them differently. */
export const READING = new Set(["GET", "HEAD", "OPTIONS"]);
