/**
 * @file Filters the proposed tasks of a phase: keeps those that are new, not in the held-out splits, neither hopeless
 * nor solved, and feasible (paper §2.2).
 */

import type { Task } from "../core/task.ts";
import { normaliseInstruction } from "./catalog.ts";
import type { Feasibility } from "./llm.ts";

/** Why a candidate was kept or dropped. */
export type CandidateOutcome =
  | "kept"
  | "duplicate"
  | "held_out"
  | "too_hard"
  | "too_easy"
  | "unobserved"
  | "infeasible"
  | "not_needed";

/** Paper §2.2: neither hopeless nor solved. */
const PAPER_VALUE_RANGE = { min: 0.05, max: 0.75 };

/** The criteria for candidates. */
export interface FilterOptions {
  /** Normalised instructions that the run has seen; those of new candidates are added. */
  taken: Set<string>;
  /** Normalised instructions of the test and validation splits (`heldOutInstructions`). */
  heldOut: ReadonlySet<string>;
  /** V(s₀) of each task; `null` if its start page could not be observed. */
  value(tasks: readonly Task[], signal?: AbortSignal): Promise<(number | null)[]>;
  /** Whether the site can do each task, according to a chat model. Omit to ask nobody. */
  feasible?(tasks: readonly Task[], signal?: AbortSignal): Promise<Feasibility[]>;
  /** A task is kept if min ≤ V(s₀) ≤ max. Default [0.05, 0.75]. */
  range?: { min: number; max: number };
  /** The most tasks to keep. */
  missing: number;
  signal?: AbortSignal;
}

export interface FilteredCandidate {
  /** A kept task has V(s₀) in its lineage. */
  task: Task;
  outcome: CandidateOutcome;
  /** For people. */
  reason: string;
  value: number | null;
}

/** Decides on every candidate, cheap filters first. */
export async function filterCandidates(
  candidates: readonly Task[],
  options: FilterOptions,
): Promise<FilteredCandidate[]> {
  const { taken, heldOut, missing, range = PAPER_VALUE_RANGE, signal } = options;
  const ended: FilteredCandidate[] = [];
  const end = (task: Task, outcome: CandidateOutcome, reason: string, value: number | null = null) =>
    void ended.push({ task, outcome, reason, value });

  const fresh = candidates.filter((task) => {
    const key = normaliseInstruction(task.instruction);
    if (heldOut.has(key)) end(task, "held_out", "its instruction belongs to the test or validation split");
    else if (taken.has(key)) end(task, "duplicate", "the run has seen this instruction");
    else return taken.add(key);
    return false;
  });
  const values = fresh.length > 0 ? await options.value(fresh, signal) : [];
  const inRange = fresh.flatMap((task, i): { task: Task; value: number }[] => {
    const value = values[i] ?? null;
    if (value === null)
      end(task, "unobserved", "its start page could not be observed, or its prompt does not fit the critic");
    else if (value < range.min) end(task, "too_hard", `V(s₀) = ${value.toFixed(3)} < ${range.min}`, value);
    else if (value > range.max) end(task, "too_easy", `V(s₀) = ${value.toFixed(3)} > ${range.max}`, value);
    else return [{ task, value }];
    return [];
  });
  // The feasibility judge may cost money, so it is asked last, and only as long as tasks are missing.
  let kept = 0;
  for (const { task, value } of inRange) {
    if (kept >= missing) {
      end(task, "not_needed", "the phase has all its tasks already", value);
      continue;
    }
    const verdict = (await options.feasible?.([task], signal))?.[0];
    if (verdict !== undefined && !verdict.feasible) {
      end(task, "infeasible", verdict.reason, value);
      continue;
    }
    kept++;
    const reason = `new, and V(s₀) = ${value.toFixed(3)} lies in [${range.min}, ${range.max}]`;
    end(
      task.lineage === undefined ? task : { ...task, lineage: { ...task.lineage, value } },
      "kept",
      reason,
      value,
    );
  }
  return ended;
}
