/**
 * @file Converts our datums to those of the protocol. There, every position has one target and one number of each kind;
 * here, a datum names the positions that count, and one position may have several targets. One of our datums therefore
 * becomes as many of the protocol's as its fullest position has targets; the other positions get the token that
 * follows, with the number 0.
 */

import type { Datum } from "../../../core/engine.ts";
import type { ForwardBackwardOutput, TensorData, WireDatum } from "../wire/messages.ts";
import { TinkerError } from "./errors.ts";

/** One datum of the protocol, and which of our numbers stands where. */
export interface Placed {
  tokens_T: readonly number[];
  /** Targets of a position. */
  width: number;
  /** [T, width], row by row. */
  targets: number[];
  /** Where each of its entries stands among the targets, and which datum and entry of ours it is. */
  entries: { at: number; b: number; n: number }[];
}

/** `columns`: the server takes several targets a position, so that every datum stays one. */
export function placeDatums(datums_B: readonly Datum[], columns: boolean): Placed[] {
  if (columns) return datums_B.map(placeInColumns);
  return datums_B.flatMap(({ tokens_T, positions_N, targets_N }, b) => {
    const length = Math.max(0, ...positions_N) + 1;
    const input_T = tokens_T.slice(0, length);
    // Positions with several targets are the exception, so this nearly always has one entry.
    const placed: Placed[] = [];
    const used = new Map<number, number>();
    positions_N.forEach((position, n) => {
      const copy = used.get(position) ?? 0;
      used.set(position, copy + 1);
      placed[copy] ??= {
        tokens_T: input_T,
        width: 1,
        targets: input_T.map((_, t) => tokens_T[t + 1] ?? tokens_T[t]!),
        entries: [],
      };
      placed[copy].targets[position] = targets_N[n]!;
      placed[copy].entries.push({ at: position, b, n });
    });
    return placed;
  });
}

/** Keeps the whole input, as the engine in this process computes it. */
function placeInColumns({ tokens_T, positions_N, targets_N }: Datum, b: number): Placed {
  const used = new Map<number, number>();
  const columns_N = positions_N.map((position) => {
    const column = used.get(position) ?? 0;
    used.set(position, column + 1);
    return column;
  });
  const width = Math.max(1, ...used.values());
  const targets = tokens_T.flatMap((token, t) =>
    Array.from({ length: width }, () => tokens_T[t + 1] ?? token),
  );
  const entries = positions_N.map((position, n) => ({ at: position * width + columns_N[n]!, b, n }));
  for (const { at, n } of entries) targets[at] = targets_N[n]!;
  return { tokens_T, width, targets, entries };
}

/** `inputs`: by name, a number for each entry of ours; 0 elsewhere. */
export function wireDatum(
  { tokens_T, width, targets, entries }: Placed,
  inputs: Readonly<Record<string, (b: number, n: number) => number>>,
): WireDatum {
  const shape = width === 1 ? [tokens_T.length] : [tokens_T.length, width];
  const tensor = (data: number[], dtype: TensorData["dtype"]): TensorData => ({ data, dtype, shape });
  const spread = (value: (b: number, n: number) => number) => {
    const all = targets.map(() => 0);
    for (const { at, b, n } of entries) all[at] = value(b, n);
    return tensor(all, "float32");
  };
  return {
    model_input: { chunks: [{ type: "encoded_text", tokens: [...tokens_T] }] },
    loss_fn_inputs: {
      target_tokens: tensor(targets, "int64"),
      ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, spread(value)])),
    },
  };
}

/** Bytes of a datum by the official client's estimate: 4 a token, 8 a target, 4 a number of each kind. */
export const datumBytes = ({ tokens_T, targets }: Placed, kinds: number): number =>
  4 * tokens_T.length + targets.length * (8 + 4 * kinds);

/** Cuts `items` into parts that keep both limits; an item that alone exceeds them travels alone. */
export function cutIntoChunks<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  limits: { items: number; bytes: number },
): T[][] {
  const chunks: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    const last = chunks.at(-1);
    if (last && last.length < limits.items && bytes + size <= limits.bytes) {
      last.push(item);
      bytes += size;
    } else {
      chunks.push([item]);
      bytes = size;
    }
  }
  return chunks;
}

/**
 * Puts the log-probabilities of an answer where ours belong.
 * @throws TinkerError for numbers that no model gives: missing, not finite, above 0, or 0 everywhere.
 */
export function collectLogprobs(
  placed: readonly Placed[],
  { loss_fn_outputs: outputs }: ForwardBackwardOutput,
  into_BN: readonly Float32Array[],
): void {
  if (outputs.length !== placed.length)
    throw new TinkerError("nonsense", `the server answers ${outputs.length} datums of ${placed.length}`);
  let count = 0;
  let zeros = 0;
  placed.forEach(({ targets, entries }, i) => {
    const { data } = outputs[i]!["logprobs"] ?? {};
    if (data?.length !== targets.length)
      throw new TinkerError(
        "nonsense",
        `the server gives ${data?.length ?? "no"} log-probabilities for ${targets.length} targets`,
      );
    for (const { at, b, n } of entries) {
      const value = data[at]!;
      if (!Number.isFinite(value) || value > 1e-2)
        throw new TinkerError("nonsense", `the server gives ${value} for a log-probability`);
      into_BN[b]![n] = Math.min(value, 0);
      count++;
      if (value === 0) zeros++;
    }
  });
  if (count >= 8 && zeros === count)
    throw new TinkerError("nonsense", `the server gives 0 for all of ${count} log-probabilities`);
}
