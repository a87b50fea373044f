/**
 * @file Checks of what an application's own database holds: what one task changes in it, and that nothing else changed.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Fault } from "../core/errors.ts";
import type { JsonValue } from "../core/task.ts";
import { eventually } from "../sites/define-site.ts";
import type { SiteCheck, SiteFinished } from "../sites/define-site.ts";

const run = promisify(execFile);
const QUERY_MS = 60_000;

/** What a database's own program answers to a query for one JSON value. Throws a `Fault` if it does not answer. */
export async function query<T>(program: string, args: readonly string[]): Promise<T> {
  try {
    const { stdout } = await run(program, args, { timeout: QUERY_MS, maxBuffer: 64 * 1024 * 1024 });
    return JSON.parse(stdout) as T;
  } catch (cause) {
    throw new Fault("site_down", `${program} did not answer: ${(cause as Error).message.slice(0, 500)}`, {
      retryable: true,
      cause,
    });
  }
}

export interface StateChecks<S> {
  /**
   * The state is the initial one after one of `changes`, and nothing else changed. The reasons are those of the first.
   */
  becomes: (...changes: ((state: S) => void)[]) => SiteCheck;
  expectNoChange: () => SiteCheck;
}

/**
 * `read`: everything that a task may change or must leave alone, as plain JSON without what changes by itself (times,
 * sessions). `initial`: the same of what every copy begins with. `withinMs`: how long after the last action a
 * change may still appear.
 */
export function stateChecks<S extends object>(
  read: (finished: SiteFinished) => Promise<S>,
  initial: (finished: SiteFinished) => Promise<S>,
  withinMs = 0,
): StateChecks<S> {
  const becomes =
    (...changes: ((state: S) => void)[]): SiteCheck =>
    async (finished) => {
      const first = await initial(finished);
      const ways = changes.map((change) => {
        const wanted = structuredClone(first);
        change(wanted);
        return wanted;
      });
      return eventually(withinMs, async () => {
        const got = await read(finished);
        const reasons = ways.map((wanted) => differences(wanted as JsonValue, got as JsonValue));
        return reasons.some((each) => each.length === 0) ? [] : reasons[0]!.slice(0, 5);
      });
    };
  return { becomes, expectNoChange: () => becomes(() => {}) };
}

/** One line for each place where they differ. White space at ends of texts and lines does not count. */
export function differences(wanted: JsonValue, got: JsonValue, at = ""): string[] {
  if (isObject(wanted) && isObject(got))
    return [...new Set([...Object.keys(wanted), ...Object.keys(got)])].flatMap((key) =>
      differences(wanted[key] ?? null, got[key] ?? null, at === "" ? key : `${at}.${key}`),
    );
  return plain(wanted) === plain(got) ? [] : [`${at}: expected ${plain(wanted)}, got ${plain(got)}`];
}

const isObject = (value: JsonValue): value is Record<string, JsonValue> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const plain = (value: JsonValue): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "string"
      ? inner
          .replaceAll("\r", "")
          .replace(/[ \t]+$/gm, "")
          .trim()
      : inner,
  );
