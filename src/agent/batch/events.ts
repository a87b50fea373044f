/** @file What a batch writes into the journal, and how to read the state of each item from it. */

import type { JournalLine } from "../journal.ts";
import type { State } from "./definition.ts";

/**
 * - `done`: it was changed, and the change was read back;
 * - `already`: it was as it should be before anything was done;
 * - `planned`: a dry run would change it;
 * - `refused`: a person, a rule or the policy said no;
 * - `failed`: it is not as it should be, and its state is known;
 * - `undecided`: its state is not known, or is neither the old nor the wanted one: a person has to look;
 * - `open`: the batch ended before it.
 */
export type ItemStatus = "done" | "already" | "planned" | "refused" | "failed" | "undecided" | "open";

/** Whether the job is done or undone. */
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
  /** The agent is about to change the item. Without a later `batch/result` it is unknown whether it did. */
  | { kind: "batch/intent"; direction: Direction; key: string; attempt: number; before: State; wanted: State }
  | ({ kind: "batch/result"; direction: Direction } & ItemOutcome);

/** What became of one item. */
export type ItemOutcome = {
  key: string;
  status: ItemStatus;
  /** One sentence. */
  reason: string;
  /** The item as read before anything was done; `null` if it was not read. */
  before: State | null;
  wanted: State;
  /** The item as read last. */
  after: State | null;
  /** The agent's run; `null` where there was none. */
  run: string | null;
  /** The model's turns in that run; absent in journals of earlier versions. */
  turns?: number;
  seconds: number;
};

type Intent = Extract<BatchEvent, { kind: "batch/intent" }>;
type Approval = Extract<BatchEvent, { kind: "batch/approved" | "batch/declined" }>;

export interface ItemHistory {
  /** An intent without a result: it is unknown what came of it. */
  open: Intent | null;
  approval: Approval | null;
  result: ItemOutcome | null;
}

export type Histories = ReadonlyMap<string, ItemHistory>;

/**
 * States by key, for one direction. What was undone can be done again, and then undone again, so only the lines after
 * the last change of direction count.
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
