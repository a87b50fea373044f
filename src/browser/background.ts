/**
 * @file Distinguishes requests that a page repeats for ever (long polling, streams) from those whose answer is worth
 * waiting for.
 */

import type { Request } from "playwright-core";

/** A request that was repeated this often, right after the one before, will be repeated again. */
const CHAIN = 3;
const CHAIN_MS = 500;

interface Habit {
  /** How often in a row it was repeated right after its end. */
  chained: number;
  ended: number;
  /** Whether it was still open when the time was up. */
  slow: boolean;
}

/** Requests that differ only in numbers, which count and date, are of one kind. */
const kindOf = (request: Request) => `${request.method()} ${request.url().replace(/\d+/g, "0")}`;

/** What an episode has learnt about its sites' requests. */
export class Background {
  readonly #habits = new Map<string, Habit>();
  readonly #begun = new WeakMap<Request, number>();
  /** An answer that takes no longer than this is not slow. */
  readonly #patienceMs: number;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  begin(request: Request): void {
    const now = performance.now();
    this.#begun.set(request, now);
    const habit = this.#habits.get(kindOf(request));
    if (habit) habit.chained = now - habit.ended < CHAIN_MS ? habit.chained + 1 : habit.chained;
  }

  /** Its answer has begun; a page that does not read it to the end may repeat the request. */
  answer(request: Request): void {
    this.#of(request).ended = performance.now();
  }

  end(request: Request): void {
    const now = performance.now();
    const habit = this.#of(request);
    habit.ended = now;
    if (now - (this.#begun.get(request) ?? now) < this.#patienceMs) habit.slow = false;
  }

  /** The agent acts, so a request that is repeated now is repeated because of that. */
  act(): void {
    for (const habit of this.#habits.values()) {
      habit.ended = Number.NEGATIVE_INFINITY;
      if (habit.chained < CHAIN) habit.chained = 0;
    }
  }

  /** The time is up, but it is still open. */
  giveUp(request: Request): void {
    this.#of(request).slow = true;
  }

  /** Whether not to wait for its answer. */
  has(request: Request): boolean {
    const habit = this.#habits.get(kindOf(request));
    return habit !== undefined && (habit.slow || habit.chained >= CHAIN);
  }

  #of(request: Request): Habit {
    const kind = kindOf(request);
    let habit = this.#habits.get(kind);
    if (!habit)
      this.#habits.set(kind, (habit = { chained: 0, ended: Number.NEGATIVE_INFINITY, slow: false }));
    return habit;
  }
}
