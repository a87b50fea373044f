/**
 * @file Keys and values of the sequences that are being continued. Row i of every buffer belongs to the i-th running
 * sequence, and running ones come first, so that a decode step reads one contiguous piece without a copy.
 */

import { float32, type RunTensor } from "../graph/compile.ts";
import { invariant } from "../../../core/errors.ts";
import type { DecoderConfig } from "../models/config.ts";
import { pastNames } from "./programs.ts";

/** The cache's length grows in steps of this many tokens. */
const lengthStep = 64;

/** One layer of a sequence as prefill gives it: keys [kvHeads, headDim, T] and values [kvHeads, T, headDim]. */
export interface LayerState {
  keysTransposed: Float32Array;
  values: Float32Array;
}

export class KvCache {
  readonly #config: DecoderConfig;
  readonly #mostRows: number;
  /** Rows that the buffers have room for at the current length. */
  #rows = 0;
  #length = 0;
  #keys: Float32Array[] = [];
  #values: Float32Array[] = [];

  /** @param mostRows Rows that may ever be asked for; at least 2. */
  constructor(config: DecoderConfig, mostRows: number) {
    invariant(mostRows >= 2, "a cache has two rows at least");
    this.#config = config;
    this.#mostRows = mostRows;
  }

  /** Numbers in one row of one layer's keys. */
  get #rowSize(): number {
    return this.#config.kvHeads * this.#config.headDim * this.#length;
  }

  /**
   * Makes room for `rows` rows of `tokens` tokens, keeping what the first `kept` rows hold. An empty cache may get
   * shorter.
   */
  reserve(rows: number, tokens: number, kept: number): void {
    invariant(rows <= this.#mostRows, `a cache of ${this.#mostRows} rows has no room for ${rows}`);
    const fitting = roundLength(tokens);
    if (kept === 0) this.#setLength(fitting);
    // Longer rows may be fewer: the room that many short sequences had is not requested again at full length.
    if (fitting > this.#length || rows > this.#rows)
      this.#grow(Math.min(this.#mostRows, roundRows(rows)), Math.max(fitting, this.#length), kept);
  }

  /** Throws away all contents and gives the memory back. */
  clear(): void {
    this.#rows = 0;
    this.#length = 0;
    this.#keys = [];
    this.#values = [];
  }

  /** The same buffers with another number of tokens per row; what they hold stays where it is. */
  #setLength(length: number): void {
    this.#length = length;
    this.#rows = this.#capacity;
  }

  /** Rows of the current length that the buffers hold. */
  get #capacity(): number {
    return Math.min(this.#mostRows, Math.floor((this.#keys[0]?.length ?? 0) / this.#rowSize));
  }

  /** `kept` rows are laid out anew where the length changes, from the last one on, so that none is overwritten. */
  #grow(rows: number, length: number, kept: number): void {
    const { layers, kvHeads, headDim } = this.#config;
    const old = this.#length;
    const size = rows * kvHeads * headDim * length;
    const enlarge = (buffers: Float32Array[]) =>
      Array.from({ length: layers }, (_, layer) => {
        const buffer = buffers[layer];
        if (buffer && buffer.length >= size) return buffer;
        const larger = new Float32Array(size);
        if (buffer) larger.set(buffer.subarray(0, kept * kvHeads * headDim * old));
        return larger;
      });
    this.#keys = enlarge(this.#keys);
    this.#values = enlarge(this.#values);
    this.#setLength(length);
    if (length === old) return;
    const spread = (buffer: Float32Array, runs: number, run: number) => {
      for (let i = runs - 1; i > 0; i--)
        buffer.copyWithin(i * run * length, i * run * old, (i + 1) * run * old);
    };
    for (const buffer of this.#keys) spread(buffer, kept * kvHeads * headDim, 1);
    for (const buffer of this.#values) spread(buffer, kept * kvHeads, headDim);
  }

  /** Puts a prompt of `tokens` tokens into `row`. */
  fill(row: number, states: readonly LayerState[], tokens: number): void {
    const { kvHeads, headDim } = this.#config;
    const base = row * this.#rowSize;
    states.forEach(({ keysTransposed, values }, layer) => {
      const [keys, target] = [this.#keys[layer]!, this.#values[layer]!];
      for (let i = 0; i < kvHeads * headDim; i++)
        keys.set(keysTransposed.subarray(i * tokens, (i + 1) * tokens), base + i * this.#length);
      const size = tokens * headDim;
      for (let head = 0; head < kvHeads; head++)
        target.set(values.subarray(head * size, (head + 1) * size), base + head * this.#length * headDim);
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

/** Memory is asked for in steps and kept for the next batch: rows in powers of two, two at least. */
const roundRows = (rows: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, rows)));
const roundLength = (tokens: number): number => Math.ceil(tokens / lengthStep) * lengthStep;

/** Bytes that the cache asks for to hold `rows` sequences, the longest of `tokens` tokens. */
export function cacheBytes(config: DecoderConfig, rows: number, tokens: number): number {
  return roundRows(rows) * rowBytes(config, roundLength(tokens));
}

/** Bytes of one row of `tokens` tokens in all layers. */
export function rowBytes(config: DecoderConfig, tokens: number): number {
  return 2 * 4 * config.layers * config.kvHeads * config.headDim * tokens;
}
