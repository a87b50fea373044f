/**
 * @file A clock that jumps to the next thing that somebody waits for: minutes of waiting pass in no time, work takes
 * what it takes.
 */

export class VirtualClock {
  #now = 0;
  /** Sorted by time, the next one last. */
  #waiting: { at: number; go: () => void }[] = [];
  /** What is under way in real time. */
  #held = 0;
  #onFree: () => void = () => {};

  readonly now = (): number => this.#now;

  /** Something real is on its way: time stands still until everybody who called this has released it. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    if (--this.#held === 0) this.#onFree();
  }

  sleep(ms: number): Promise<void> {
    return new Promise((go) => {
      const at = this.#now + Math.max(0, ms);
      let [low, high] = [0, this.#waiting.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.#waiting[middle]!.at > at) low = middle + 1;
        else high = middle;
      }
      this.#waiting.splice(low, 0, { at, go });
    });
  }

  /** Lets time pass until `work` is done. `onTurn` is called before each jump. */
  async run<T>(work: Promise<T>, onTurn: (waiting: number) => void = () => {}): Promise<T> {
    const done = { yet: false };
    const ended = work.finally(() => (done.yet = true));
    ended.catch(() => {});
    let idle = 0;
    while (!done.yet) {
      // Everything that can go on without time goes first.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#held > 0) {
        await Promise.race([new Promise<void>((resolve) => (this.#onFree = resolve)), ended]);
        continue;
      }
      const next = this.#waiting.at(-1);
      if (next === undefined) {
        // Somebody waits for something real, such as a file.
        if (idle++ > 1000) await new Promise((resolve) => setTimeout(resolve, 1));
        continue;
      }
      idle = 0;
      onTurn(this.#waiting.length);
      this.#now = next.at;
      this.#waiting.pop();
      next.go();
    }
    return ended;
  }
}

/** Lets a limited number pass per second, one after the other; each takes `latencyMs`. */
export class Resource {
  readonly #clock: VirtualClock;
  readonly #perSecond: number;
  readonly #latencyMs: number;
  #freeAt = 0;
  passed = 0;

  constructor(clock: VirtualClock, latencyMs: number, perSecond: number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#perSecond = perSecond;
  }

  async pass(): Promise<void> {
    const now = this.#clock.now();
    const begins = Math.max(now, this.#freeAt);
    this.#freeAt = begins + 1000 / this.#perSecond;
    this.passed++;
    await this.#clock.sleep(begins - now + this.#latencyMs);
  }

  /** Fraction of the time that it was busy. */
  measureUse(ms: number): number {
    return (this.passed * 1000) / this.#perSecond / ms;
  }
}
