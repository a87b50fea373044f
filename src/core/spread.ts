/** @file A fair few of many tasks. */

import { createRng } from "./rng.ts";
import type { Rng } from "./rng.ts";
import type { Task } from "./task.ts";
import { groupBy } from "./group-by.ts";

/** `count` tasks: sites take turns, within a site its templates do, within a template chance decides. */
export function spread(tasks: readonly Task[], count: number, rng: Rng): Task[] {
  const sites = groupBy(rng.shuffle(tasks), (task) => task.sites[0] ?? "");
  const orders = [...sites.values()].map((ofSite) => {
    const templates = groupBy(ofSite, (task) => task.templateId ?? "");
    return interleave([...templates.values()]);
  });
  return interleave(orders).slice(0, count);
}

/**
 * The tasks that a policy is scored on: the same ones for every seed, phase, method and command, and a smaller number
 * is a part of a larger one.
 */
export function evaluationTasks(tasks: readonly Task[], count: number): Task[] {
  return spread(tasks, count, createRng("evaluation tasks"));
}

function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }).flatMap((_, round) =>
    lists.flatMap((list) => (round < list.length ? [list[round]!] : [])),
  );
}
