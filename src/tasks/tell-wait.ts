/** @file Tells somebody who waits for a slow server how long it has taken so far. */

const EVERY_MS = 15_000;

/** Awaits `body`, and calls `tell` every 15 s until it ends. */
export async function tellWait<T>(
  { what, limitMs, tell }: { what: string; limitMs: number; tell: ((message: string) => void) | undefined },
  body: () => Promise<T>,
): Promise<T> {
  let waitedMs = 0;
  const timer = setInterval(() => {
    waitedMs += EVERY_MS;
    tell?.(`waiting for ${what}: ${waitedMs / 1000} s so far, at most ${Math.round(limitMs / 1000)} s`);
  }, EVERY_MS);
  try {
    return await body();
  } finally {
    clearInterval(timer);
  }
}
