/**
 * @file Compares two methods on the same tasks with the same seeds: the mean difference and its standard error. Runs of
 * a seed begin alike and score the same tasks, so differences are taken in pairs, by task and by seed.
 */

import { mean, standardError } from "../algo/statistics.ts";

/** Whether each task of the last evaluation succeeded, by its id, for each seed. */
export type Outcomes = ReadonlyMap<number, ReadonlyMap<string, boolean>>;

export interface Difference {
  /** Success of the first less that of the second, mean over the tasks and seeds that both have. */
  mean: number;
  /** Error from the choice of tasks: over the tasks' differences, each a mean over seeds. */
  overTasks: number | null;
  /** Error from training: over the seeds' differences. */
  overSeeds: number | null;
  /**
   * √(overTasks² + overSeeds²). A little too large rather than too small: the luck of single episodes is in both.
   * `null` with one task or one seed.
   */
  standardError: number | null;
}

/** `null` if the two share no seed or no task. */
export function compareOutcomes(one: Outcomes, other: Outcomes): Difference | null {
  const seeds = [...one.keys()].filter((seed) => other.has(seed));
  const inAll = (task: string) =>
    seeds.every((seed) => one.get(seed)!.has(task) && other.get(seed)!.has(task));
  const tasks = seeds.length === 0 ? [] : [...one.get(seeds[0]!)!.keys()].filter(inAll);
  if (tasks.length === 0) return null;
  const at = (seed: number, task: string) =>
    Number(one.get(seed)!.get(task)!) - Number(other.get(seed)!.get(task)!);
  const overTasks = standardError(tasks.map((task) => mean(seeds.map((seed) => at(seed, task)))));
  const bySeed = seeds.map((seed) => mean(tasks.map((task) => at(seed, task))));
  const overSeeds = standardError(bySeed);
  return {
    mean: mean(bySeed),
    overTasks,
    overSeeds,
    standardError: overTasks === null || overSeeds === null ? null : Math.hypot(overTasks, overSeeds),
  };
}
