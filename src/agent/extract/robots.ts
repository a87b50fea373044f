/** @file What a site asks of programs (robots.txt, RFC 9309), and how often it is asked for a page. */

import { setTimeout as sleep } from "node:timers/promises";
import robots from "robots-parser";

/** Its types take its CommonJS export for a module's default. */
const robotsParser = robots as unknown as typeof robots.default;

/** By which robots.txt can name this program, which does not say so in its requests. */
const ROBOT = "webrl";

/** Products that a User-Agent names; a site can have rules for each: `HeadlessChrome`, and `*` for what it does not name. */
const productsIn = (userAgent: string): string[] => [
  ...new Set([...userAgent.matchAll(/([A-Za-z][\w-]*)\/[\d.]+/g)].map(([, name]) => name!)),
];

/** A robots.txt as it came; `status` 0: it did not. */
export interface RobotsAnswer {
  status: number;
  contentType: string;
  text: string;
}

export interface Robots {
  allows(url: string): boolean;
  /** Seconds between two pages; 0 where nothing is asked. */
  crawlDelay(): number;
  /** What was found, in words. */
  readonly said: string;
}

/**
 * By the answer of `url`, for a browser that says it is `userAgent`: what is forbidden to it under any of its names, or to this
 * program, is not asked for. Where there is none (4xx), everything is allowed; where the site cannot say (5xx, no answer), nothing is
 * (RFC 9309 §2.3.1). A page in place of the file is none.
 */
export function readRobots(url: string, { status, contentType, text }: RobotsAnswer, userAgent = ""): Robots {
  const always = (allowed: boolean, said: string): Robots => ({
    allows: () => allowed,
    crawlDelay: () => 0,
    said,
  });
  if (status === 0 || status >= 500)
    return always(false, status === 0 ? `${url} could not be reached` : `${url} answered ${status}`);
  if (status >= 400) return always(true, `there is no robots.txt (${status})`);
  if (/html/i.test(contentType)) return always(true, "there is no robots.txt, but a page in its place");
  const parsed = robotsParser(url, text);
  const names = [ROBOT, ...productsIn(userAgent)];
  return {
    allows: (address) => names.every((name) => parsed.isAllowed(address, name) ?? true),
    crawlDelay: () => {
      const delay = Math.max(...names.map((name) => parsed.getCrawlDelay(name) ?? 0));
      return Number.isFinite(delay) && delay > 0 ? delay : 0;
    },
    said: `${url} is kept to, as ${names.join(", ")}`,
  };
}

/** Longest crawl delay that is kept, in seconds: more is a way to say no, and is told. */
export const LONGEST_DELAY = 120;

export interface Pace {
  /** Waits until the next page may be asked for. */
  wait(signal?: AbortSignal): Promise<void>;
  /** Asks for at least so many seconds between two pages. */
  slowTo(seconds: number): void;
  /** Pages a second at most; `null`: as many as there can be. */
  readonly rate: number | null;
}

/** `rate`: pages a second at most, `null` without a limit. `now` and `pause`: for tests. */
export function createPace(
  rate: number | null,
  now: () => number = () => performance.now(),
  pause: (ms: number, signal?: AbortSignal) => Promise<unknown> = (ms, signal) =>
    sleep(ms, undefined, signal && { signal }),
): Pace {
  let everyMs = rate === null ? 0 : 1000 / rate;
  let free = 0;
  return {
    wait: async (signal) => {
      const from = now();
      const at = Math.max(from, free);
      free = at + everyMs;
      if (at > from) await pause(at - from, signal);
      signal?.throwIfAborted();
    },
    slowTo: (seconds) => {
      everyMs = Math.max(everyMs, seconds * 1000);
    },
    get rate() {
      return everyMs === 0 ? null : 1000 / everyMs;
    },
  };
}
