/** @file The result of a batch. */

import type { Direction, ItemOutcome, ItemStatus } from "./events.ts";
import type { BrokenRow } from "./table.ts";

/** One row of the table, and what became of it. */
export type BatchItem = ItemOutcome & {
  line: number;
  values: Readonly<Record<string, string>>;
};

/** What became of a batch. */
export interface BatchResult {
  directory: string;
  direction: Direction;
  dryRun: boolean;
  items: BatchItem[];
  /** Rows of the table that could not be used. */
  broken: BrokenRow[];
  counts: Record<ItemStatus, number>;
  /** The batch was interrupted before it reached every item. */
  interrupted: boolean;
  /**
   * Why it ended before it reached every item although nobody interrupted it: the budget of the model's server is used
   * up, or the site has ended the session. The same call on the same directory continues.
   */
  ended: { why: "budget" | "signed out"; message: string } | null;
  /** Files in the directory: a page for people, and the items for machines. */
  files: { report: string; csv: string; jsonl: string };
}
