/**
 * @file Compares two methods on the same tasks with the same seeds: the mean difference and its standard error. Runs of
 * a seed begin alike and score the same tasks, so differences are taken in pairs, by task and by seed.
 */

import { mean, standardError } from "../algo/statistics.ts";

/** How a task of the last evaluation ended. */
export interface TaskOutcome {
  success: boolean;
  /** Its template or, if it has none, its id: tasks of one kind succeed and fail together. */
  kind: string;
}

/** How each task of the last evaluation ended, by its id, for each seed. */
export type Outcomes = ReadonlyMap<number, ReadonlyMap<string, TaskOutcome>>;

export interface Difference {
  /** Success of the first less that of the second, mean over the tasks and seeds that both have. */
  mean: number;
  /** Error from the choice of tasks of these kinds: over the tasks' differences, each a mean over seeds. */
  overTasks: number | null;
  /** Error from the choice of kinds: as overTasks, but tasks of one kind are not independent (clusters). */
  overKinds: number | null;
  /** Error from training: over the seeds' differences. */
  overSeeds: number | null;
  /**
   * √(overKinds² + overSeeds²): what another choice of kinds and other seeds would change. With few of either it is
   * itself uncertain. `null` with one kind or one seed.
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
    Number(one.get(seed)!.get(task)!.success) - Number(other.get(seed)!.get(task)!.success);
  const byTask = tasks.map((task) => mean(seeds.map((seed) => at(seed, task))));
  const overKinds = clusterError(
    byTask,
    tasks.map((task) => one.get(seeds[0]!)!.get(task)!.kind),
  );
  const bySeed = seeds.map((seed) => mean(tasks.map((task) => at(seed, task))));
  const overSeeds = standardError(bySeed);
  return {
    mean: mean(bySeed),
    overTasks: standardError(byTask),
    overKinds,
    overSeeds,
    standardError: overKinds === null || overSeeds === null ? null : Math.hypot(overKinds, overSeeds),
  };
}

/**
 * Standard error of the mean of values that come in G independent clusters: √(G/(G − 1) · Σ_g (Σ_{i∈g} (v_i − v̄))²)/n.
 * With clusters of one value each it is the usual one. `null` for a single cluster.
 */
function clusterError(values: readonly number[], clusters: readonly string[]): number | null {
  const centre = mean(values);
  const sums = new Map<string, number>();
  for (const [i, value] of values.entries())
    sums.set(clusters[i]!, (sums.get(clusters[i]!) ?? 0) + value - centre);
  const count = sums.size;
  if (count < 2) return null;
  const squares = [...sums.values()].map((sum) => sum ** 2);
  return Math.sqrt((count ** 2 / (count - 1)) * mean(squares)) / values.length;
}
