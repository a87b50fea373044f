/**
 * @file What stands between an agent and the world: it is asked before every action and for every request that may change
 * something, below the model, on all ways out of a browser context. Whether it lets them pass is its own business
 * (`safety/gate.ts`); an episode without one lets everything pass that stays on its hosts.
 */

import type { Action, ActionError } from "../core/action.ts";
import type { IrreversibleRequest } from "../core/effect.ts";
import type { ElementFacts } from "./page/facts.ts";
import type { Secrets } from "./typed-secrets.ts";

/** What an agent is about to do. */
export interface ActionIntent {
  action: Action;
  /** What the page itself says of the elements that it touches, by the action or by the focus. Empty where it touches none. */
  elements: ElementFacts[];
  /** Names of the secrets that it types. */
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

/** What became of a request that was let through: the status of its answer, or why there was none. */
export type RequestOutcome = { status: number } | { failure: string };

/** Asked before an episode's actions and requests: decides what may leave the browser. */
export interface EpisodeGuard {
  /** What placeholders in typed texts stand for. */
  readonly secrets: Secrets;
  /** Before an action touches the page. What comes back is told to the agent, and the page is not touched. */
  beginAction(intent: ActionIntent): Promise<ActionError | null>;
  /** The page has come to rest after it: what goes out from now on is nobody's action. */
  endAction(): void;
  /** `null`: stopped, nothing of it leaves. Else it leaves, and what becomes of it is told. */
  request(request: OutgoingRequest): Promise<((outcome: RequestOutcome) => void) | null>;
  /** Waits until no question is open. `false`: there was none since this was last called. */
  waitForAnswers(signal?: AbortSignal): Promise<boolean>;
  /** What was stopped since this was last asked, in sentences for the agent. */
  takeStopped(): string[];
  /** The episode is over: what is still asked is refused. */
  end(): void;
}

/** Makes the guard of one episode. `openHosts`: of the pages that are open. */
export type MakeGuard = (
  world: { irreversible?: Declarations; secrets?: Secrets },
  openHosts: () => string[],
) => EpisodeGuard;

/** What sites declare, by `host` of their addresses. */
export type Declarations = ReadonlyMap<string, readonly IrreversibleRequest[]>;

/** Requests with these methods change nothing by the standard; what a site makes of them is another matter. */
export const READING = new Set(["GET", "HEAD", "OPTIONS"]);
