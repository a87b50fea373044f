/**
 * @file Causal self-attention over whole sequences: what training uses. A sampler with a key-value cache passes
 * its own {@link Attend} to the decoder instead.
 */

import { lessOrEqual, where } from "../graph/elementwise.ts";
import { range } from "../graph/indexing.ts";
import { concat, reshape, splitEqual, transpose } from "../graph/layout.ts";
import { attention } from "../graph/nn.ts";
import type { Graph } from "../graph/graph.ts";
import type { Dim, Value } from "../graph/value.ts";
import type { DecoderConfig } from "./config.ts";

/** Context of every position: `q` [B, T, heads·D], `k` and `v` [B, T, kvHeads·D], turned; gives [B, T, heads·D]. */
export type Attend = (q: Value, k: Value, v: Value, layer: number) => Value;

/** Finite, so that no row of scores becomes NaN; e^(−1e30) is 0 in every precision. */
const masked = -1e30;

/** Additive mask [T, T]: 0 where key ≤ query, very negative elsewhere. */
function causalMask(graph: Graph, like: Value, time: Dim): Value {
  const positions = range(like, time);
  const allowed = lessOrEqual(reshape(positions, [1, time]), reshape(positions, [time, 1]));
  return where(allowed, graph.scalar(0), graph.scalar(masked));
}

/**
 * Causal attention of right-padded sequences (padding comes after every real token, so nobody sees it). Queries are
 * taken in `blocks` equal blocks that each see only the keys up to their own end: with n blocks the work on
 * scores falls to (n+1)/2n. T must be a multiple of `blocks`.
 */
export function causalAttention(
  config: DecoderConfig,
  graph: Graph,
  positions: Value,
  blocks: number,
): Attend {
  const [batch, time] = positions.shape as [Dim, Dim];
  const { kvHeads, headDim } = config;
  const groups = config.heads / kvHeads;
  const alpha = 1 / Math.sqrt(headDim);
  const part = typeof time === "number" ? time / blocks : `${time}/${blocks}`;
  const prefixDim = (i: number): Dim =>
    i === blocks - 1 ? time : typeof part === "number" ? part * (i + 1) : i === 0 ? part : `${part}*${i + 1}`;
  let masks: Value[] | undefined;
  const blockMasks = () =>
    (masks ??= graph.pauseTape(() => {
      const rows = splitEqual(causalMask(graph, positions, time), 0, blocks);
      return rows.map((row, i) => prefix(splitEqual(row, 1, blocks), i, 1));
    }));
  const prefix = (parts: readonly Value[], i: number, axis: number): Value =>
    concat(parts.slice(0, i + 1), axis, prefixDim(i));

  return (q, k, v) => {
    const grouped = groups > 1;
    const time4 = (x: Value) => transpose(reshape(x, [batch, time, kvHeads, headDim]), [0, 2, 1, 3]);
    const queries = grouped
      ? transpose(reshape(q, [batch, time, kvHeads, groups, headDim]), [0, 2, 3, 1, 4])
      : time4(q);
    // [B, kvHeads, 1, T, D] so that the products broadcast over the group.
    const shareHeads = (x: Value) =>
      grouped ? reshape(time4(x), [batch, kvHeads, 1, time, headDim]) : time4(x);
    const axis = queries.shape.length - 2;
    const [qs, ks, vs] = [splitEqual(queries, axis, blocks), shareHeads(k), shareHeads(v)];
    const [keyParts, valueParts] = [splitEqual(ks, axis, blocks), splitEqual(vs, axis, blocks)];
    const contexts = qs.map((block, i) => {
      const whole = i === blocks - 1;
      const keys = whole ? ks : prefix(keyParts, i, axis);
      const values = whole ? vs : prefix(valueParts, i, axis);
      return attention(block, keys, values, blockMasks()[i]!, alpha);
    });
    const context = concat(contexts, axis, time);
    const inOrder = grouped ? transpose(context, [0, 3, 1, 2, 4]) : transpose(context, [0, 2, 1, 3]);
    return reshape(inOrder, [batch, time, config.heads * headDim]);
  };
}
