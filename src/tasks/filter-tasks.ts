/** @file What all suites share: filters, and messages about unknown names. */

import { group } from "d3-array";
import { ConfigError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { takeTurns } from "../core/take-turns.ts";
import type { Category, Split, Task } from "../core/task.ts";

/** Which tasks of a suite are wanted; a missing key does not restrict. */
export interface TaskFilter {
  split?: Split;
  /** Tasks that touch this site. */
  site?: string;
  /** Id of a template. */
  template?: string;
  category?: Category;
  maxDifficulty?: number;
  /** At most this many, taken from each template in turn. */
  limit?: number;
}

/** The command that lists the tasks of a suite that is not the built-in one. */
export const LIST = "webrl suite list --suite NAME --file PATH";

/** Applies a filter to the tasks of any suite. Throws a `ConfigError` if a name in it is unknown. */
export function filterTasks(tasks: readonly Task[], filter: TaskFilter, list = LIST): Task[] {
  const { split, site, template, category, maxDifficulty, limit } = filter;
  const check = (what: string, name: string | undefined, known: (task: Task) => (string | null)[]) => {
    if (name === undefined || tasks.some((task) => known(task).includes(name))) return;
    const names = new Set(tasks.flatMap(known).filter((n) => n !== null));
    throw reportUnknown(what, name, names, list);
  };
  check("site", site, (task) => task.sites);
  check("template", template, (task) => [task.templateId]);
  check("category", category, (task) => [task.category]);
  const chosen = tasks.filter(
    (task) =>
      (!split || task.split === split) &&
      (!site || task.sites.includes(site)) &&
      (!template || task.templateId === template) &&
      (!category || task.category === category) &&
      task.difficulty <= (maxDifficulty ?? Infinity),
  );
  if (limit === undefined || limit >= chosen.length) return chosen;
  return takeTurns([...group(chosen, (task) => task.templateId).values()]).slice(0, limit);
}

/**
 * The task with this id. Throws a `ConfigError` if there is none, which names the nearest one; where the id is like that
 * of a template, its first task.
 */
export function findTask(tasks: readonly Task[], id: string, list = LIST): Task {
  const found = tasks.find((task) => task.id === id);
  if (found) return found;
  const names = new Map<string, string>();
  for (const task of tasks) {
    if (task.templateId !== null && !names.has(task.templateId)) names.set(task.templateId, task.id);
    names.set(task.id, task.id);
  }
  const near = nearest(id, names.keys());
  throw describeUnknown("task", id, near === undefined ? undefined : names.get(near), list);
}

/** The error for a name that is none of the known ones. It names the nearest of them. */
export const reportUnknown = (
  what: string,
  name: string,
  known: Iterable<string>,
  list: string,
): ConfigError => describeUnknown(what, name, nearest(name, known), list);

function describeUnknown(what: string, name: string, near: string | undefined, list: string): ConfigError {
  return new ConfigError(
    `no ${what} ${JSON.stringify(name)}${near ? `; the nearest is ${JSON.stringify(near)}` : ""}`,
    `List what there is with \`${list}\`.`,
  );
}
