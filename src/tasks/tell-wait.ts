/** @file Tells somebody who waits for a slow server how long it has taken so far. */

import { duration } from "../core/duration.ts";

const EVERY_MS = 15_000;

/** Awaits `body`, and calls `tell` every 15 s until it ends. `limitMs`: after how long it will, if that is known. */
export async function tellWait<T>(
  {
    what,
    limitMs,
    tell,
  }: { what: string; limitMs: number | null; tell: ((message: string) => void) | undefined },
  body: () => Promise<T>,
): Promise<T> {
  let waitedMs = 0;
  const timer = setInterval(() => {
    waitedMs += EVERY_MS;
    tell?.(
      `waiting for ${what}: ${waitedMs / 1000} s so far${limitMs === null ? "" : `, at most ${duration(limitMs / 1000)}`}`,
    );
  }, EVERY_MS);
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
}
