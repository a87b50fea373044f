/**
 * @file Functions of a user's definition (checks, templates, oracles): what they throw is the user's error, reported
 * with file and line and never tried again. A `Fault` passes unchanged: it is the application's.
 */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, Fault } from "../core/errors.ts";
import { redactError } from "../text/secrets.ts";

/** What to throw instead of `cause`, which `what` (e.g. "a check of desk.close") threw. */
export function userError(what: string, cause: unknown): ConfigError | Fault {
  const ours = ourError(cause);
  if (ours) return ours;
  const place = placeOf(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ConfigError(
    `${what} threw: ${message}${place === null ? "" : ` (${place})`}`,
    `Correct ${place ?? "the site's definition"}; \`webrl suite check\` tries every task.`,
    { cause },
  );
}

/**
 * Whether this is a `ConfigError` or `Fault`, even of another copy of this package, which a definition may have loaded.
 */
export function ourError(error: unknown): ConfigError | Fault | null {
  if (error instanceof ConfigError || error instanceof Fault) return error;
  if (!(error instanceof Error)) return null;
  const { name, message, cause } = error;
  if (name === "ConfigError") return new ConfigError(message, (error as ConfigError).hint, { cause });
  if (name !== "Fault") return null;
  const { code, retryable } = error as Fault;
  return new Fault(code, message, { retryable, cause });
}

/** Wraps `given` so that its errors are reported as the user's. */
export function guard<A extends unknown[], R>(what: string, given: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    try {
      return given(...args);
    } catch (cause) {
      throw redactError(userError(what, cause));
    }
  };
}

const OURS = new URL("../", import.meta.url).href;

/**
 * `file:line:column` of the first stack frame that is neither ours nor Node's nor a dependency's; only the file if tsx
 * runs TypeScript as CommonJS, whose frames have no line.
 */
export function placeOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  for (const line of error.stack?.split("\n") ?? []) {
    const [, encoded] = /data:text\/javascript,__filename%3D%22(.*?)%22/.exec(line) ?? [];
    if (encoded !== undefined) return near(decodeURIComponent(encoded));
    if (line.includes("node:")) continue;
    const frame = /((?:file:\/\/\/|\/|[A-Za-z]:[\\/]).*?)(?:\?[^:]*)?:(\d+):(\d+)\)?$/.exec(line);
    if (!frame) continue;
    const [, at, row, column] = frame;
    const path = at!.startsWith("file:") ? fileURLToPath(at!) : at!;
    if (path.startsWith(fileURLToPath(OURS)) || /[\\/]node_modules[\\/]/.test(path)) continue;
    return `${near(path)}:${row}:${column}`;
  }
  return null;
}

/** Relative to the working directory if it is inside it. */
function near(path: string): string {
  const inside = relative(process.cwd(), path);
  return inside.startsWith("..") ? path : inside;
}
