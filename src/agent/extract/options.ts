/** @file What an extraction is told, and what it tells. */

import type { ChatUsage } from "../../core/chat.ts";
import type { RecordReader } from "./ask.ts";
import type { Browsing } from "./browse.ts";

/** How a list is read: limits, pages, and where rows go. */
export interface ExtractOptions {
  /** `rows.jsonl` or `rows.csv`; an extraction into it that was ended goes on. Without it rows go to the caller alone. */
  out?: string | undefined;
  /** Where the list begins. Default: the page on which the session stands. */
  start?: string | undefined;
  /** Fields by which a row is told from others. Default: all that it says, and where its own link leads. */
  key?: readonly string[] | undefined;
  maxRows?: number | undefined;
  maxPages?: number | undefined;
  maxMinutes?: number | undefined;
  /** Pages a second at most; `null`: no limit. Default: 1 for an address, no limit for a site of one's own. */
  rate?: number | null | undefined;
  /** Keep to robots.txt. Default: for an address, not for a site of one's own. */
  robots?: boolean | undefined;
  /** Look on an item's own page for fields that the list does not have. Default: yes. */
  details?: boolean | undefined;
  onProgress?: ((summary: Readonly<ExtractSummary>) => void) | undefined;
  onTrouble?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Why an extraction ended. */
export type ExtractEnd =
  | "end of the list"
  | "max rows"
  | "max pages"
  | "max time"
  /** The next page is one that was read before, or pages have nothing that was not there before. */
  | "pages repeat"
  | "refused";

/** What an extraction found, and what it took. */
export interface ExtractSummary {
  rows: number;
  pages: number;
  /** Rows that were there already and were left out. */
  duplicates: number;
  /** Records that are no rows. */
  leftOut: number;
  modelCalls: number;
  usage: ChatUsage | null;
  layouts: number;
  requests: number;
  seconds: number;
  /** Pages that were not read, each with why. */
  skipped: { url: string; reason: string }[];
  /** Fields that no rule could be learned for. */
  unread: string[];
  /** `null` while it goes on. */
  ended: ExtractEnd | null;
}

export interface ExtractContext {
  session: Browsing;
  reader: RecordReader;
  siteName: string;
  /** The site is somebody else's: robots.txt and a rate are kept unless it is said otherwise. */
  isForeign: boolean;
}
