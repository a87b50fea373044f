/** @file The options and the result of an extraction. */

import type { ChatUsage } from "../../core/chat.ts";
import type { RecordReader } from "./ask.ts";
import type { Browsing } from "./browse.ts";

/** How to read a list: limits, pages, and where rows go. */
export interface ExtractOptions {
  /**
   * `rows.jsonl` or `rows.csv`; an unfinished extraction into it is continued. Without it, rows go only to the caller.
   */
  out?: string | undefined;
  /** Where the list begins. Default: the session's current page. */
  start?: string | undefined;
  /** Fields that identify a row. Default: everything that it says, and where its own link leads. */
  key?: readonly string[] | undefined;
  maxRows?: number | undefined;
  maxPages?: number | undefined;
  maxMinutes?: number | undefined;
  /** Pages a second at most; `null`: no limit. Default: 1 for an address, no limit for your own site. */
  rate?: number | null | undefined;
  /** Obey robots.txt. Default: yes for an address, no for your own site. */
  robots?: boolean | undefined;
  /** Look at an item's own page for fields that the list does not have. Default: yes. */
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
  /** The next page was read before, or pages have nothing new. */
  | "pages repeat"
  | "refused";

/** What an extraction found, and what it used. */
export interface ExtractSummary {
  rows: number;
  pages: number;
  /** Duplicate rows that were left out. */
  duplicates: number;
  /** Records that are not rows. */
  leftOut: number;
  modelCalls: number;
  usage: ChatUsage | null;
  layouts: number;
  requests: number;
  seconds: number;
  /** Pages that were not read, each with the reason. */
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
  /** The site belongs to somebody else: robots.txt and a rate limit apply unless the options say otherwise. */
  isForeign: boolean;
}
