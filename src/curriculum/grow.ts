/**
 * @file The curriculum of one phase: propose from failures, filter, and keep a record of every candidate (paper §2.2).
 *
 * Deviations: 1. candidates are compared with everything the run has seen and with the held-out splits; the published
 * code compares with nothing. 2. Where nothing is kept, the failed tasks are tried again, and the phase says why.
 */

import type { Proposer } from "../core/contracts.ts";
import { invariant } from "../core/errors.ts";
import type { Rng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { normaliseInstruction } from "./catalog.ts";
import type { Feasibility } from "./llm.ts";

export type CandidateOutcome =
  | "kept"
  | "duplicate"
  | "held_out"
  | "too_hard"
  | "too_easy"
  | "unobserved"
  | "infeasible"
  | "not_needed";

/** What became of one candidate; a line of the run's lineage. */
export interface CurriculumRecord {
  phase: number;
  task: Task;
  parentId: string | null;
  /** V(s₀), `null` while no critic exists or where it was not asked. */
  value: number | null;
  kept: boolean;
  outcome: CandidateOutcome;
  /** For people. */
  reason: string;
}

export interface GrowOptions {
  proposer: Proposer;
  /** Tasks that failed in the phase before. */
  failed: readonly Task[];
  /** What the phase falls back to, where nothing failed or nothing was kept. Not empty. */
  seeds: readonly Task[];
  count: number;
  /** Counted from 1. */
  phase: number;
  rng: Rng;
  /** Instructions of every task that the run has used. */
  seen: Iterable<string>;
  /** Normalised instructions of the test and validation splits (`heldOutInstructions`). */
  heldOut: ReadonlySet<string>;
  /** V(s₀) of each task; `null` where its start page could not be observed. Leave out while no critic exists. */
  value?(tasks: readonly Task[], signal?: AbortSignal): Promise<(number | null)[]>;
  feasible?(tasks: readonly Task[], signal?: AbortSignal): Promise<Feasibility[]>;
  /** Kept where min ≤ V(s₀) ≤ max. Default [0.05, 0.75]. */
  range?: { min: number; max: number };
  /** Called after each round of proposing. */
  onRound?(kept: number): void;
  signal?: AbortSignal;
}

export interface Curriculum {
  /** At most `count`; never empty. */
  tasks: Task[];
  records: CurriculumRecord[];
  /** How many candidates met which end. */
  counts: Record<CandidateOutcome, number>;
  /** Tasks that are no new ones but failed tasks or seeds again. */
  fallback: number;
  /** Why fewer than `count` are new; `null` if none are missing. */
  shortfall: string | null;
}

/** Paper §2.2: neither hopeless nor solved. */
export const PAPER_VALUE_RANGE = { min: 0.05, max: 0.75 };

/** Rounds of proposing at most. */
const MAX_ROUNDS = 6;

export async function growCurriculum(options: GrowOptions): Promise<Curriculum> {
  const { proposer, failed, seeds, count, phase, rng, signal } = options;
  const { range = PAPER_VALUE_RANGE } = options;
  invariant(seeds.length > 0, "a curriculum needs seeds");
  invariant(count >= 1, `a curriculum of ${count} tasks`);
  const parents = failed.length > 0 ? failed : seeds;
  const taken = new Set([...options.seen].map(normaliseInstruction));
  const records: CurriculumRecord[] = [];
  const kept: Task[] = [];
  const end = (task: Task, outcome: CandidateOutcome, reason: string, value: number | null = null) =>
    records.push({
      phase,
      task,
      parentId: task.lineage?.parentId ?? null,
      value,
      kept: outcome === "kept",
      outcome,
      reason,
    });

  let idle = 0;
  for (let round = 0; round < MAX_ROUNDS && kept.length < count && idle < 2; round++) {
    signal?.throwIfAborted();
    const wanted = Math.ceil(1.5 * (count - kept.length));
    const candidates = await proposer.propose(parents, {
      count: wanted,
      phase,
      rng: rng.fork(`round ${round}`),
      isSeen: (instruction) => taken.has(normaliseInstruction(instruction)),
      signal,
    });
    const fresh = candidates.filter((task) => {
      const key = normaliseInstruction(task.instruction);
      if (options.heldOut.has(key))
        end(task, "held_out", "its instruction belongs to the test or validation split");
      else if (taken.has(key)) end(task, "duplicate", "the run has seen this instruction");
      else return taken.add(key);
      return false;
    });
    idle = fresh.length === 0 ? idle + 1 : 0;
    const values = fresh.length > 0 ? await options.value?.(fresh, signal) : undefined;
    const inRange = fresh.flatMap((task, i): { task: Task; value: number | null }[] => {
      if (values === undefined) return [{ task, value: null }];
      const value = values[i] ?? null;
      if (value === null)
        end(
          task,
          "unobserved",
          "its start page could not be observed, or its prompt does not fit the critic",
        );
      else if (value < range.min) end(task, "too_hard", `V(s₀) = ${value.toFixed(3)} < ${range.min}`, value);
      else if (value > range.max) end(task, "too_easy", `V(s₀) = ${value.toFixed(3)} > ${range.max}`, value);
      else return [{ task, value }];
      return [];
    });
    // The feasibility judge may be a paid server: it is asked last, and only as long as tasks are missing.
    for (let i = 0; i < inRange.length; i++) {
      const { task, value } = inRange[i]!;
      if (kept.length >= count) {
        end(task, "not_needed", `the phase already has ${count} tasks`, value);
        continue;
      }
      const verdict = (await options.feasible?.([task], signal))?.[0];
      if (verdict !== undefined && !verdict.feasible) {
        end(task, "infeasible", verdict.reason, value);
        continue;
      }
      const final = task.lineage === undefined ? task : { ...task, lineage: { ...task.lineage, value } };
      kept.push(final);
      end(
        final,
        "kept",
        value === null
          ? "new; no critic yet"
          : `new, and V(s₀) = ${value.toFixed(3)} lies in [${range.min}, ${range.max}]`,
        value,
      );
    }
    options.onRound?.(kept.length);
  }
  const counts = countOutcomes(records);
  const again = kept.length === 0 ? fallbackTasks(failed, seeds, count, rng) : [];
  return {
    tasks: [...kept, ...again],
    records,
    counts,
    fallback: again.length,
    shortfall:
      kept.length >= count ? null : explain(kept.length, count, counts, again.length, failed.length === 0),
  };
}

/** Failed tasks first, then seeds, each once, up to `count`. */
function fallbackTasks(failed: readonly Task[], seeds: readonly Task[], count: number, rng: Rng): Task[] {
  const ids = new Set<string>();
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
    `${kept} of ${count} new tasks (${why})`,
    ...(noneFailed ? ["no task had failed, so the seeds were its parents"] : []),
    ...(again > 0 ? [`${again} earlier tasks are tried again`] : []),
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
