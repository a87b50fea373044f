/**
 * @file Keys and values of recent prompts, found again by their tokens: prompts of one task share their beginning, and
 * several attempts share all of it. Least recently used entries go first when the memory budget is full.
 */

import type { LayerState } from "./kv-cache.ts";

export interface PrefixEntry {
  tokens_T: readonly number[];
  /** As prefill gives and takes them. */
  layers: readonly LayerState[];
}

export class PrefixCache {
  readonly #budgetBytes: number;
  /** Oldest use first. */
  #entries: PrefixEntry[] = [];

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** The entry with the longest common beginning, and how many tokens that has. */
  find(tokens_T: readonly number[]): { entry: PrefixEntry; shared: number } | null {
    let best: { entry: PrefixEntry; shared: number } | null = null;
    for (const entry of this.#entries) {
      const limit = Math.min(entry.tokens_T.length, tokens_T.length);
      let shared = 0;
      while (shared < limit && entry.tokens_T[shared] === tokens_T[shared]) shared++;
      if (shared > (best?.shared ?? 0)) best = { entry, shared };
    }
    if (best) this.#entries = [...this.#entries.filter((entry) => entry !== best.entry), best.entry];
    return best;
  }

  /** Keeps `entry`, which replaces those that are its beginning. */
  add(entry: PrefixEntry): void {
    const isCovered = (old: PrefixEntry) =>
      old.tokens_T.length <= entry.tokens_T.length &&
      old.tokens_T.every((token, t) => token === entry.tokens_T[t]);
    this.#entries = [...this.#entries.filter((old) => !isCovered(old)), entry];
    let sizeBytes = this.#entries.reduce((sum, old) => sum + bytesOf(old), 0);
    while (sizeBytes > this.#budgetBytes && this.#entries.length > 0)
      sizeBytes -= bytesOf(this.#entries.shift()!);
  }

  clear(): void {
    this.#entries = [];
  }
}

function bytesOf(entry: PrefixEntry): number {
  return entry.layers.reduce(
    (sum, { keysTransposed, values }) => sum + keysTransposed.byteLength + values.byteLength,
    0,
  );
}
