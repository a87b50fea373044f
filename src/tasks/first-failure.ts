/**
 * @file Distinguishes the first failure of a site, which the user must correct, from later ones, which are the world's.
 */

import { ConfigError, Fault } from "../core/errors.ts";
import { redactError } from "../text/secrets.ts";

/** The parts of a site's preparation, in order. */
export type SitePart = "start" | "reset" | "login" | "page";

const HINTS: Record<SitePart, string> = {
  start: "Start the application.",
  reset: "Correct `reset` in the site's definition.",
  login: "Correct `login` in the site's definition.",
  page: "Start the application, and check its address and the tasks' startPath.",
};

/**
 * Runs a part of a site's preparation. If it has worked before, a failure is the world's: a `Fault`, which is tried
 * again. If it has never worked, it is the user's: a `ConfigError`. Faults of the browser stay as they are, and so does
 * a page that is too slow, if webrl has started its server (`isOurs`): it has answered, so its address is right.
 */
export function blame(site: string, isOurs = false) {
  const worked = new Set<SitePart>();
  return async function part<T>(name: SitePart, body: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      const value = await body();
      worked.add(name);
      return value;
    } catch (cause) {
      signal?.throwIfAborted();
      redactError(cause);
      if (cause instanceof ConfigError && worked.has(name))
        throw new Fault("site_down", `${site} worked before and now fails: ${cause.message}`, {
          retryable: true,
          cause,
        });
      if (isOurs && cause instanceof Fault && cause.code === "navigation_timeout" && !worked.has(name))
        throw new Fault(
          cause.code,
          `${site}: ${cause.message}. Its server has started and answers: the machine may be too busy. start.timeoutMs is the time for the first page, too`,
          { retryable: true, cause },
        );
      if (cause instanceof Fault && isSites(cause) && !worked.has(name))
        throw new ConfigError(`${site}: ${cause.message}`, HINTS[name], { cause });
      throw cause;
    }
  };
}

const isSites = ({ code }: Fault) => code === "site_down" || code === "navigation_timeout";
