/**
 * @file The graphs of a sampler on the decoder's layer code: prefill reads a prompt, or a piece of it behind what
 * is already known, and gives its keys and values; decode takes one token of every running sequence.
 *
 * Cache layouts: keys as [rows, kvHeads, headDim, C] (transposed, so that a query's product with them reads memory in
 * order), values as [rows, kvHeads, C, headDim]; C is the cache's length and all rows share it.
 */

import { add, lessOrEqual, log, mul, scale, sub, where } from "../graph/elementwise.ts";
import { compile, type Program, type Provider } from "../graph/compile.ts";
import { Graph } from "../graph/graph.ts";
import { range } from "../graph/indexing.ts";
import { concat, reshape, sliceDynamic, split, transpose } from "../graph/layout.ts";
import { matmul } from "../graph/matmul.ts";
import { reduceMax, softmax } from "../graph/reduction.ts";
import type { Dim, Value } from "../graph/value.ts";
import type { Attend } from "../models/attention.ts";
import type { DecoderConfig } from "../models/config.ts";
import { declareInputs, declareWeights, decoder, headWeight } from "../models/decoder.ts";
import { parameterCount, type LoraSpec } from "../models/parameters.ts";

export interface SamplerPrograms extends AsyncDisposable {
  /** For a piece of `tokens` tokens. */
  prefill(tokens: number): { program: Program; blocks: number };
  decode: Program;
  /** Names of prefill's outputs per layer. */
  prefillOutputs: readonly { keysTransposed: string; values: string }[];
}

/**
 * A decode step of a smaller model is many products of microseconds each: a second thread gains little on an idle
 * machine, and where browsers use the cores too, waiting for it at every product took twice as long.
 */
const oneThreadParameters = 16e6;

/**
 * Queries of a long piece are taken in this many blocks that see only keys up to their own end: 5/8 of the work on
 * scores.
 */
const longBlocks = 4;
/** Below this many tokens the blocks' products are too small to gain from it. */
const longPiece = 96;

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
  const names = Array.from({ length: config.layers }, (_, layer) => ({
    keysTransposed: `keys_${layer}`,
    values: `values_${layer}`,
  }));
  const prefill = (blocks: number) => {
    const { graph, distribution, layers } = prefillGraph(config, lora, blocks);
    const states = names.flatMap(({ keysTransposed, values }, layer) => [
      [keysTransposed, layers[layer]!.keysTransposed] as const,
      [values, layers[layer]!.values] as const,
    ]);
    return compile(graph, { ...distribution, ...Object.fromEntries(states) }, options);
  };
  const [short, long] = [await prefill(1), await prefill(longBlocks)];
  const { graph, distribution, states } = decodeGraph(config, lora);
  const decode = await compile(
    graph,
    { ...distribution, states },
    parameterCount(config) < oneThreadParameters ? { ...options, threads: 1 } : options,
  );
  return {
    prefill: (tokens) =>
      tokens < longPiece ? { program: short, blocks: 1 } : { program: long, blocks: longBlocks },
    decode,
    prefillOutputs: names,
    async [Symbol.asyncDispose]() {
      for (const program of [short, long, decode]) await program[Symbol.asyncDispose]();
    },
  };
}

/** What a token is chosen by; rows are sequences. */
interface Distribution {
  [name: string]: Value;
  /** [rows, vocabSize]. */
  logits: Value;
  /** Probabilities at each row's temperature, [rows, vocabSize]. */
  probabilities: Value;
  /** ln Σ e^logit, [rows, 1]. */
  log_sum: Value;
}

/** Declares `inverse_temperature` [rows, 1]. */
function distributionOf(logits: Value): Distribution {
  const g = logits.graph;
  const inverseTemperature = g.input("inverse_temperature", "float32", [logits.shape[0]!, 1]);
  const max = reduceMax(logits, [-1]);
  const below = sub(logits, max);
  // ln Σ eᶻ = max z − ln max P: exact, and it only reads.
  const logSum = sub(max, log(reduceMax(softmax(below), [-1])));
  return { logits, probabilities: softmax(mul(below, inverseTemperature)), log_sum: logSum };
}

/** Finite, so that no row of scores becomes NaN. */
const masked = -1e30;

/**
 * One sequence. Inputs: tokens int32 [T], positions int64 [1, T], `rows` int32 [1] (the row whose token is wanted: the
 * last), `past` int64 [1] tokens that are known already, `sizes` and `ends` int64 [blocks] (queries of each block, and
 * keys that it sees, those of the past included), and the past's keys [kvHeads, 1, headDim, P] and values [kvHeads, 1,
 * P, headDim] with P ≥ max(1, past). Outputs per layer: the same two with P = past + T.
 */
