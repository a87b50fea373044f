/**
 * @file What a decoder-only language model looks like, read from Hugging Face's `config.json`: Llama 3.x,
 * Mistral, Qwen 2/2.5/3 and GLM-4 differ only in the switches below. Anything else is refused by name.
 */

import { z } from "zod";
import { ConfigError } from "../../../core/errors.ts";

/** The architectures that the embedded engine computes. */
export type Architecture =
  | "LlamaForCausalLM"
  | "MistralForCausalLM"
  | "Qwen2ForCausalLM"
  | "Qwen3ForCausalLM"
  | "GlmForCausalLM"
  | "Glm4ForCausalLM";

/** Llama 3's change of the rotary frequencies for contexts beyond the one that was pre-trained. */
export interface Llama3Scaling {
  factor: number;
  lowFrequencyFactor: number;
  highFrequencyFactor: number;
  originalContextTokens: number;
}

/** A decoder's sizes and constants, as `config.json` has them. */
export interface DecoderConfig {
  architecture: Architecture;
  vocabSize: number;
  /** Width of the residual stream. */
  hiddenSize: number;
  layers: number;
  heads: number;
  /** Key-value heads of grouped-query attention; `heads` where there is no grouping. */
  kvHeads: number;
  headDim: number;
  intermediateSize: number;
  normEpsilon: number;
  contextTokens: number;
  tieEmbeddings: boolean;
  rope: {
    theta: number;
    /** Leading dimensions of each head that are turned. */
    dim: number;
    /** Pairs are neighbours (GLM) instead of halves. */
    interleaved: boolean;
    scaling: { kind: "none" } | { kind: "linear"; factor: number } | ({ kind: "llama3" } & Llama3Scaling);
  };
  /** Biases of the query, key and value projections. */
  qkvBias: boolean;
  outputBias: boolean;
  mlpBias: boolean;
  /** RMS normalisation of each head's query and key (Qwen 3). */
  qkNorm: boolean;
  /** Normalisation after attention and after the MLP, besides those before (GLM-4-0414). */
  postNorms: boolean;
  /** Gate and up projection are one tensor in the checkpoint (GLM). */
  fusedGateUp: boolean;
  /** `config.json` as it was read, so that saving loses nothing. */
  raw: Record<string, unknown>;
}

/** Far beyond every known model, and small enough that what is made of it before the weights are read does no harm. */
const size = (most: number) => z.number().int().positive().max(most);
const scale = z.number().positive().max(1e9);
const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: scale.optional(),
  low_freq_factor: scale.optional(),
  high_freq_factor: scale.optional(),
  original_max_position_embeddings: size(2 ** 27).optional(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
});

