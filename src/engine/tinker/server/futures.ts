/**
 * @file Accepted requests by id, from the answer that they are queued until their results are fetched or too old. If
 * there are many, the oldest fetched results go first; if nobody fetches, new requests are refused.
 */

import { setTimeout } from "node:timers/promises";
import type { ServerLimits } from "./limits.ts";
import type { Outcome } from "./results.ts";

export interface Future {
  readonly id: string;
  /** The session that it belongs to; it ends with the session. */
  readonly session: string | null;
  /** What was asked, to tell another request with the same number from a repetition. */
  readonly digest: string;
  outcome: Outcome | null;
  /** Resolves with the outcome. */
  readonly done: Promise<Outcome>;
  settle(outcome: Outcome): void;
  /** Why it has not begun, for a client that asks. */
  waitsFor?: (() => string | null) | undefined;
  settledAt: number;
  fetchedAt: number | null;
}

/** Seconds that a fetched result stays: its answer may have been lost on the way. */
const FETCHED_SECONDS = 60;

export class Futures {
  readonly #limits: ServerLimits;
  readonly #now: () => number;
  readonly #byId = new Map<string, Future>();
  #bytes = 0;

  constructor(limits: ServerLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get(id: string): Future | undefined {
    return this.#byId.get(id);
  }

  /** Whether there is room for another result. */
  hasRoom(): boolean {
    this.sweep();
    return this.#bytes < this.#limits.resultBytes;
  }

  open(id: string, digest: string, session: string | null): Future {
    let resolve!: (outcome: Outcome) => void;
    const done = new Promise<Outcome>((settled) => (resolve = settled));
    const future: Future = {
      id,
      session,
      digest,
      outcome: null,
      done,
      settledAt: 0,
      fetchedAt: null,
      settle: (outcome) => {
        if (future.outcome) return;
        future.outcome = outcome;
        future.settledAt = this.#now();
        if (this.#byId.get(id) === future) this.#bytes += sizeOf(outcome);
        resolve(outcome);
      },
    };
    this.#byId.set(id, future);
    return future;
  }

  /** A result was sent; for a while, the client may ask for it again. */
  markFetched(future: Future): void {
    future.fetchedAt ??= this.#now();
  }

  forget(id: string): void {
    const future = this.#byId.get(id);
    if (!future) return;
    this.#byId.delete(id);
    if (future.outcome) this.#bytes -= sizeOf(future.outcome);
  }

  ofSession(session: string): Future[] {
    return [...this.#byId.values()].filter((future) => future.session === session);
  }

  /** Waits until every result was fetched, or the time is up. */
  async waitUntilFetched(ms: number): Promise<void> {
    const end = performance.now() + ms;
    const isWaiting = () =>
      [...this.#byId.values()].some(({ outcome, fetchedAt }) => outcome && fetchedAt === null);
    while (isWaiting() && performance.now() < end) await setTimeout(50);
  }

  /** Drops what is too old, and, if the results are still too large, more of what was fetched. */
  sweep(): void {
    const now = this.#now();
    for (const future of this.#byId.values())
      if (future.outcome) {
        const isOld = now - future.settledAt > this.#limits.resultSeconds * 1000;
        const wasFetched = future.fetchedAt !== null && now - future.fetchedAt > FETCHED_SECONDS * 1000;
        if (isOld || wasFetched) this.forget(future.id);
      }
    for (const future of this.#byId.values()) {
      if (this.#bytes < this.#limits.resultBytes) return;
      if (future.fetchedAt !== null) this.forget(future.id);
    }
  }
}

const sizeOf = (outcome: Outcome) => (outcome.ok ? outcome.body.byteLength : outcome.error.length) + 200;
