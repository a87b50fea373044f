/** @file What comes of a batch. */

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
  /** Rows of which nothing was made. */
  broken: BrokenRow[];
  counts: Record<ItemStatus, number>;
  /** It was ended before it came to all items. */
  interrupted: boolean;
  /**
   * Why it ended before it came to all items, where nobody interrupted it: the budget of the model's server is used up, or the site has
   * ended the session. The same call on the same directory goes on.
   */
  ended: { why: "budget" | "signed out"; message: string } | null;
  /** Written to the directory: a page for people, and the items for machines. */
  files: { report: string; csv: string; jsonl: string };
}
