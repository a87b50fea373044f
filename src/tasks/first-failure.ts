/** @file Tells the first failure of a site, which the user corrects, from later ones, which are the world's. */

import { ConfigError, Fault } from "../core/errors.ts";
import { redactError } from "../text/secrets.ts";

/** What an episode needs of a site, in this order. */
export type SitePart = "start" | "reset" | "login" | "page";

const HINTS: Record<SitePart, string> = {
  start: "Start the application.",
  reset: "Correct `reset` in the site's definition.",
  login: "Correct `login` in the site's definition.",
  page: "Start the application, and check its address and the tasks' startPath.",
};

/**
 * Runs a part of a site's preparation. What has worked once is the world's when it fails later: a `Fault`, to be tried
 * again. What never has worked is the user's: a `ConfigError`. Faults of the browser stay what they are.
 */
export function blame(site: string) {
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
        throw new Fault("site_down", `${site} does not work any more: ${cause.message}`, {
          retryable: true,
          cause,
        });
      if (cause instanceof Fault && isSites(cause) && !worked.has(name))
        throw new ConfigError(`${site}: ${cause.message}`, HINTS[name], { cause });
      throw cause;
    }
  };
}

const isSites = ({ code }: Fault) => code === "site_down" || code === "navigation_timeout";
