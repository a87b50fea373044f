/**
 * @file The parameters of a decoder by their Hugging Face names, which of them an adapter may stand on, and how
 * a new model starts.
 */

import { ConfigError } from "../../../core/errors.ts";
import { createRng } from "../../../core/rng.ts";
import type { DecoderConfig } from "./config.ts";

export interface ParameterSpec {
  name: string;
  shape: readonly number[];
  kind: "embedding" | "linear" | "bias" | "norm";
}

/** Name of the tensor that gives the logits: the embedding where it is tied. */
export const headName = (config: DecoderConfig): string =>
  config.tieEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";

/** Every tensor of a checkpoint, in the order of the forward pass. */
export function parameterSpecs(config: DecoderConfig): ParameterSpec[] {
  const { hiddenSize: d, vocabSize, headDim, intermediateSize: ff } = config;
  const specs: ParameterSpec[] = [];
  const norm = (name: string, size = d) =>
    specs.push({ name: `${name}.weight`, shape: [size], kind: "norm" });
  const linear = (name: string, out: number, into: number, bias: boolean) => {
    specs.push({ name: `${name}.weight`, shape: [out, into], kind: "linear" });
    if (bias) specs.push({ name: `${name}.bias`, shape: [out], kind: "bias" });
  };
  specs.push({ name: "model.embed_tokens.weight", shape: [vocabSize, d], kind: "embedding" });
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    norm(`${prefix}.input_layernorm`);
    linear(`${prefix}.self_attn.q_proj`, config.heads * headDim, d, config.qkvBias);
    linear(`${prefix}.self_attn.k_proj`, config.kvHeads * headDim, d, config.qkvBias);
    linear(`${prefix}.self_attn.v_proj`, config.kvHeads * headDim, d, config.qkvBias);
    if (config.qkNorm) {
      norm(`${prefix}.self_attn.q_norm`, headDim);
      norm(`${prefix}.self_attn.k_norm`, headDim);
    }
    linear(`${prefix}.self_attn.o_proj`, d, config.heads * headDim, config.outputBias);
    if (config.postNorms) norm(`${prefix}.post_self_attn_layernorm`);
    norm(`${prefix}.post_attention_layernorm`);
    if (config.fusedGateUp) linear(`${prefix}.mlp.gate_up_proj`, 2 * ff, d, config.mlpBias);
    else {
      linear(`${prefix}.mlp.gate_proj`, ff, d, config.mlpBias);
      linear(`${prefix}.mlp.up_proj`, ff, d, config.mlpBias);
    }
    linear(`${prefix}.mlp.down_proj`, d, ff, config.mlpBias);
    if (config.postNorms) norm(`${prefix}.post_mlp_layernorm`);
  }
  norm("model.norm");
  if (!config.tieEmbeddings) specs.push({ name: "lm_head.weight", shape: [vocabSize, d], kind: "embedding" });
  return specs;
}

