/**
 * @file Functions of a user's definition (checks, templates, oracles): what they throw is the user's error, with file
 * and line, and is never tried again. A `Fault` passes: it is the application's.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, Fault } from "../core/errors.ts";

/** What to throw instead of `cause`, which `what` (e.g. "a check of desk.close") threw. */
export function userError(what: string, cause: unknown): ConfigError | Fault {
  // By name: a definition may have been loaded beside another copy of this package.
  if (cause instanceof Error && (cause.name === "Fault" || cause.name === "ConfigError"))
    return cause as ConfigError | Fault;
  const place = placeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ConfigError(
    `${what} threw: ${message}${place === null ? "" : ` (${place})`}`,
    `Correct ${place ?? "the site's definition"}; \`webrl suite check\` tries every task.`,
    { cause },
  );
}

/** `given`, whose errors are the user's. */
export function guarded<A extends unknown[], R>(what: string, given: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return given(...args);
    } catch (cause) {
      throw userError(what, cause);
    }
  };
}

const OURS = new URL("../", import.meta.url).href;

/** `file:line:column` of the first stack frame that is neither ours nor Node's nor a dependency's. */
export function placeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  for (const line of error.stack?.split("\n") ?? []) {
    const frame = /((?:file:\/\/\/|\/|[A-Za-z]:[\\/]).*?)(?:\?[^:]*)?:(\d+):(\d+)\)?$/.exec(line);
    if (!frame) continue;
    const [, at, row, column] = frame;
    const path = at!.startsWith("file:") ? fileURLToPath(at!) : at!;
    if (path.startsWith(fileURLToPath(OURS)) || /[\\/]node_modules[\\/]/.test(path)) continue;
    const near = relative(process.cwd(), path);
    return `${near.startsWith("..") ? path : near}:${row}:${column}`;
  }
  return null;
}
