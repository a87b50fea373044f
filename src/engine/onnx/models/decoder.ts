/**
 * @file The decoder of Llama, Qwen and GLM as a graph: one layer code for training, log-probabilities and
 * sampling. What differs between those is only the attention, which the caller passes.
 *
 * How to use it:
 * ```ts
 * const g = new Graph("forward");
 * const io = declareInputs(g);                        // tokens int32 [M], positions int64 [B, T]; M = B·T, row-major
 * const weights = declareWeights(g, config);          // one graph input per tensor, by its Hugging Face name
 * const attend = causalAttention(config, g, io.positions, 1);   // or: a KV-cache variant (q, k, v, layer) => context
 * const hidden = decoder(g, config, weights, { ...io, attend }); // [M, hiddenSize], after the final norm
 * const logits = matmul(hidden, headWeight(config, weights), { transposeB: true });
 * // feeds: tokens, positions, rope_cos and rope_sin (ropeTables(config, length)), and every weight
 * ```
 * `rows` (int32 [R]) keeps only these rows of [M] from the last layer's attention on: hidden is then [R, hiddenSize].
 * Adapters: `declareWeights(g, config, loraSpecs(config, { rank, alpha }))` adds inputs `<module>.lora_A` and
 * `.lora_B`.
 */

import { add, mul, scale } from "../graph/elementwise.ts";
import { gatherRows } from "../graph/indexing.ts";
import { reshape, split } from "../graph/layout.ts";
import { matmul, matmulAdd } from "../graph/matmul.ts";
import { rmsNorm, rotary, silu } from "../graph/nn.ts";
import type { Graph } from "../graph/graph.ts";
import type { Dim, Value } from "../graph/value.ts";
import type { Attend } from "./attention.ts";
import type { DecoderConfig } from "./config.ts";
import { headName, parameterSpecs, type LoraSpec } from "./parameters.ts";

export interface Weights {
  /** By Hugging Face's name. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** By module name. */
  readonly adapters: ReadonlyMap<string, { a: Value; b: Value; scale: number }>;
}

export const loraInputName = (module: string, matrix: "A" | "B"): string => `${module}.lora_${matrix}`;

/** Declares every tensor of the model as a graph input. */
export function declareWeights(graph: Graph, config: DecoderConfig, lora: readonly LoraSpec[] = []): Weights {
  return {
    parameters: new Map(
      parameterSpecs(config).map(({ name, shape }) => [name, graph.input(name, "float32", shape)]),
    ),
    adapters: new Map(
      lora.map(({ module, a, b, scale: factor }) => [
        module,
        {
          a: graph.input(loraInputName(module, "A"), "float32", a),
          b: graph.input(loraInputName(module, "B"), "float32", b),
          scale: factor,
        },
      ]),
    ),
  };
}

export interface DecoderInputs {
  /** int32 [M]. */
  tokens: Value;
  /** int64 [B, T]. */
  positions: Value;
}

/** Declares tokens, positions and the rotary tables. */
export function declareInputs(graph: Graph, batch: Dim = "B", time: Dim = "T"): DecoderInputs {
  const total = typeof batch === "number" && typeof time === "number" ? batch * time : "M";
  if (typeof total === "string") graph.relate(total, [batch, time]);
  return {
    tokens: graph.input("tokens", "int32", [total]),
    positions: graph.input("positions", "int64", [batch, time]),
  };
}

export interface DecoderOptions extends DecoderInputs {
  attend: Attend;
  /** Rows of [M] that are wanted, each once; all if left out. */
  rows?: Value;
  /**
   * With `rows`, for one sequence: the last layer's `attend` is asked for these rows only, q is [1, R, heads·D] there.
   */
  rowsOnly?: boolean;
  /** Wraps each layer: gradient checkpointing does. */
  wrapLayer?: (inputs: readonly Value[], layer: (x: Value) => Value, x: Value) => Value;
  /** Starts at this layer, from what {@link trunk} gave for the layers below, instead of at the tokens. */
  above?: { layer: number; hidden: Value };
}

/** The logits' matrix [vocabSize, hiddenSize]. */
export const headWeight = (config: DecoderConfig, weights: Weights): Value =>
  weights.parameters.get(headName(config))!;

/** Hidden states after the final norm, [M, hiddenSize], or [R, hiddenSize] with `rows`. */
export function decoder(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  options: DecoderOptions,
): Value {
  const x = stack(graph, config, weights, options, config.layers);
  return rmsNorm(x, weights.parameters.get("model.norm.weight")!, config.normEpsilon);
}

/** Hidden states [M, hiddenSize] that layer `layers` reads: embeddings and the layers below it. */
export function trunk(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  options: DecoderInputs & { attend: Attend; layers: number },
): Value {
  return stack(graph, config, weights, options, options.layers);
}

