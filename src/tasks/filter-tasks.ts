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

/** Applies a filter to the tasks of any suite. Throws a `ConfigError` if a name in it is unknown. */
export function filterTasks(tasks: readonly Task[], filter: TaskFilter): Task[] {
  const { split, site, template, category, maxDifficulty, limit } = filter;
  const check = (what: string, name: string | undefined, known: (task: Task) => (string | null)[]) => {
    if (name === undefined || tasks.some((task) => known(task).includes(name))) return;
    const names = new Set(tasks.flatMap(known).filter((n) => n !== null));
    throw unknown(what, name, names, "webrl suite list");
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

/** The task with this id. Throws a `ConfigError` that names the nearest id if there is none. */
export function findTask(tasks: readonly Task[], id: string): Task {
  const found = tasks.find((task) => task.id === id);
  if (found) return found;
  const ids = tasks.map((task) => task.id);
  throw unknown("task", id, ids, "webrl suite list --suite NAME --file PATH");
}

export function unknown(what: string, name: string, known: Iterable<string>, list: string): ConfigError {
  const near = nearest(name, known);
  return new ConfigError(
    `no ${what} ${JSON.stringify(name)}${near ? `; the nearest is ${JSON.stringify(near)}` : ""}`,
    `List what there is with \`${list}\`.`,
  );
}
