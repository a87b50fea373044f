/**
 * @file Carries out one item of a batch exactly once: its effect is read before anything is done, an intent is on disk
 * before the agent acts, and an intent without a result is resolved by reading, never by acting again.
 *
 *     read ─► as it should be: already ─► differs: approval ─► intent ─► the agent ─► read ─► result
 *       └── after an intent without a result: as it should be: done; as before: once more; anything else: undecided
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../core/errors.ts";
import type { RunLimits, RunResult } from "../run.ts";
import { approveByRules, changeOf } from "./approve.ts";
import type { AskItem, ItemApproval, ItemChange, parseRules } from "./approve.ts";
import { describeChange, differences } from "./compare.ts";
import type { State } from "./definition.ts";
import type { BatchEvent, Direction, ItemHistory, ItemOutcome, ItemStatus } from "./events.ts";
import { readItem, readUntil, Unreadable } from "./read-back.ts";
import type { Reading } from "./read-back.ts";
import type { FilledInstruction } from "./learned.ts";
import type { Values } from "./template.ts";

/** The goal for one item. */
export interface Goal {
  key: string;
  row: Values;
  wanted: State;
  instruction: string;
  /** The template and the row that made the instruction. */
  told: FilledInstruction;
  /** Address where the agent begins. */
  start: string;
  /** The state that the item must have to be changed at all; `null`: any. */
  expected: State | null;
  /** The item may not exist yet. */
  mayBeMissing: boolean;
}

export interface ItemRun extends Pick<RunResult, "outcome" | "reason"> {
  /** The model can no longer do anything. */
  budgetSpent?: boolean;
  /** `null`: the model was not asked. */
  id: string | null;
  /** Turns of the model. */
  turns: number;
  /** Called with whether the item is now as it should be. */
  end?(isDone: boolean): void;
}

export interface ItemParts {
  reading: Reading;
  direction: Direction;
  journal: { append(event: BatchEvent): void };
  rules: ReturnType<typeof parseRules>;
  ask?: AskItem | undefined;
  dryRun: boolean;
  limits?: Partial<RunLimits> | undefined;
  /**
   * Carries out the goal's instruction. `by`: who has approved it; `readAt`: when the page in the browser was opened,
   * by `performance.now()`.
   */
  act(goal: Goal, by: string, readAt: number): Promise<ItemRun>;
}

/** How often the world may break before the item is given up. */
const TRIES = 3;

type Outcome = Omit<ItemOutcome, "key" | "wanted" | "seconds">;

export async function doItem(
  goal: Goal,
  history: ItemHistory | undefined,
  parts: ItemParts,
): Promise<ItemOutcome> {
  const started = performance.now();
  const { journal, direction, dryRun, reading } = parts;
  const outcome = await decide(goal, history, parts);
  reading.signal?.throwIfAborted();
  const { key, wanted } = goal;
  const seconds = Math.round(performance.now() - started) / 1000;
  const result: ItemOutcome = { key, wanted, seconds, ...outcome };
  if (!dryRun) journal.append({ kind: "batch/result", direction, ...result });
  return result;
}

async function decide(goal: Goal, history: ItemHistory | undefined, parts: ItemParts): Promise<Outcome> {
  const { job } = parts.reading;
  const open = history?.open ?? null;
  // An interrupted batch left this item undecided: it is read again, not done again.
  const given = history?.result?.status === "undecided" ? history.result : null;
  const read = await tryToRead(goal, parts, open !== null || given !== null);
  if ("problem" in read)
    return open || given
      ? outcome("undecided", read.problem, open?.before ?? given?.before ?? null, null)
      : outcome("failed", read.problem, null, null);
  const { state: now } = read;
  const readAt = performance.now();
  const before = open?.before ?? given?.before ?? now;
  const changes = differences(job, now, goal.wanted);
  if (changes.length === 0) {
    if (open || given) return outcome("done", "it was done before the interruption", before, now);
    return outcome("already", "it is as it should be", now, now);
  }
  if (given && (job.creates || !given.before || differences(job, now, given.before).length > 0))
    return outcome("undecided", given.reason, before, now);
  const missing = changes.filter((name) => now[name] === null);
  if (missing.length > 0 && !goal.mayBeMissing)
    return outcome("failed", `${missing.join(", ")} cannot be read: the item does not exist`, now, now);
  const expected = open?.before ?? goal.expected;
  if (expected) {
    const odd = changes.filter((name) => differences(job, now, expected).includes(name));
    if (odd.length > 0)
      return outcome(
        "undecided",
        `somebody else has changed it: ${describeChange(odd, expected, now)}; it was left as it is`,
        before,
        now,
      );
  }
  const change = changeOf(goal.key, now, goal.wanted, changes);
  if (parts.dryRun) return outcome("planned", change.words, now, now);
  const approval = await approve(goal, change, history, parts);
  if (!approval.approved) return outcome("refused", describeRefusal(approval), now, now);
  return carryOut(goal, { before, now, readAt, attempts: open?.attempt ?? 0, by: approval.by }, parts);
}

