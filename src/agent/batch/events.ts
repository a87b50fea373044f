/** @file What a batch writes into the journal, and what the journal says of each item. */

import type { JournalLine } from "../journal.ts";
import type { State } from "./definition.ts";

/**
 * - `done`: it was changed, and the change was read back;
 * - `already`: it was as wanted before anything was done;
 * - `planned`: a dry run would change it;
 * - `refused`: a person, a rule or the policy said no;
 * - `failed`: it is not as wanted, and it is known how it is;
 * - `undecided`: it is not known, or it is neither as before nor as wanted: a person has to look;
 * - `open`: the batch ended before it.
 */
export type ItemStatus = "done" | "already" | "planned" | "refused" | "failed" | "undecided" | "open";

/** Which of the two is done: the job, or taking it back. */
export type Direction = "do" | "undo";

export type BatchEvent =
  | { kind: "batch/started"; direction: Direction; items: number; broken: number; dryRun: boolean }
  | {
      kind: "batch/approved" | "batch/declined";
      direction: Direction;
      key: string;
      by: string;
      note: string | null;
      before: State;
      wanted: State;
    }
  /** The agent is about to change the item. Without a `batch/result` after it nobody knows whether it did. */
  | { kind: "batch/intent"; direction: Direction; key: string; attempt: number; before: State; wanted: State }
  | ({ kind: "batch/result"; direction: Direction } & ItemOutcome);

/** What became of one item. */
export type ItemOutcome = {
  key: string;
  status: ItemStatus;
  /** In one sentence. */
  reason: string;
  /** As it was read before anything was done; `null`: it was not. */
  before: State | null;
  wanted: State;
  /** As it was read last. */
  after: State | null;
  /** The agent's run; `null` where there was none. */
  run: string | null;
  /** Of the model, in that run. Journals of earlier versions do not say. */
  turns?: number;
  seconds: number;
};

type Intent = Extract<BatchEvent, { kind: "batch/intent" }>;
type Approval = Extract<BatchEvent, { kind: "batch/approved" | "batch/declined" }>;

export interface ItemHistory {
  /** Announced, and nobody knows what came of it. */
  open: Intent | null;
  approval: Approval | null;
  result: ItemOutcome | null;
}

export type Histories = ReadonlyMap<string, ItemHistory>;

/**
 * By key, for one direction. What was taken back since can be done again, and what was done again can be taken back again: of it only
 * what came after that counts.
 */
export function historiesIn(lines: readonly JournalLine[], direction: Direction): Histories {
  const histories = new Map<string, ItemHistory>();
  for (const line of lines) {
    const event = line as unknown as BatchEvent;
    if (!event.kind.startsWith("batch/") || event.kind === "batch/started") continue;
    if (event.direction !== direction) {
      if (event.kind === "batch/result" && event.status === "done") histories.delete(event.key);
      continue;
    }
    const history = histories.get(event.key) ?? { open: null, approval: null, result: null };
    histories.set(event.key, history);
    if (event.kind === "batch/intent") history.open = event;
    else if (event.kind === "batch/result") {
      history.open = null;
      history.result = event;
    } else history.approval = event;
  }
  return histories;
}
