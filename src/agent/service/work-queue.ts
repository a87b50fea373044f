/**
 * @file The agent's work in a conversation: one thing after the other, when the service has a free place, until a
 * person takes over.
 */

import type { Turns } from "./turns.ts";

export interface WorkQueueOptions {
  turns: Turns;
  /** Aborted when the service ends. */
  ending: AbortSignal;
  /** Whether all work is done. */
  onIdle: () => void;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Aborts what is under way. */
  #current: AbortController | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  get isWorking(): boolean {
    return this.#current !== null;
  }

  /** Rejects with what `body` throws; later work is still done. */
  do<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const current = new AbortController();
    this.#current = current;
    const { turns, ending, onIdle } = this.#options;
    const done = this.#work.then(() => turns.take(() => body(AbortSignal.any([current.signal, ending]))));
    const end = () => {
      if (this.#current !== current) return;
      this.#current = null;
      onIdle();
    };
    this.#work = done.then(end, end);
    return done;
  }

  stop(reason: string): void {
    this.#current?.abort(new Error(reason));
  }

  /** Resolves when no work is under way. */
  waitUntilIdle(): Promise<void> {
    return this.#work;
  }
}