export const parameterCount = (config: DecoderConfig): number =>
  parameterSpecs(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

export interface LoraOptions {
  rank: number;
  alpha: number;
  /** Last parts of module names; default: every projection of attention and MLP. */
  targetModules?: readonly string[] | undefined;
  /** Layers that get adapters: the last n, or a list counted from 0; default: all. */
  layers?: number | readonly number[] | undefined;
}

export interface LoraSpec {
  /** Module that it stands on, e.g. `model.layers.0.self_attn.q_proj`. */
  module: string;
  /** A [rank, in] and B [out, rank]: y = x·Wᵀ + (alpha/rank)·(x·Aᵀ)·Bᵀ (Hu et al. 2021). */
  a: readonly number[];
  b: readonly number[];
  scale: number;
}

/** The adapters that `options` ask for. @throws ConfigError for a module that the model does not have. */
export function loraSpecs(config: DecoderConfig, options: LoraOptions): LoraSpec[] {
  const linears = parameterSpecs(config).filter(({ kind }) => kind === "linear");
  const last = (name: string) => name.split(".").at(-2)!;
  const known = new Set(linears.map(({ name }) => last(name)));
  const targets = options.targetModules ?? [...known];
  for (const target of targets)
    if (!known.has(target))
      throw new ConfigError(
        `LoRA target module ${target} is not a linear module of ${config.architecture}`,
        `Choose from ${[...known].join(", ")}.`,
      );
  if (!Number.isInteger(options.rank) || options.rank < 1)
    throw new ConfigError(
      `LoRA rank ${options.rank} is not a positive integer`,
      "Use a rank such as 8 or 32.",
    );
  if (!Number.isFinite(options.alpha) || options.alpha === 0)
    throw new ConfigError(
      `LoRA alpha ${options.alpha} would leave the base as it is`,
      "Use a positive number, such as twice the rank.",
    );
  const layers = adaptedLayers(config, options.layers);
  return linears
    .filter(({ name }) => targets.includes(last(name)) && layers.includes(layerOf(name)))
    .map(({ name, shape: [out, into] }) => ({
      module: name.slice(0, -".weight".length),
      a: [options.rank, into!],
      b: [out!, options.rank],
      scale: options.alpha / options.rank,
    }));
}

/** Layer that a tensor or module belongs to. */
const layerOf = (name: string): number => Number(/^model\.layers\.(\d+)\./.exec(name)?.[1]);

/** Layers that have adapters, ascending. @throws ConfigError for layers that the model does not have. */
function adaptedLayers(config: DecoderConfig, layers: LoraOptions["layers"]): number[] {
  const all = Array.from({ length: config.layers }, (_, layer) => layer);
  if (layers === undefined) return all;
  const known = `The model has ${config.layers} layers, 0 to ${config.layers - 1}.`;
  if (typeof layers === "number") {
    if (!Number.isInteger(layers) || layers < 1 || layers > config.layers)
      throw new ConfigError(`adapters cannot stand on the last ${layers} layers`, known);
    return all.slice(-layers);
  }
  const unknown = layers.find((layer) => !all.includes(layer));
  if (layers.length === 0 || unknown !== undefined)
    throw new ConfigError(
      `adapters cannot stand on ${unknown === undefined ? "no layer" : `layer ${unknown}`}`,
      known,
    );
  return all.filter((layer) => layers.includes(layer));
}

/** Layers below every adapter, which never change: 0 where the whole model is trained. */
export function frozenLayers(config: DecoderConfig, specs: readonly LoraSpec[]): number {
  return layersOf(config, specs)?.[0] ?? 0;
}

/** The layers that `specs` stand on, ascending; `null` where these are all. */
export function layersOf(config: DecoderConfig, specs: readonly LoraSpec[]): number[] | null {
  const layers = [...new Set(specs.map(({ module }) => layerOf(module)))].toSorted((a, b) => a - b);
  return layers.length === config.layers ? null : layers;
}

/** Weights of a new model: N(0, 0.02²), residual projections scaled down by √(2·layers) (GPT-2), norms 1, biases 0. */
export function initWeights(config: DecoderConfig, seed: number): Map<string, Float32Array> {
  const rng = createRng(`init/${seed}`);
  return new Map(
    parameterSpecs(config).map(({ name, shape, kind }) => {
      const data = new Float32Array(sizeOf(shape));
      if (kind === "norm") data.fill(1);
      else if (kind !== "bias") {
        const residual = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
        const deviation = residual ? 0.02 / Math.sqrt(2 * config.layers) : 0.02;
        const stream = rng.fork(name);
        for (let i = 0; i < data.length; i++) data[i] = stream.normal() * deviation;
      }
      return [name, data];
    }),
  );
}

/** Weights of new adapters: A as PEFT does, Kaiming-uniform with a = √5, that is U(±1/√in); B zero. */
export function initLora(
  specs: readonly LoraSpec[],
  seed: number,
): Map<string, { a: Float32Array; b: Float32Array }> {
  const rng = createRng(`lora/${seed}`);
  return new Map(
    specs.map((spec) => {
      const stream = rng.fork(spec.module);
      const bound = 1 / Math.sqrt(spec.a[1]!);
      const a = Float32Array.from({ length: sizeOf(spec.a) }, () => (2 * stream.next() - 1) * bound);
      return [spec.module, { a, b: new Float32Array(sizeOf(spec.b)) }];
    }),
  );
}
