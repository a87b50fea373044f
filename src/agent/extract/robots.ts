/** @file What a site asks of programs (robots.txt, RFC 9309), and how often to request pages. */

import { setTimeout as sleep } from "node:timers/promises";
import robots from "robots-parser";

/** Its types mistake its CommonJS export for a default export. */
const robotsParser = robots as unknown as typeof robots.default;

/** The name by which robots.txt can address this program, although requests do not carry it. */
const ROBOT = "webrl";

/** Products named in a User-Agent. A site can have rules for each, such as `HeadlessChrome`, and `*` for all others. */
const productsIn = (userAgent: string): string[] => [
  ...new Set([...userAgent.matchAll(/([A-Za-z][\w-]*)\/[\d.]+/g)].map(([, name]) => name!)),
];

/** The answer to a request for robots.txt; `status` 0 if none came. */
export interface RobotsAnswer {
  status: number;
  contentType: string;
  text: string;
}

export interface Robots {
  allows(url: string): boolean;
  /** Seconds between two pages; 0 if the site asks for none. */
  crawlDelay(): number;
  /** Describes what was found. */
  readonly said: string;
}

/**
 * Rules from the answer of `url`, for a browser whose User-Agent is `userAgent`: what is forbidden to it under any of
 * its names, or to this program, is not requested. If there is no file (4xx), everything is allowed; if the site cannot
 * say (5xx, no answer), nothing is (RFC 9309 §2.3.1). A page instead of the file counts as no file.
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
  if (/html/i.test(contentType)) return always(true, "there is no robots.txt, only a page in its place");
  const parsed = robotsParser(url, text);
  const names = [ROBOT, ...productsIn(userAgent)];
  return {
    allows: (address) => names.every((name) => parsed.isAllowed(address, name) ?? true),
    crawlDelay: () => {
      const delay = Math.max(...names.map((name) => parsed.getCrawlDelay(name) ?? 0));
      return Number.isFinite(delay) && delay > 0 ? delay : 0;
    },
    said: `obeying ${url} as ${names.join(", ")}`,
  };
}

/** The longest crawl delay that we wait for, in seconds: a longer one means no, and is reported. */
export const LONGEST_DELAY = 120;

export interface Pace {
  /** Waits until the next page may be requested. */
  wait(signal?: AbortSignal): Promise<void>;
  /** Waits at least this many seconds between two pages. */
  slowTo(seconds: number): void;
  /** Pages a second at most; `null`: no limit. */
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
