/**
 * @file Hidden states below the adapters of a frozen base, by their tokens. They never change, so actor, critic,
 * reference and reward model compute them once, however often and by whichever of them a datum is read. Least recently
 * used ones go first when the memory budget is full.
 */

export const trunkCacheBytes = 512 * 2 ** 20;

export class TrunkCache {
  readonly #budgetBytes: number;
  /** Oldest use first. */
  readonly #entries = new Map<string, Float32Array>();
  #sizeBytes = 0;

  constructor(budgetBytes = trunkCacheBytes) {
    this.#budgetBytes = budgetBytes;
  }

  /** [T, hiddenSize] as layer `layers` reads them; the caller must not change them. */
  get(layers: number, tokens_T: Int32Array): Float32Array | undefined {
    const key = keyOf(layers, tokens_T);
    const hidden = this.#entries.get(key);
    if (hidden) {
      this.#entries.delete(key);
      this.#entries.set(key, hidden);
    }
    return hidden;
  }

  put(layers: number, tokens_T: Int32Array, hidden: Float32Array): void {
    const added = keyOf(layers, tokens_T);
    this.#sizeBytes += hidden.byteLength - (this.#entries.get(added)?.byteLength ?? 0);
    this.#entries.set(added, hidden);
    for (const [key, oldest] of this.#entries) {
      if (this.#sizeBytes <= this.#budgetBytes) break;
      this.#entries.delete(key);
      this.#sizeBytes -= oldest.byteLength;
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }
}

const keyOf = (layers: number, tokens_T: Int32Array): string => `${layers}:${tokens_T.join()}`;
