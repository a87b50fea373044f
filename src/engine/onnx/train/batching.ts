/**
 * @file Datums to micro-batches: sorted by length so that little is padding, cut to a budget of memory, and to few
 * distinct shapes.
 */

import { ConfigError } from "../../../core/errors.ts";
import type { Datum } from "../../../core/engine.ts";
import type { DecoderConfig } from "../models/config.ts";

export interface MicroBatch {
  /** Which datums of the batch, in order of their rows. */
  members: readonly number[];
  sequences: number;
  /** Padded length; a multiple of 32. */
  time: number;
  /** Of each sequence, without padding. */
  lengths: readonly number[];
  /** int32 [sequences·time], row-major. */
  tokens_M: Int32Array;
  positions_M: BigInt64Array;
  /** Rows of the flattened batch whose logits are wanted, without repetition. */
  rows_R: Int32Array;
  /** For every target, the entry of `rows_R` that it belongs to. */
  targetRows_N: Int32Array;
  targets_N: Int32Array;
  paddingTokens: number;
}

export interface BatchLimits {
  /** Tokens of a micro-batch, padding included; a longer sequence goes alone. */
  maxTokens: number;
  /** Bytes that the activations of `sequences` × `time` tokens with `rows` wanted rows need. */
  activationBytes: (sequences: number, time: number, rows: number) => number;
  memoryBudgetBytes: number;
}

/** Lengths are rounded up to this, and to coarser steps for long sequences: few shapes, little padding. */
const step = 32;

export function paddedLength(tokens: number): number {
  const coarse = tokens <= 512 ? step : tokens <= 2048 ? 2 * step : 8 * step;
  return Math.ceil(tokens / coarse) * coarse;
}

/** Tokens up to the last one whose prediction is wanted: those after it change nothing. */
const usedLength = (datum: Datum): number => datum.positions_N.reduce((last, p) => Math.max(last, p), -1) + 1;

/** Checks datums and lays them out. Datums without targets take no part. */
export function planMicroBatches(
  datums_B: readonly Datum[],
  config: DecoderConfig,
  limits: BatchLimits,
): MicroBatch[] {
  datums_B.forEach((datum, b) => checkDatum(datum, b, config));
  const order = datums_B
    .map((datum, index) => ({ index, length: usedLength(datum), rows: new Set(datum.positions_N).size }))
    .filter(({ length }) => length > 0)
    .toSorted((a, b) => b.length - a.length || a.index - b.index);
  const groups: (typeof order)[] = [];
  let group: typeof order = [];
  let time = 0;
  let rows = 0;
  for (const item of order) {
    const fits =
      (group.length + 1) * time <= limits.maxTokens &&
      limits.activationBytes(group.length + 1, time, rows + item.rows) <= limits.memoryBudgetBytes;
    // Sequences much shorter than the group's first one would be mostly padding.
    const alike = paddedLength(item.length) * 1.25 >= time || time - item.length <= step;
    if (group.length === 0 || !fits || !alike) {
      group = [];
      groups.push(group);
      time = paddedLength(item.length);
      rows = 0;
    }
    group.push(item);
    rows += item.rows;
  }
  return groups.map((members) =>
    layOut(
      members.map(({ index }) => index),
      datums_B,
    ),
  );
}

function layOut(members: readonly number[], datums_B: readonly Datum[]): MicroBatch {
  const lengths = members.map((b) => usedLength(datums_B[b]!));
  const time = paddedLength(Math.max(...lengths));
  const tokens_M = new Int32Array(members.length * time);
  const positions_M = new BigInt64Array(members.length * time);
  for (let m = 0; m < positions_M.length; m++) positions_M[m] = BigInt(m % time);
  const rows: number[] = [];
  const targetRows: number[] = [];
  const targets: number[] = [];
  members.forEach((b, s) => {
    const datum = datums_B[b]!;
    for (let t = 0; t < lengths[s]!; t++) tokens_M[s * time + t] = datum.tokens_T[t]!;
    const rowOf = new Map<number, number>();
    datum.positions_N.forEach((position, n) => {
      let row = rowOf.get(position);
      if (row === undefined) {
        row = rows.length;
        rows.push(s * time + position);
        rowOf.set(position, row);
      }
      targetRows.push(row);
      targets.push(datum.targets_N[n]!);
    });
  });
  return {
    members,
    sequences: members.length,
    time,
    lengths,
    tokens_M,
    positions_M,
    rows_R: Int32Array.from(rows),
    targetRows_N: Int32Array.from(targetRows),
    targets_N: Int32Array.from(targets),
    paddingTokens: tokens_M.length - lengths.reduce((a, b) => a + b, 0),
  };
}

function checkDatum(datum: Datum, b: number, config: DecoderConfig): void {
  const { tokens_T, positions_N, targets_N, weights_N } = datum;
  if (tokens_T.length > config.contextTokens)
    throw new ConfigError(
      `datum ${b} has ${tokens_T.length} tokens, but the model's context is ${config.contextTokens}`,
      "Shorten the sequence, or use a model with a longer context.",
    );
  if (positions_N.length !== targets_N.length || (weights_N && weights_N.length !== targets_N.length))
    throw new RangeError(
      `datum ${b}: ${positions_N.length} positions, ${targets_N.length} targets` +
        (weights_N ? ` and ${weights_N.length} weights differ in number` : " differ in number"),
    );
  const token = (id: number) => Number.isInteger(id) && id >= 0 && id < config.vocabSize;
  const bad = tokens_T.find((id) => !token(id)) ?? targets_N.find((id) => !token(id));
  if (bad !== undefined)
    throw new RangeError(`datum ${b}: token ${bad} is not in the vocabulary of ${config.vocabSize}`);
  const outside = positions_N.find((p) => !Number.isInteger(p) || p < 0 || p >= tokens_T.length);
  if (outside !== undefined)
    throw new RangeError(`datum ${b}: position ${outside} is outside its ${tokens_T.length} tokens`);
}
