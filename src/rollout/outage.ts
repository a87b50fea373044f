/**
 * @file Waits until a broken site or model's server answers again: with growing pauses, for all episodes together, up
 * to a limit.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Site } from "../core/episode.ts";
import type { FaultCode } from "../core/errors.ts";
import { Fault } from "../core/errors.ts";
import type { EpisodeRequest } from "./episode.ts";

export interface WaitOptions {
  /** Minutes after which the wait is given up. */
  limitMinutes: number;
  /** Called after every failed try, with the milliseconds since the first. */
  onTry?: ((message: string, waitedMs: number) => void) | undefined;
  now?: (() => number) | undefined;
  pause?: ((ms: number, signal: AbortSignal) => Promise<unknown>) | undefined;
  signal: AbortSignal;
}

export interface OutageOptions<T> extends WaitOptions {
  /** What it waits for, and the code of the fault when it gives up. */
  name: string;
  code: FaultCode;
  /** Says what is wrong, or `null` if it answers; `broken` is what ran into the fault. */
  probe(tries: number, broken: T): Promise<string | null>;
}

/**
 * The returned function resolves when it answers: `false` if it did so at once, so that it was not down; `true` if it
 * was. It throws a `Fault` (not retryable) after the limit.
 */
export function createOutage<T>(options: OutageOptions<T>): (broken: T) => Promise<boolean> {
  const { name, limitMinutes, signal } = options;
  const now = options.now ?? Date.now;
  const pause = options.pause ?? ((ms: number) => sleep(ms, undefined, { signal }));
  let waiting: Promise<boolean> | undefined;

  const untilItAnswers = async (broken: T): Promise<boolean> => {
    const from = now();
    for (let tries = 0; ; tries++) {
      await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10)), signal);
      const why = await options.probe(tries, broken);
      if (why === null) return tries > 0;
      const waitedMs = now() - from;
      if (waitedMs >= limitMinutes * 60_000)
        throw new Fault(
          options.code,
          `${name} has not answered for ${Math.round(waitedMs / 60_000)} minutes: ${why}`,
          { retryable: false },
        );
      options.onTry?.(why, waitedMs);
    }
  };

  return (broken) =>
    (waiting ??= untilItAnswers(broken).finally(() => {
      waiting = undefined;
    }));
}

export interface SiteOutageOptions extends WaitOptions {
  site: Site;
  /** The tasks; any of them may be started to check whether the site answers. */
  requests: readonly EpisodeRequest[];
}

export interface SiteOutage {
  /** Records that this request showed its first page: from now on it is used to try the site. */
  noteStarted(request: EpisodeRequest): void;
  /** As in {@link createOutage}. */
  wait(broken: EpisodeRequest): Promise<boolean>;
  /** The same after a fault of a browser elsewhere: waits until one of the browsers takes an episode. */
  waitForBrowser(broken: EpisodeRequest): Promise<boolean>;
}

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** Faults that may mean that the whole site is down. */
export const isSiteFault = (code: FaultCode) => code === "site_down" || code === "navigation_timeout";

export function watchForOutages(options: SiteOutageOptions): SiteOutage {
  const { site, requests, signal } = options;
  let good: EpisodeRequest | undefined;

  /** What is wrong, or `null` if an episode starts without a fault for which `isDown` is true. */
  const tryStart = async (
    { task, seed }: EpisodeRequest,
    isDown: (code: FaultCode) => boolean,
  ): Promise<string | null> => {
    try {
      await using episode = await site.start(task, { seed, signal });
      void episode;
      return null;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault && isDown(error.code)) return error.message;
      // Other errors tell nothing about the site, and the next attempt will run into them.
      if (error instanceof Fault) return null;
      throw error;
    }
  };

  return {
    noteStarted: (request) => (good = request),
    wait: createOutage<EpisodeRequest>({
      ...options,
      name: site.name,
      code: "site_down",
      // Tries another task first: the broken one's page may be the only one that does not work.
      probe: (tries, broken) =>
        tryStart(good ?? requests[(requests.indexOf(broken) + tries + 1) % requests.length]!, isSiteFault),
    }),
    waitForBrowser: createOutage<EpisodeRequest>({
      ...options,
      name: "the pool of browsers",
      code: "browser_lost",
      probe: (_, broken) => tryStart(good ?? broken, (code) => code === "browser_lost"),
    }),
  };
}
