/** @file The time of a run, without the time that people take to answer the gate's questions. */

export interface RunClock extends Disposable {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
}

/** Longer timers fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Starts the clock. `sumAskedMs`: milliseconds so far spent waiting for a person's answer. */
export function startClock(limitMs: number, sumAskedMs: () => number): RunClock {
  const end = new AbortController();
  const ownMs = () => performance.now() - sumAskedMs();
  const until = ownMs() + limitMs;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const leftMs = until - ownMs();
    if (leftMs <= 0) end.abort(new Error("the run's time is over"));
    else timer = setTimeout(look, Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS)).unref();
  };
  look();
  return { signal: end.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