function prefillGraph(config: DecoderConfig, lora: readonly LoraSpec[], blocks: number) {
  const g = new Graph("prefill");
  const { heads, kvHeads, headDim } = config;
  const group = heads / kvHeads;
  const io = declareInputs(g, 1, "T");
  const rows = g.input("rows", "int32", [1]);
  const past = g.input("past", "int64", [1]);
  const sizes = g.input("sizes", "int64", [blocks]);
  const ends = split(
    g.input("ends", "int64", [blocks]),
    0,
    Array.from({ length: blocks }, () => 1),
  );
  const parts = Array.from({ length: blocks }, (_, i): Dim => (blocks === 1 ? "T" : `T${i}`));
  const inBlocks = (x: Value, axis: number): Value[] => {
    if (blocks === 1) return [x];
    const outputs = parts.map((part) => ({ type: x.type, shape: x.shape.with(axis, part) }));
    return g.emit({ op: "Split", inputs: [x, sizes], outputs, attributes: { axis: { int: axis } } });
  };
  const seen = (x: Value, axis: number, i: number): Value =>
    i === blocks - 1 ? x : sliceDynamic(x, axis, g.int64s([0]), ends[i]!, `seen${i}`);
  /** Additive masks [Tᵢ, keys]. */
  const masks = inBlocks(reshape(io.positions, ["T"]), 0).map((positions, i) => {
    const [column] = g.emit({
      op: "Range",
      inputs: [
        g.constant(BigInt64Array.of(0n), []),
        reshape(ends[i]!, []),
        g.constant(BigInt64Array.of(1n), []),
      ],
      outputs: [{ type: "int64", shape: [i === blocks - 1 ? "total" : `seen${i}`] }],
    });
    const allowed = lessOrEqual(column!, reshape(positions, [parts[i]!, 1]));
    return where(allowed, g.scalar(0), g.scalar(masked));
  });
  const layers: { keysTransposed: Value; values: Value }[] = [];
  const attend: Attend = (q, k, v, layer) => {
    const names = pastNames(layer);
    const grown = (name: string, fresh: Value, axis: number): Value => {
      const before = g.input(name, "float32", fresh.shape.with(axis, "P"));
      return concat([sliceDynamic(before, axis, g.int64s([0]), past, "past"), fresh], axis, "total");
    };
    const keys = grown(names.keys, transpose(reshape(k, ["T", kvHeads, 1, headDim]), [1, 2, 3, 0]), 3);
    const values = grown(names.values, transpose(reshape(v, ["T", kvHeads, 1, headDim]), [1, 2, 0, 3]), 2);
    layers[layer] = { keysTransposed: keys, values };
    const time = q.shape[1]!;
    const alpha = 1 / Math.sqrt(headDim);
    const queries = transpose(reshape(q, [time, kvHeads, group, headDim]), [1, 2, 0, 3]);
    // The last layer asks for the last row only, which sees everything.
    const context =
      time === 1
        ? matmul(softmax(matmul(queries, keys, { alpha })), values)
        : concat(
            inBlocks(queries, 2).map((block, i) => {
              const scores = matmul(block, seen(keys, 3, i), { alpha });
              return matmul(softmax(add(scores, masks[i]!)), seen(values, 2, i));
            }),
            2,
            "T",
          );
    return reshape(transpose(context, [2, 0, 1, 3]), [1, time, heads * headDim]);
  };
  const weights = declareWeights(g, config, lora);
  const hidden = decoder(g, config, weights, { ...io, attend, rows, rowsOnly: true });
  const logits = matmul(hidden, headWeight(config, weights), { transposeB: true });
  return { graph: g, distribution: distributionOf(logits), layers };
}

/**
 * B sequences, one token each. Inputs: tokens int32 [B], positions int64 [B, 1] (= tokens in the cache), past keys
 * and values in the cache's layouts. Output beside the distribution: `states` [B, layers·2·kvHeads·headDim], each
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
    const [toPast, toOwn] = split(softmax(concat([before, own], 3, "C+1")), 3, ["C", 1]);
    const context = add(matmul(toPast!, pastValues), mul(toOwn!, value));
    states.push(reshape(k, ["B", kvSize]), reshape(v, ["B", kvSize]));
    return reshape(context, ["B", 1, heads * headDim]);
  };
  const weights = declareWeights(g, config, lora);
  const hidden = decoder(g, config, weights, { ...io, attend });
  const logits = matmul(hidden, headWeight(config, weights), { transposeB: true });
  return { graph: g, distribution: distributionOf(logits), states: concat(states, 1) };
}
