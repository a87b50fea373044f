/**
 * @file Keys and values of the sequences that are being continued. Row i of every buffer belongs to the i-th running
 * sequence, and running ones come first, so that a decode step reads one contiguous piece without a copy.
 */

import { float32, type RunTensor } from "../graph/compile.ts";
import { invariant } from "../../../core/errors.ts";
import type { DecoderConfig } from "../models/config.ts";
import { paddedHeadDim, pastNames } from "./programs.ts";

/** The cache's length grows in steps of this many tokens. */
const lengthStep = 64;

/** One layer of a sequence as prefill gives it: keys [kvHeads, D, T'] and values [kvHeads, T', D], T' ≥ T, D ≥ headDim. */
export interface LayerState {
  keysTransposed: Float32Array;
  values: Float32Array;
}

export class KvCache {
  readonly #config: DecoderConfig;
  #capacity: number;
  #length = 0;
  #keys: Float32Array[] = [];
  #values: Float32Array[] = [];

  /** @param capacity Rows at most; at least 2. */
  constructor(config: DecoderConfig, capacity: number) {
    invariant(capacity >= 2, "a cache has two rows at least");
    this.#config = config;
    this.#capacity = capacity;
  }

  /** Tokens that each row has room for. */
  get length(): number {
    return this.#length;
  }

  /** Numbers in one row of one layer's keys. */
  get #rowSize(): number {
    return this.#config.kvHeads * this.#config.headDim * this.#length;
  }

  /** Makes room for `tokens` per row, keeping what `rows` rows hold. */
  reserve(tokens: number, rows: number): void {
    if (tokens > this.#length) this.#resize(Math.ceil(tokens / lengthStep) * lengthStep, rows);
  }

  /** Gives memory back once nothing runs. */
  clear(): void {
    this.#length = 0;
    this.#keys = [];
    this.#values = [];
  }

  #resize(length: number, rows: number): void {
    const { layers, kvHeads, headDim } = this.#config;
    const [oldLength, oldKeys, oldValues] = [this.#length, this.#keys, this.#values];
    const size = this.#capacity * kvHeads * headDim * length;
    this.#length = length;
    this.#keys = Array.from({ length: layers }, () => new Float32Array(size));
    this.#values = Array.from({ length: layers }, () => new Float32Array(size));
    for (let layer = 0; layer < layers && oldLength > 0; layer++) {
      const [fromK, fromV] = [oldKeys[layer]!, oldValues[layer]!];
      const [toK, toV] = [this.#keys[layer]!, this.#values[layer]!];
      for (let i = 0; i < rows * kvHeads * headDim; i++)
        toK.set(fromK.subarray(i * oldLength, (i + 1) * oldLength), i * length);
      const chunk = oldLength * headDim;
      for (let i = 0; i < rows * kvHeads; i++)
        toV.set(fromV.subarray(i * chunk, (i + 1) * chunk), i * length * headDim);
    }
  }

  /** Puts a prompt of `tokens` tokens into `row`; the state's arrays hold `stride` ≥ `tokens` of them. */
  fill(row: number, states: readonly LayerState[], tokens: number, stride: number): void {
    const { kvHeads, headDim } = this.#config;
    const padded = paddedHeadDim(this.#config);
    const base = row * this.#rowSize;
    states.forEach(({ keysTransposed, values }, layer) => {
      const [keys, target] = [this.#keys[layer]!, this.#values[layer]!];
      for (let head = 0; head < kvHeads; head++) {
        for (let i = 0; i < headDim; i++) {
          const from = (head * padded + i) * stride;
          keys.set(keysTransposed.subarray(from, from + tokens), base + (head * headDim + i) * this.#length);
        }
        // Without padding all of a head's values are one run.
        const [runs, size] = padded === headDim ? [1, tokens * headDim] : [tokens, headDim];
        for (let run = 0; run < runs; run++) {
          const from = (head * stride + run) * padded;
          target.set(values.subarray(from, from + size), base + (head * this.#length + run) * headDim);
        }
      }
    });
  }

  /** Appends one token's keys and values, row b of decode's `states`, at `position` of cache row `row`. */
  append(row: number, position: number, state: Float32Array): void {
    const { layers, kvHeads, headDim } = this.#config;
    const kvSize = kvHeads * headDim;
    const base = row * this.#rowSize;
    for (let layer = 0; layer < layers; layer++) {
      const [keys, values] = [this.#keys[layer]!, this.#values[layer]!];
      const from = layer * 2 * kvSize;
      for (let i = 0; i < kvSize; i++) keys[base + i * this.#length + position] = state[from + i]!;
      for (let head = 0; head < kvHeads; head++) {
        const start = from + kvSize + head * headDim;
        values.set(state.subarray(start, start + headDim), base + (head * this.#length + position) * headDim);
      }
    }
  }

  /** Copies row `from` over row `to`. */
  move(from: number, to: number): void {
    const size = this.#rowSize;
    for (const buffer of [...this.#keys, ...this.#values])
      buffer.copyWithin(to * size, from * size, (from + 1) * size);
  }

  /** The first `rows` rows as decode's inputs, without a copy. */
  feeds(rows: number): Record<string, RunTensor> {
    const { layers, kvHeads, headDim } = this.#config;
    const feeds: Record<string, RunTensor> = {};
    const size = rows * this.#rowSize;
    for (let layer = 0; layer < layers; layer++) {
      const names = pastNames(layer);
      feeds[names.keys] = float32(this.#keys[layer]!.subarray(0, size), [
        rows,
        kvHeads,
        headDim,
        this.#length,
      ]);
      feeds[names.values] = float32(this.#values[layer]!.subarray(0, size), [
        rows,
        kvHeads,
        this.#length,
        headDim,
      ]);
    }
    return feeds;
  }
}

/** Bytes of one row of `tokens` tokens in all layers. */
export function rowBytes(config: DecoderConfig, tokens: number): number {
  return 2 * 4 * config.layers * config.kvHeads * config.headDim * tokens;
}
