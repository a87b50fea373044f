/** @file Chooses a fair sample of many tasks. */

import { group } from "d3-array";
import { createRng } from "./rng.ts";
import type { Rng } from "./rng.ts";
import { takeTurns } from "./take-turns.ts";
import type { Task } from "./task.ts";

/** Chooses `count` tasks: sites take turns, within a site its templates do, and within a template chance decides. */
export function spread(tasks: readonly Task[], count: number, rng: Rng): Task[] {
  const sites = group(rng.shuffle(tasks), (task) => task.sites[0] ?? "");
  const orders = [...sites.values()].map((ofSite) => {
    const templates = group(ofSite, (task) => task.templateId ?? "");
    return takeTurns([...templates.values()]);
  });
  return takeTurns(orders).slice(0, count);
}

/**
 * The tasks that a policy is scored on: the same ones for every seed, phase, method and command. A smaller sample is a
 * part of a larger one.
 */
export function evaluationTasks(tasks: readonly Task[], count: number): Task[] {
  return spread(tasks, count, createRng("evaluation tasks"));
}
