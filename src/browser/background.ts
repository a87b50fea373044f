/** @file Tells requests that a page makes for ever (long polling, streams) from those whose answer is waited for. */

import type { Request } from "playwright-core";

/** So often made again by itself, right after the one before: it will be made again. */
const CHAIN = 3;
const CHAIN_MS = 500;

interface Habit {
  /** Times in a row that it was made again right after its end. */
  chained: number;
  ended: number;
  /** It was still open when the time was up. */
  slow: boolean;
}

/** What requests look alike: numbers count and date. */
const kindOf = (request: Request) => `${request.method()} ${request.url().replace(/\d+/g, "0")}`;

/** What an episode has learnt of its sites' requests. */
export class Background {
  readonly #habits = new Map<string, Habit>();
  readonly #begun = new WeakMap<Request, number>();
  /** An answer that comes within this is not slow. */
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

  /** Its answer has begun; a page that does not read it to the end may ask again. */
  answer(request: Request): void {
    this.#of(request).ended = performance.now();
  }

  end(request: Request): void {
    const now = performance.now();
    const habit = this.#of(request);
    habit.ended = now;
    if (now - (this.#begun.get(request) ?? now) < this.#patienceMs) habit.slow = false;
  }

  /** The agent acts: what is asked for again now is asked for because of that. */
  act(): void {
    for (const habit of this.#habits.values()) {
      habit.ended = Number.NEGATIVE_INFINITY;
      if (habit.chained < CHAIN) habit.chained = 0;
    }
  }

  /** The time is up, and it is still open. */
  giveUp(request: Request): void {
    this.#of(request).slow = true;
  }

  /** Whether its answer is not to be waited for. */
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
