/**
 * @file What an episode of WebArena needs (addresses, its login, a judge), or why a task cannot be used, as far as that
 * is known before it begins. What the task file alone says is in `tasks.ts`.
 */

import { belongsTo } from "../../browser/typed-secrets.ts";
import { Fault } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import { whyNoLogin } from "./login.ts";
import type { Settings } from "./settings.ts";
import { addressesOf, fillUrls, needsJudge, whatIsRefused } from "./tasks.ts";
import type { TaskEntry, WebArenaTask } from "./tasks.ts";
import type { Protocol } from "./text.ts";

/** People install WebArena on their own machines. */
export function networkOf({ urls }: Settings) {
  const allowedHosts = [...new Set(Object.values(urls).map((url) => new URL(url).host))];
  return { hosts: new Map(), allowedHosts, privateHosts: allowedHosts };
}

/** Where an episode begins, and with which login; base URLs are still placeholders. */
export type Beginning = Pick<WebArenaTask, "start_url" | "storage_state"> &
  Partial<Pick<WebArenaTask, "eval">>;

/** For a task that is not in the task file: it gets the login of the tasks on the same sites. */
export function beginningOf({ sites, startUrl }: Task, entries: readonly TaskEntry[]): Beginning {
  const names = [...new Set(sites)].toSorted().join();
  const like = entries.find(
    ({ task, unusable }) =>
      unusable === null &&
      [...new Set(task.sites)].toSorted().join() === names &&
      task.storage_state !== null,
  );
  return {
    start_url: startUrl,
    storage_state: (like?.task as WebArenaTask | undefined)?.storage_state ?? null,
  };
}

function refuse(why: string): never {
  throw new Fault("task_unusable", why, { retryable: false });
}

type Filled<T> = { filled: T; why: null } | { filled: null; why: string };

/** Fills in the sites' base URLs, or says what is wrong: one is missing, or an address or a login is of no site. */
export function fill<T extends Beginning>(task: T, settings: Settings): Filled<T> {
  const no = (why: string) => ({ filled: null, why });
  const { filled, missing } = fillUrls(task, settings.urls);
  if (missing !== null)
    return no(`it needs ${missing}, the base URL of a site, which is not set (settings file or environment)`);
  const { allowedHosts } = networkOf(settings);
  const foreign = addressesOf(filled).find(([, address]) => !belongsTo(allowedHosts, address));
  if (foreign)
    return no(`${foreign[0]}: ${foreign[1]} is on none of the sites' hosts, ${allowedHosts.join(", ")}`);
  const { storage_state: state } = filled;
  const why = typeof state === "string" ? whyNoLogin(state, settings) : null;
  return why === null ? { filled, why } : no(why);
}

/** A task with its base URLs, or why it cannot be used, as far as that is known before its episode. */
export function fillTask(entry: TaskEntry, settings: Settings, protocol: Protocol): Filled<WebArenaTask> {
  const { task, unusable } = entry;
  if (unusable !== null) return { filled: null, why: unusable };
  const why = whatIsRefused(task, protocol, settings.evaluator);
  if (why !== null) return { filled: null, why };
  if (task.require_reset && settings.reset === undefined)
    return { filled: null, why: "it needs a reset, but `reset` is not in the settings file" };
  return fill(task, settings);
}

/** Throws a `Fault` that says why it cannot be used. */
export function requireFilled<T>({ filled, why }: Filled<T>): T {
  return why === null ? filled : refuse(`the task cannot be used: ${why}`);
}

/** What a task's episode needs; throws a `Fault` that says what is missing. */
export function requireTask(
  entry: TaskEntry,
  settings: Settings,
  protocol: Protocol,
  hasJudge: boolean,
): WebArenaTask {
  const filled = requireFilled(fillTask(entry, settings, protocol));
  if (needsJudge(filled) && !hasJudge)
    return refuse(
      "a language model compares its answer, but none is named (`webrl eval --judge MODEL`, or llm.model of a run)",
    );
  return filled;
}