const configSchema = z.looseObject({
  architectures: z.array(z.string()).optional(),
  model_type: z.string().optional(),
  vocab_size: size(2 ** 22),
  hidden_size: size(2 ** 17),
  num_hidden_layers: size(1024),
  num_attention_heads: size(4096),
  num_key_value_heads: size(4096).nullish(),
  head_dim: size(4096).nullish(),
  intermediate_size: size(2 ** 20),
  rms_norm_eps: z.number().positive().max(1).default(1e-6),
  max_position_embeddings: size(2 ** 27),
  tie_word_embeddings: z.boolean().default(false),
  rope_theta: z.number().positive().optional(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  partial_rotary_factor: z.number().positive().max(1).optional(),
  attention_bias: z.boolean().optional(),
  mlp_bias: z.boolean().optional(),
  hidden_act: z.string().default("silu"),
  use_sliding_window: z.boolean().optional(),
  sliding_window: size(2 ** 27).nullish(),
});

const byModelType: Record<string, Architecture> = {
  llama: "LlamaForCausalLM",
  mistral: "MistralForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
  glm: "GlmForCausalLM",
  glm4: "Glm4ForCausalLM",
};

/** @param file names the origin in errors. @throws ConfigError for what the engine cannot run exactly. */
export function parseDecoderConfig(json: unknown, file: string): DecoderConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success)
    throw new ConfigError(
      `${file} is not a model configuration: ${z.prettifyError(parsed.error)}`,
      "Use the config.json of a Hugging Face causal language model.",
    );
  const raw = parsed.data;
  const named = raw.architectures?.[0] ?? byModelType[raw.model_type ?? ""] ?? "none";
  const architecture = Object.values(byModelType).find((known) => known === named);
  const refuse = (what: string): never => {
    throw new ConfigError(
      `${file}: ${what}`,
      `The embedded engine runs ${Object.values(byModelType).join(", ")}; serve other models with an engine behind a URL.`,
    );
  };
  if (!architecture) return refuse(`architecture ${named} is unknown`);
  if (raw.hidden_act !== "silu") refuse(`activation ${raw.hidden_act} is not supported`);
  if (raw.use_sliding_window) refuse("sliding-window attention is not supported");
  const glm = architecture === "GlmForCausalLM" || architecture === "Glm4ForCausalLM";
  const heads = raw.num_attention_heads;
  const kvHeads = raw.num_key_value_heads ?? heads;
  const headDim = raw.head_dim ?? raw.hidden_size / heads;
  if (!Number.isInteger(headDim) || headDim % 2) refuse(`head size ${headDim} is not an even number`);
  if (heads % kvHeads) refuse(`${heads} heads do not divide into ${kvHeads} key-value heads`);
  const rope = raw.rope_parameters ?? raw.rope_scaling ?? {};
  const partial = raw.partial_rotary_factor ?? rope.partial_rotary_factor ?? (glm ? 0.5 : 1);
  const ropeDim = Math.trunc(headDim * partial);
  if (ropeDim < 2 || ropeDim % 2)
    refuse(`${ropeDim} dimensions of each head would be turned, which is not an even number`);
  const bias = raw.attention_bias ?? architecture === "Qwen2ForCausalLM";
  return {
    architecture,
    vocabSize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    layers: raw.num_hidden_layers,
    heads,
    kvHeads,
    headDim,
    intermediateSize: raw.intermediate_size,
    normEpsilon: raw.rms_norm_eps,
    // Within Mistral's window all tokens see each other, as in Llama.
    contextTokens: Math.min(
      raw.max_position_embeddings,
      (architecture === "MistralForCausalLM" ? raw.sliding_window : null) ?? Infinity,
    ),
    tieEmbeddings: raw.tie_word_embeddings,
    rope: {
      theta: raw.rope_theta ?? rope.rope_theta ?? 10_000,
      dim: ropeDim,
      interleaved: glm,
      scaling: parseScaling(rope, raw.max_position_embeddings, refuse),
    },
    qkvBias: architecture === "Qwen2ForCausalLM" ? true : bias,
    outputBias: bias && (architecture === "LlamaForCausalLM" || architecture === "Qwen3ForCausalLM"),
    mlpBias: architecture === "LlamaForCausalLM" && (raw.mlp_bias ?? false),
    qkNorm: architecture === "Qwen3ForCausalLM",
    postNorms: architecture === "Glm4ForCausalLM",
    fusedGateUp: glm,
    raw: json as Record<string, unknown>,
  };
}

function parseScaling(
  rope: z.infer<typeof ropeSchema>,
  contextTokens: number,
  refuse: (what: string) => never,
): DecoderConfig["rope"]["scaling"] {
  const kind = rope.rope_type ?? rope.type ?? "default";
  if (kind === "default") return { kind: "none" };
  const factor = rope.factor ?? refuse(`RoPE scaling ${kind} has no factor`);
  if (kind === "linear") return { kind, factor };
  if (kind !== "llama3") return refuse(`RoPE scaling ${kind} is not supported`);
  return {
    kind,
    factor,
    lowFrequencyFactor: rope.low_freq_factor ?? refuse("RoPE scaling llama3 has no low_freq_factor"),
    highFrequencyFactor: rope.high_freq_factor ?? refuse("RoPE scaling llama3 has no high_freq_factor"),
    originalContextTokens: rope.original_max_position_embeddings ?? contextTokens,
  };
}

/** Dials of a new Llama-style model; the defaults are those of the shipped base. */
export interface NewModelOptions {
  vocabSize: number;
  hiddenSize?: number;
  layers?: number;
  heads?: number;
  kvHeads?: number;
  intermediateSize?: number;
  contextTokens?: number;
}

/** Configuration of a new Llama-style model with tied embeddings. */
export function newLlamaConfig(options: NewModelOptions): DecoderConfig {
  const { hiddenSize = 192, layers = 4, heads = 6, contextTokens = 2048 } = options;
  const raw = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_act: "silu",
    vocab_size: options.vocabSize,
    hidden_size: hiddenSize,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: options.kvHeads ?? heads,
    head_dim: hiddenSize / heads,
    // 8/3 of the width, as in Llama, rounded up to a multiple of 64.
    intermediate_size: options.intermediateSize ?? Math.ceil((hiddenSize * 8) / 3 / 64) * 64,
    rms_norm_eps: 1e-5,
    max_position_embeddings: contextTokens,
    tie_word_embeddings: true,
    rope_theta: 10_000,
    attention_bias: false,
    mlp_bias: false,
    torch_dtype: "float32",
  };
  return parseDecoderConfig(raw, "new model");
}
