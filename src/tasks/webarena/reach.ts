/**
 * @file Tells a site that has never shown a page from one that has broken: an evaluation waits for the second, but not
 * for the first, because the tasks of other sites can go on.
 */

import { Fault } from "../../core/errors.ts";

/** Runs `body`, which opens `urls`. A fault of a site that has never shown a page becomes one of the task. */
export type Reach = <T>(urls: readonly string[], body: () => Promise<T>) => Promise<T>;

export function createReach(): Reach {
  /** Hosts that have shown a page. */
  const worked = new Set<string>();
  return async (urls, body) => {
    const hosts = urls.map((url) => new URL(url).host);
    try {
      const result = await body();
      for (const host of hosts) worked.add(host);
      return result;
    } catch (cause) {
      const never = hosts.find((host) => !worked.has(host));
      const isSites = cause instanceof Fault && ["site_down", "navigation_timeout"].includes(cause.code);
      if (!isSites || never === undefined) throw cause;
      throw new Fault("task_unusable", `${never} has never shown a page: ${cause.message}`, {
        retryable: false,
        cause,
      });
    }
  };
}
