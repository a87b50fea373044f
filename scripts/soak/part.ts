/** @file What the runner knows of a kind of trouble: rounds of some seconds to minutes, each complete in itself. */

import type { Rng } from "../../src/core/rng.ts";

export interface Round {
  /** The same seed and round make the same trouble; what it meets depends on the machine's time. */
  rng: Rng;
  /** Empty at the beginning, removed at the end. */
  directory: string;
  signal: AbortSignal;
  /** Adds to a figure of the part. */
  count: (name: string, times?: number) => void;
  /** Something that must not be, in a sentence. The soak goes on, and ends with exit code 1. */
  find: (text: string) => void;
  say: (text: string) => void;
}

export interface Part {
  name: string;
  /** What is done to what. */
  title: string;
  /** Why it cannot be done here, in a sentence; `null` where it can. */
  obstacle?(): Promise<string | null>;
  round(round: Round): Promise<void>;
  /** Frees what the part keeps from round to round. */
  end?(): Promise<void>;
}