/** The layers from `options.above` up to `end`. */
function stack(
  graph: Graph,
  config: DecoderConfig,
  weights: Weights,
  options: DecoderOptions,
  end: number,
): Value {
  const half = config.rope.dim / 2;
  const cos = graph.input("rope_cos", "float32", ["ropeLength", half]);
  const sin = graph.input("rope_sin", "float32", ["ropeLength", half]);
  const block = layerBuilder(config, weights, { ...options, cos, sin });
  const { layer: first, hidden } = options.above ?? { layer: 0, hidden: null };
  let x = hidden ?? gatherRows(weights.parameters.get("model.embed_tokens.weight")!, options.tokens);
  for (let layer = first; layer < end; layer++) {
    const rows = layer === config.layers - 1 ? options.rows : undefined;
    const used = [
      ...weights.parameters,
      ...[...weights.adapters].flatMap(
        ([m, { a, b }]) =>
          [
            [m, a],
            [m, b],
          ] as const,
      ),
    ]
      .filter(([name]) => name.startsWith(`model.layers.${layer}.`))
      .map(([, value]) => value);
    const build = (input: Value) => block(input, layer, rows);
    x = options.wrapLayer ? options.wrapLayer(used, build, x) : build(x);
  }
  return x;
}

/** One layer: x [M, hiddenSize] → [M, hiddenSize], or only `rows` of it. */
function layerBuilder(
  config: DecoderConfig,
  weights: Weights,
  options: DecoderOptions & { cos: Value; sin: Value },
): (x: Value, layer: number, rows?: Value) => Value {
  const { attend, cos, sin, rowsOnly = false } = options;
  const { headDim, rope } = config;
  const norm = (x: Value, name: string) =>
    rmsNorm(x, weights.parameters.get(`${name}.weight`)!, config.normEpsilon);

  /** x·Wᵀ, plus bias, adapter and residual where there are any. */
  const linear = (x: Value, module: string, residual?: Value): Value => {
    const weight = weights.parameters.get(`${module}.weight`)!;
    const bias = weights.parameters.get(`${module}.bias`);
    const adapter = weights.adapters.get(module);
    const onto = residual && bias ? add(residual, bias) : (residual ?? bias);
    let y = onto ? matmulAdd(x, weight, onto, { transposeB: true }) : matmul(x, weight, { transposeB: true });
    if (adapter) {
      const inner = scale(matmul(x, adapter.a, { transposeB: true }), adapter.scale);
      y = matmulAdd(inner, adapter.b, y, { transposeB: true });
    }
    return y;
  };

  const rotate = (x: Value, heads: number, normName: string, positions: Value): Value => {
    const [batch, time] = positions.shape as [Dim, Dim];
    let shaped = x;
    if (config.qkNorm) {
      const perHead = norm(reshape(x, [batch, time, heads, headDim]), normName);
      shaped = reshape(perHead, [batch, time, heads * headDim]);
    } else shaped = reshape(x, [batch, time, heads * headDim]);
    return rotary(shaped, positions, cos, sin, { heads, rotaryDim: rope.dim, interleaved: rope.interleaved });
  };

  return (x, layer, rows) => {
    const prefix = `model.layers.${layer}`;
    const attn = `${prefix}.self_attn`;
    const h = norm(x, `${prefix}.input_layernorm`);
    const { positions } = options;
    const [batch, time] = positions.shape as [Dim, Dim];
    const asking = rows && rowsOnly ? rowsOf(h, rows, positions) : { h, positions };
    const q = rotate(linear(asking.h, `${attn}.q_proj`), config.heads, `${attn}.q_norm`, asking.positions);
    const k = rotate(linear(h, `${attn}.k_proj`), config.kvHeads, `${attn}.k_norm`, positions);
    const v = reshape(linear(h, `${attn}.v_proj`), [batch, time, config.kvHeads * headDim]);
    const [total] = asking.h.shape as [Dim, number];
    const all = reshape(attend(q, k, v, layer), [total, config.heads * headDim]);
    const context = rows && !rowsOnly ? gatherRows(all, rows, { unique: true }) : all;
    const residual = rows ? gatherRows(x, rows, { unique: true }) : x;
    const afterAttention = config.postNorms
      ? add(residual, norm(linear(context, `${attn}.o_proj`), `${prefix}.post_self_attn_layernorm`))
      : linear(context, `${attn}.o_proj`, residual);
    const m = norm(afterAttention, `${prefix}.post_attention_layernorm`);
    const [gate, up] = config.fusedGateUp
      ? split(linear(m, `${prefix}.mlp.gate_up_proj`), 1, [config.intermediateSize, config.intermediateSize])
      : [linear(m, `${prefix}.mlp.gate_proj`), linear(m, `${prefix}.mlp.up_proj`)];
    const inner = mul(silu(gate!), up!);
    return config.postNorms
      ? add(afterAttention, norm(linear(inner, `${prefix}.mlp.down_proj`), `${prefix}.post_mlp_layernorm`))
      : linear(inner, `${prefix}.mlp.down_proj`, afterAttention);
  };
}

/** Hidden states and positions of `rows` of one sequence. */
function rowsOf(h: Value, rows: Value, positions: Value): { h: Value; positions: Value } {
  const flat = reshape(positions, [h.shape[0]!]);
  return { h: gatherRows(h, rows), positions: reshape(gatherRows(flat, rows), [1, rows.shape[0]!]) };
}
