/** @file What a conversation has the agent do: one thing after the other, when the service has room, until a person takes over. */

import type { Turns } from "./turns.ts";

export interface WorkQueueOptions {
  turns: Turns;
  /** Ends with the service. */
  ending: AbortSignal;
  /** Everything is done. */
  onIdle: () => void;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Ends what is under way. */
  #current: AbortController | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  get isWorking(): boolean {
    return this.#current !== null;
  }

  /** Rejects with what `body` throws; the next one is done all the same. */
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

  /** Resolves when nothing is under way any more. */
  waitUntilIdle(): Promise<void> {
    return this.#work;
  }
}
