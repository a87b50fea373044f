/**
 * @file The two graphs of a sampler on the decoder's layer code: prefill reads a prompt, or a piece of it behind what
 * is already known, and gives its keys and values; decode takes one token of every running sequence.
 *
 * Cache layouts: keys as [rows, kvHeads, headDim, C] (transposed, so that a query's product with them reads memory in
 * order), values as [rows, kvHeads, C, headDim]; C is the cache's length and all rows share it.
 */

import { add, lessOrEqual, mul, scale, where } from "../graph/elementwise.ts";
import { compile, type Program, type Provider } from "../graph/compile.ts";
import { Graph } from "../graph/graph.ts";
import { range } from "../graph/indexing.ts";
import { concat, reshape, slice, split, transpose, zeros } from "../graph/layout.ts";
import { matmul } from "../graph/matmul.ts";
import type { Value } from "../graph/value.ts";
import type { Attend } from "../models/attention.ts";
import type { DecoderConfig } from "../models/config.ts";
import { declareInputs, declareWeights, decoder, headWeight } from "../models/decoder.ts";
import { parameterCount, type LoraSpec } from "../models/parameters.ts";

export interface SamplerPrograms {
  prefill: Program;
  decode: Program;
  /** Names of prefill's outputs per layer. */
  prefillOutputs: { keys: string; values: string; keysTransposed: string }[];
}

/**
 * A decode step of a smaller model is many products of microseconds each: a second thread gains little on an idle
 * machine, and where browsers use the cores too, waiting for it at every product took twice as long.
 */
const oneThreadParameters = 16e6;

/** Names of the inputs that carry the past of a layer. */
export const pastNames = (layer: number): { keys: string; values: string } => ({
  keys: `past_keys_${layer}`,
  values: `past_values_${layer}`,
});

export async function compileSampler(
  config: DecoderConfig,
  lora: readonly LoraSpec[],
  options: { provider?: Provider; threads?: number },
): Promise<SamplerPrograms> {
  const { prefill, outputs } = prefillGraph(config, lora);
  const named = Object.fromEntries(
    outputs.layers.flatMap(({ keys, values, keysTransposed }) => [
      [keys.name, keys],
      [values.name, values],
      [keysTransposed.name, keysTransposed],
    ]),
  );
  const decode = decodeGraph(config, lora);
  return {
    prefill: await compile(prefill, { logits: outputs.logits, ...named }, options),
    decode: await compile(
      decode.graph,
      { logits: decode.logits, states: decode.states },
      parameterCount(config) < oneThreadParameters ? { ...options, threads: 1 } : options,
    ),
    prefillOutputs: outputs.layers.map(({ keys, values, keysTransposed }) => ({
      keys: keys.name,
      values: values.name,
      keysTransposed: keysTransposed.name,
    })),
  };
}

/** GroupQueryAttention takes heads of a multiple of 8; smaller ones of toy models are filled up with zeros. */
export const paddedHeadDim = ({ headDim }: DecoderConfig): number => Math.ceil(headDim / 8) * 8;

/** [1, T, heads·headDim] with zeros after every head. */
function padHeads(x: Value, heads: number, headDim: number, padded: number): Value {
  if (padded === headDim) return x;
  const filled = concat(
    [reshape(x, [1, "T", heads, headDim]), zeros(x, [1, "T", heads, padded - headDim])],
    3,
  );
  return reshape(filled, [1, "T", heads * padded]);
}

/**
 * One sequence. Inputs: tokens int32 [T], positions int64 [1, T], `rows` int32 [1] (the row whose logits are wanted),
 * `last_key` int32 [1] and `total` int32 scalar (past and new tokens together, the former less one), past keys and
 * values [1, kvHeads, P, headDim or padded], of which the first total − T count; P ≥ 1 even where none do. Outputs per layer:
 * keys and values [1, kvHeads, max(P, total), headDim] and the keys transposed.
 */
