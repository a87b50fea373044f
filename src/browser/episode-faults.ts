/** @file Finds the fault of the world behind an error that ended an episode or kept it from starting. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { Fault } from "../core/errors.ts";
import { TooLate } from "./with-deadline.ts";
import { browserFault } from "./pool.ts";
import { createCrashFault } from "./tabs.ts";

/** The fault of a start page that did not arrive; `null` if something else went wrong. `why`: what the proxy knows. */
export function startFault(
  error: unknown,
  startUrl: string,
  { allowed, why }: { allowed: boolean; why: string | undefined },
): Fault | null {
  if (error instanceof TooLate)
    return new Fault("navigation_timeout", `${startUrl} did not arrive: ${error.message}`, {
      retryable: true,
      cause: error,
    });
  if (!allowed)
    return new Fault("site_down", `the start page ${startUrl} is not on a host of this episode`, {
      retryable: false,
      cause: error,
    });
  const code = /net::ERR_\w+/.exec(String(error))?.[0];
  if (code === undefined) return null;
  const message = `${startUrl} cannot be reached: ${why ?? code}`;
  return new Fault("site_down", message, { retryable: true, cause: error });
}

/** Throws errors that are our own. */
export async function faultBehind(
  error: unknown,
  browser: Pick<Browser, "isConnected">,
  hasCrashed: () => boolean,
): Promise<Fault> {
  if (error instanceof Fault) return error;
  // Our bug, not the world's: Playwright and pages throw plain errors.
  if (!(error instanceof Error) || error.message.startsWith("invariant violated")) throw error;
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    throw error;
  // The message about the connection may arrive after the failure that it caused.
  if (/closed|crash|disconnected/i.test(error.message))
    for (let i = 0; i < 20 && browser.isConnected() && !hasCrashed(); i++) await sleep(25);
  if (!browser.isConnected()) return browserFault(browser, error, "");
  if (hasCrashed()) return createCrashFault(error);
  if (error instanceof TooLate)
    return new Fault("observation_failed", `the page does not answer: ${error.message}`, {
      retryable: true,
      cause: error,
    });
  return browserFault(browser, error, "the page could not be observed");
}
