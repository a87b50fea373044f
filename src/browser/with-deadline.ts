/** @file Waiting with an end: nothing in an episode may wait for the page without a limit. */

import { duration } from "../core/duration.ts";

/** What {@link withDeadline} rejects with when the time is up. */
export class TooLate extends Error {
  override readonly name = "TooLate";
}

/** `promise`, but rejects with {@link TooLate} after `ms` and with the signal's reason when it is aborted. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
  // Whoever loses the race must not become an unhandled rejection.
  promise.catch(() => {});
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const end = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(`nothing within ${duration(ms / 1000)}`)), Math.max(0, ms));
    onAbort = () => reject(signal!.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener("abort", onAbort);
  }
}