const outcome = (
  status: ItemStatus,
  reason: string,
  before: State | null,
  after: State | null,
  run: ItemRun | null = null,
): Outcome => ({ status, reason, before, after, run: run?.id ?? null, turns: run?.turns ?? 0 });

function describeRefusal({ by, note }: ItemApproval): string {
  if (by === "nobody" && note) return note;
  return `${by} said no${note ? `: ${note}` : ""}`;
}

/** An approval is for the difference that was seen: a different one needs another approval. */
async function approve(
  goal: Goal,
  change: ItemChange,
  history: ItemHistory | undefined,
  { reading, rules, ask, journal, direction }: ItemParts,
): Promise<ItemApproval> {
  const { job, signal } = reading;
  const given = history?.approval;
  if (
    given?.kind === "batch/approved" &&
    differences(job, given.wanted, goal.wanted).length === 0 &&
    change.changes.every((name) => !differences(job, given.before, change.before).includes(name))
  )
    return { approved: true, by: given.by };
  const approval =
    approveByRules(rules, change) ??
    (ask
      ? await ask(change, signal)
      : { approved: false, by: "nobody", note: "no rule approves it, and nobody is there to ask" });
  journal.append({
    kind: approval.approved ? "batch/approved" : "batch/declined",
    direction,
    key: goal.key,
    by: approval.by,
    note: approval.note ?? null,
    before: change.before,
    wanted: goal.wanted,
  });
  return approval;
}

/** `now` differs from what is wanted, and may be changed. */
async function carryOut(
  goal: Goal,
  {
    before,
    now,
    readAt,
    attempts,
    by,
  }: { before: State; now: State; readAt: number; attempts: number; by: string },
  parts: ItemParts,
): Promise<Outcome> {
  const { reading, journal, direction } = parts;
  const { job } = reading;
  let attempt = attempts;
  for (let tried = 1; ; tried++) {
    attempt++;
    journal.append({ kind: "batch/intent", direction, key: goal.key, attempt, before, wanted: goal.wanted });
    const run = await parts.act(goal, by, readAt);
    const read = await tryToRead(goal, parts, true);
    if ("problem" in read)
      return outcome("undecided", `${read.problem}; the agent: ${run.reason}`, before, null, run);
    const { state: after } = read;
    const left = differences(job, after, goal.wanted);
    run.end?.(left.length === 0);
    if (left.length === 0)
      return outcome(
        "done",
        describeChange(differences(job, before, after), before, after),
        before,
        after,
        run,
      );
    const untouched = differences(job, after, now).length === 0;
    if (untouched && run.outcome === "faulted" && tried < TRIES) continue;
    const is = describeChange(left, after, goal.wanted);
    if (untouched && run.budgetSpent) return outcome("open", run.reason, before, after, run);
    if (untouched && run.outcome === "refused") return outcome("refused", run.reason, before, after, run);
    // The effect may still appear, and doing it again would then do it twice.
    if (untouched && run.outcome === "done" && left.some((name) => after[name] === null))
      return outcome(
        "undecided",
        `the agent says that it is done, but no effect can be seen after ${job.effect.settleSeconds} s`,
        before,
        after,
        run,
      );
    return outcome(
      "failed",
      `${untouched ? "nothing has changed" : `it came out otherwise: ${is}`}; ${run.reason}`,
      before,
      after,
      run,
    );
  }
}

/**
 * The item's state, read again when the world breaks. `settle`: wait for the effect of something that may have been
 * done.
 */
async function tryToRead(
  goal: Goal,
  { reading }: ItemParts,
  settle: boolean,
): Promise<{ state: State } | { problem: string }> {
  for (let tried = 1; ; tried++) {
    try {
      return {
        state: settle ? await readUntil(reading, goal.row, goal.wanted) : await readItem(reading, goal.row),
      };
    } catch (error) {
      if (error instanceof Unreadable) return { problem: error.message };
      if (!(error instanceof Fault)) throw error;
      if (tried === TRIES) return { problem: error.message };
      await sleep(500 * tried, undefined, { signal: reading.signal });
    }
  }
}
