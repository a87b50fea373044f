/**
 * @file The curriculum of one phase: propose from failures, filter (`filter.ts`), and keep a record of every candidate
 * (paper §2.2).
 *
 * Deviations: 1. candidates are compared with everything the run has seen and with the held-out splits; the published
 * code compares with nothing. 2. If too few are kept, failed tasks and seeds fill the phase up, so that it has as many
 * episodes as a phase of any other method, and the phase says why.
 */

import type { Proposer } from "../core/contracts.ts";
import { Fault, invariant } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { normaliseInstruction } from "./catalog.ts";
import type { CandidateOutcome, FilterOptions } from "./filter.ts";
import { filterCandidates } from "./filter.ts";

/** The decision on one candidate; a line of the run's lineage. */
export interface CurriculumRecord {
  phase: number;
  task: Task;
  parentId: string | null;
  /** V(s₀); `null` if it was not computed. */
  value: number | null;
  kept: boolean;
  outcome: CandidateOutcome;
  /** For people. */
  reason: string;
}

/** What a phase's tasks are made from, and how to filter them. */
export interface GrowOptions extends Pick<
  FilterOptions,
  "heldOut" | "value" | "feasible" | "range" | "signal"
> {
  proposer: Proposer;
  /** Tasks that failed in the last phase. */
  failed: readonly Task[];
  /** Those of them that can be tried again, to fill up what is missing. Default all. */
  repeatable?: readonly Task[];
  /** The parents if nothing failed; after the failed tasks they fill up what is missing. Not empty. */
  seeds: readonly Task[];
  count: number;
  /** Counted from 1. */
  phase: number;
  rng: Rng;
  /** Instructions of all tasks that the run has used. */
  seen: Iterable<string>;
  /** Called after each round of proposing. */
  onRound?(kept: number): void;
}

/** A phase's tasks, and the decision on every candidate. */
export interface Curriculum {
  /** `count`, or fewer if failed tasks and seeds are too few to fill it up; never empty. New ones first. */
  tasks: Task[];
  records: CurriculumRecord[];
  /** The number of candidates by decision. */
  counts: Record<CandidateOutcome, number>;
  /** The number of tasks that are not new: failed tasks or seeds that fill up the phase. */
  fallback: number;
  /** Why fewer than `count` are new; `null` if none are missing. */
  shortfall: string | null;
}

/** The most rounds of proposing. */
const MAX_ROUNDS = 6;

/**
 * The next phase's tasks: proposals from failures, filtered, up to `count`, with a record of the decision on each
 * candidate. Failed tasks, then seeds, make up for missing ones.
 */
export async function growCurriculum(options: GrowOptions): Promise<Curriculum> {
  const { proposer, failed, seeds, count, phase, rng, signal } = options;
  invariant(seeds.length > 0, "a curriculum needs seeds");
  invariant(count >= 1, `a curriculum of ${count} tasks`);
  const parents = failed.length > 0 ? failed : seeds;
  const taken = new Set([...options.seen].map(normaliseInstruction));
  const records: CurriculumRecord[] = [];
  const kept: Task[] = [];
  let idle = 0;
  for (let round = 0; round < MAX_ROUNDS && kept.length < count && idle < 2; round++) {
    signal?.throwIfAborted();
    const missing = count - kept.length;
    let candidates: Task[];
    try {
      candidates = await proposer.propose(parents, {
        count: Math.ceil(1.5 * missing),
        phase,
        rng: rng.fork(`round ${round}`),
        isSeen: (instruction) => taken.has(normaliseInstruction(instruction)),
        signal,
      });
    } catch (error) {
      // A later round that brings nothing does not cost what the earlier ones, which may have been paid for, brought.
      if (kept.length === 0 || !(error instanceof Fault && error.code === "proposer_failed")) throw error;
      candidates = [];
    }
    const verdicts = await filterCandidates(candidates, { ...options, taken, missing });
    for (const { task, outcome, reason, value } of verdicts) {
      if (outcome === "kept") kept.push(task);
      const parentId = task.lineage?.parentId ?? null;
      records.push({ phase, task, parentId, value, kept: outcome === "kept", outcome, reason });
    }
    const isNew = verdicts.some(({ outcome }) => outcome !== "duplicate" && outcome !== "held_out");
    idle = isNew ? 0 : idle + 1;
    options.onRound?.(kept.length);
  }
  const counts = countOutcomes(records);
  const again = fallbackTasks(kept, options.repeatable ?? failed, seeds, count - kept.length, rng);
  return {
    tasks: [...kept, ...again],
    records,
    counts,
    fallback: again.length,
    shortfall:
      kept.length >= count ? null : explain(kept.length, count, counts, again.length, failed.length === 0),
  };
}

/** Failed tasks first, then seeds, each once and none that was kept, up to `count`. */
function fallbackTasks(
  kept: readonly Task[],
  failed: readonly Task[],
  seeds: readonly Task[],
  count: number,
  rng: Rng,
): Task[] {
  const ids = new Set(kept.map(({ id }) => id));
  const again: Task[] = [];
  for (const task of [...rng.fork("failed").shuffle(failed), ...rng.fork("seeds").shuffle(seeds)]) {
    if (again.length >= count) break;
    if (ids.has(task.id)) continue;
    ids.add(task.id);
    again.push(task);
  }
  return again;
}

function explain(
  kept: number,
  count: number,
  counts: Record<CandidateOutcome, number>,
  again: number,
  noneFailed: boolean,
): string {
  const dropped = (Object.entries(counts) as [CandidateOutcome, number][])
    .filter(([outcome, n]) => outcome !== "kept" && outcome !== "not_needed" && n > 0)
    .map(([outcome, n]) => `${n} ${outcome.replace("_", " ")}`);
  const why = dropped.length > 0 ? dropped.join(", ") : "the proposer had nothing new";
  return [
    `only ${kept} of ${count} new tasks were found (${why})`,
    ...(noneFailed ? ["no task had failed, so the seeds were its parents"] : []),
    ...(again > 0 ? [`${again} failed or given tasks fill up`] : []),
  ].join("; ");
}

function countOutcomes(records: readonly CurriculumRecord[]): Record<CandidateOutcome, number> {
  const counts: Record<CandidateOutcome, number> = {
    kept: 0,
    duplicate: 0,
    held_out: 0,
    too_hard: 0,
    too_easy: 0,
    unobserved: 0,
    infeasible: 0,
    not_needed: 0,
  };
  for (const { outcome } of records) counts[outcome] += 1;
  return counts;
}