function prefillGraph(config: DecoderConfig, lora: readonly LoraSpec[]) {
  const g = new Graph("prefill");
  const { heads, kvHeads, headDim } = config;
  const io = declareInputs(g, 1, "T");
  const rows = g.input("rows", "int32", [1]);
  const lastKey = g.input("last_key", "int32", [1]);
  const total = g.input("total", "int32", []);
  const layers: { keys: Value; values: Value; keysTransposed: Value }[] = [];
  const padded = paddedHeadDim(config);
  const attend: Attend = (q, k, v, layer) => {
    const names = pastNames(layer);
    const past = [1, kvHeads, "P", padded];
    const state = { type: "float32" as const, shape: [1, kvHeads, "present", padded] };
    const [context, keys, values] = g.emit({
      op: "GroupQueryAttention",
      domain: "com.microsoft",
      inputs: [
        padHeads(q, heads, headDim, padded),
        padHeads(k, kvHeads, headDim, padded),
        padHeads(v, kvHeads, headDim, padded),
        g.input(names.keys, "float32", past),
        g.input(names.values, "float32", past),
        lastKey,
        total,
      ],
      outputs: [{ type: "float32", shape: [1, "T", heads * padded] }, state, state],
      attributes: {
        num_heads: { int: heads },
        kv_num_heads: { int: kvHeads },
        scale: { float: 1 / Math.sqrt(headDim) },
      },
    });
    layers[layer] = { keys: keys!, values: values!, keysTransposed: transpose(keys!, [0, 1, 3, 2]) };
    if (padded === headDim) return context!;
    return reshape(slice(reshape(context!, [1, "T", heads, padded]), 3, 0, headDim), [
      1,
      "T",
      heads * headDim,
    ]);
  };
  const weights = declareWeights(g, config, lora);
  const hidden = decoder(g, config, weights, { ...io, attend, rows });
  const logits = matmul(hidden, headWeight(config, weights), { transposeB: true });
  return { prefill: g, outputs: { logits, layers } };
}

/** Finite, so that no row of scores becomes NaN. */
const masked = -1e30;

/**
 * B sequences, one token each. Inputs: tokens int32 [B], positions int64 [B, 1] (= tokens in the cache), past keys
 * and values in the cache's layouts. Outputs: logits [B, vocabSize] and `states` [B, layers·2·kvHeads·headDim]: each
 * layer's new key, then its value, for the caller to put into the cache.
 */
function decodeGraph(config: DecoderConfig, lora: readonly LoraSpec[]) {
  const g = new Graph("decode");
  const { heads, kvHeads, headDim } = config;
  const group = heads / kvHeads;
  const kvSize = kvHeads * headDim;
  const io = declareInputs(g, "B", 1);
  const states: Value[] = [];
  let mask: Value | undefined;
  const attend: Attend = (q, k, v, layer) => {
    const names = pastNames(layer);
    const pastKeys = g.input(names.keys, "float32", ["B", kvHeads, headDim, "C"]);
    const pastValues = g.input(names.values, "float32", ["B", kvHeads, "C", headDim]);
    const column = reshape(range(pastKeys, "C"), [1, 1, 1, "C"]);
    // Nodes of later layers reuse the first one's mask.
    mask ??= where(
      lessOrEqual(add(column, g.constant(BigInt64Array.of(1n), [])), reshape(io.positions, ["B", 1, 1, 1])),
      g.scalar(0),
      g.scalar(masked),
    );
    // Scaling the query instead of the scores leaves a plain product, which the provider runs as a matrix-vector one.
    const query = scale(reshape(q, ["B", kvHeads, group, headDim]), 1 / Math.sqrt(headDim));
    const value = reshape(v, ["B", kvHeads, 1, headDim]);
    const before = add(matmul(query, pastKeys), mask);
    const own = matmul(query, reshape(k, ["B", kvHeads, headDim, 1]));
    const [weights] = g.emit({
      op: "Softmax",
      inputs: [concat([before, own], 3, "C+1")],
      outputs: [{ type: "float32", shape: ["B", kvHeads, group, "C+1"] }],
      attributes: { axis: { int: -1 } },
    });
    const [toPast, toOwn] = split(weights!, 3, ["C", 1]);
    const context = add(matmul(toPast!, pastValues), mul(toOwn!, value));
    states.push(reshape(k, ["B", kvSize]), reshape(v, ["B", kvSize]));
    return reshape(context, ["B", 1, heads * headDim]);
  };
  const weights = declareWeights(g, config, lora);
  const hidden = decoder(g, config, weights, { ...io, attend });
  const logits = matmul(hidden, headWeight(config, weights), { transposeB: true });
  return { graph: g, logits, states: concat(states, 1) };
}
