/**
 * @file Hugging Face's configuration and names of tensors from what llama.cpp wrote: the reverse of its
 * `convert_hf_to_gguf.py` and of `tensor_mapping.py` in gguf-py.
 */

import { ConfigError } from "../../core/errors.ts";
import type { DecoderConfig } from "../../engine/onnx/models/config.ts";
import { damagedHint, type Gguf, type GgufTensor } from "./read-gguf.ts";

/** How llama.cpp's architectures are called and laid out in Hugging Face's. */
interface Family {
  architecture: string;
  modelType: string;
  /** Rows of queries and keys are stored as rotating pairs of neighbours, and have to go back into halves. */
  permuted: boolean;
  /** `ffn_up` holds gate and up projection. */
  fusedGateUp: boolean;
}
const families: Readonly<Record<string, Family>> = {
  llama: { architecture: "LlamaForCausalLM", modelType: "llama", permuted: true, fusedGateUp: false },
  qwen2: { architecture: "Qwen2ForCausalLM", modelType: "qwen2", permuted: false, fusedGateUp: false },
  qwen3: { architecture: "Qwen3ForCausalLM", modelType: "qwen3", permuted: false, fusedGateUp: false },
  chatglm: { architecture: "GlmForCausalLM", modelType: "glm", permuted: false, fusedGateUp: true },
  glm4: { architecture: "Glm4ForCausalLM", modelType: "glm4", permuted: false, fusedGateUp: true },
};

const unknownHint = `GGUF files of the architectures ${Object.keys(families).join(", ")} are read; serve other models with an engine behind a URL.`;

/** Reads metadata of the file's architecture by their last names. */
function metadataOf({ file, metadata }: Gguf, architecture: string) {
  const wrong = (key: string, what: string) =>
    new ConfigError(`${file}: "${architecture}.${key}" ${what}`, unknownHint);
  const optional = (key: string): number | null => {
    const value = metadata.get(`${architecture}.${key}`);
    if (value === undefined) return null;
    if (typeof value !== "number") throw wrong(key, "is not a number: layers that differ are not supported");
    return value;
  };
  return {
    optional,
    number: (key: string): number => {
      const value = optional(key);
      if (value === null) throw wrong(key, "is missing");
      return value;
    },
    text: (key: string): string | null => {
      const value = metadata.get(`${architecture}.${key}`);
      return typeof value === "string" ? value : null;
    },
    refuse: (key: string, what: string) => {
      throw wrong(key, what);
    },
  };
}

function familyOf({ file, metadata }: Gguf): Family & { name: string } {
  const name = metadata.get("general.architecture");
  if (typeof name !== "string")
    throw new ConfigError(`${file}: "general.architecture" is missing`, unknownHint);
  if (metadata.get("general.type") === "adapter")
    throw new ConfigError(`${file} holds an adapter`, "Import the model that it stands on.");
  if ((metadata.get("split.count") ?? 1) !== 1)
    throw new ConfigError(
      `${file} is one of ${String(metadata.get("split.count"))} parts of a model`,
      "Join them with llama.cpp's `llama-gguf-split --merge FIRST-PART WHOLE.gguf`, and import the whole.",
    );
  const family = Object.hasOwn(families, name) ? families[name] : undefined;
  if (!family)
    throw new ConfigError(
      `${file}: architecture ${JSON.stringify(name.slice(0, 40))} is unknown`,
      unknownHint,
    );
  return { ...family, name };
}

/** `config.json`; ids of tokens and the tokenizer are not in it. */
export function configOfGguf(gguf: Gguf): Record<string, unknown> {
  const family = familyOf(gguf);
  const meta = metadataOf(gguf, family.name);
  if ((meta.optional("expert_count") ?? 0) > 0)
    meta.refuse("expert_count", "says that this is a mixture of experts");
  const embedding = tensorOf(gguf, "token_embd.weight");
  const hidden = meta.number("embedding_length");
  const heads = meta.number("attention.head_count");
  const headDim = meta.optional("attention.key_length") ?? hidden / heads;
  if ((meta.optional("attention.value_length") ?? headDim) !== headDim)
    meta.refuse("attention.value_length", "differs from the size of keys");
  const context = meta.number("context_length");
  const window = meta.optional("attention.sliding_window");
  if (window !== null && window > 0 && window < context)
    meta.refuse("attention.sliding_window", `is ${window}: sliding-window attention is not supported`);
  const theta = meta.optional("rope.freq_base") ?? 10_000;
  const ropeDim = meta.optional("rope.dimension_count") ?? headDim;
  const has = (name: string) => gguf.tensors.has(`blk.0.${name}`);
  return {
    architectures: [family.architecture],
    model_type: family.modelType,
    hidden_act: "silu",
    vocab_size: embedding.shape[0],
    hidden_size: hidden,
    num_hidden_layers: meta.number("block_count"),
    num_attention_heads: heads,
    num_key_value_heads: meta.optional("attention.head_count_kv") ?? heads,
    head_dim: headDim,
    intermediate_size: meta.number("feed_forward_length"),
    rms_norm_eps: round(meta.number("attention.layer_norm_rms_epsilon")),
    max_position_embeddings: context,
    tie_word_embeddings: !gguf.tensors.has("output.weight"),
    rope_theta: theta,
    ...(ropeDim !== headDim && { partial_rotary_factor: ropeDim / headDim }),
    ...ropeScaling(gguf, meta, { theta, ropeDim }),
    attention_bias: has("attn_q.bias") || has("attn_qkv.bias"),
    ...(family.modelType === "llama" && { mlp_bias: has("ffn_up.bias") }),
  };
}

/** An f32 by the shortest decimal number that means it: 1e-5, not 0.000009999999747378752. */
const round = (x: number): number => {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === Math.fround(x)) return short;
  }
  return x;
};

function tensorOf({ file, tensors }: Gguf, name: string): GgufTensor {
  const tensor = tensors.get(name);
  if (!tensor)
    throw new ConfigError(
      `${file}: tensor ${name} is missing`,
      "Name a file that holds a whole language model.",
    );
  return tensor;
}

function ropeScaling(
  gguf: Gguf,
  meta: ReturnType<typeof metadataOf>,
  rope: { theta: number; ropeDim: number },
): { rope_scaling?: object } {
  const type = meta.text("rope.scaling.type") ?? "none";
  const factor = meta.optional("rope.scaling.factor");
  if (type === "linear" && factor !== null) return { rope_scaling: { rope_type: "linear", factor } };
  if (type !== "none" && type !== "linear")
    meta.refuse("rope.scaling.type", `is ${type}, which is not supported`);
  return gguf.tensors.has("rope_freqs.weight") ? { rope_scaling: { rope_type: "llama3", ...rope } } : {};
}

/**
 * Llama 3's scaling as `rope_freqs.weight` has it: one divisor for each frequency. Only its largest one, the factor, is
 * open.
 */
export async function withLlama3Scaling(
  gguf: Gguf,
  config: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const scaling = config["rope_scaling"] as { rope_type: string; theta: number; ropeDim: number } | undefined;
  if (scaling?.rope_type !== "llama3") return config;
  const divisors = await gguf.read(tensorOf(gguf, "rope_freqs.weight"));
  const [low, high, original] = [1, 4, 8192];
  const factor = divisors.reduce((most, divisor) => Math.max(most, divisor), 0);
  const fits =
    divisors.length === scaling.ropeDim / 2 &&
    divisors.every((divisor, i) => {
      const wavelength = 2 * Math.PI * scaling.theta ** ((2 * i) / scaling.ropeDim);
      const smooth = Math.min(1, Math.max(0, (original / wavelength - low) / (high - low)));
      return Math.abs(divisor * ((1 - smooth) / factor + smooth) - 1) < 1e-3;
    });
  if (!fits)
    throw new ConfigError(
      `${gguf.file}: tensor rope_freqs.weight scales the rotation in another way than Llama 3 does`,
      "Import the model's original from a folder in Hugging Face's layout.",
    );
  return {
    ...config,
    rope_scaling: {
      rope_type: "llama3",
      factor,
      low_freq_factor: low,
      high_freq_factor: high,
      original_max_position_embeddings: original,
    },
  };
}

/** A tensor of Hugging Face's, and how it comes from the file. */
export interface SourceTensor {
  name: string;
  shape: number[];
  from: GgufTensor;
  read(): Promise<Float32Array>;
}

const inLayer: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  attn_output: "self_attn.o_proj",
  post_attention_norm: "post_self_attn_layernorm",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
  post_ffw_norm: "post_mlp_layernorm",
};
const outside: Readonly<Record<string, string>> = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
};

/** All tensors of the model in Hugging Face's names and order of rows. */
export function tensorsOfGguf(gguf: Gguf, config: DecoderConfig): SourceTensor[] {
  const family = familyOf(gguf);
  const found: SourceTensor[] = [];
  const add = (name: string, from: GgufTensor, read = () => gguf.read(from), shape = from.shape) =>
    found.push({ name, shape, from, read });
  for (const tensor of gguf.tensors.values()) {
    // Tables of the rotation, which the configuration says as well.
    if (/^rope_freqs\.weight$|\.attn_rot_embd$/.test(tensor.name)) continue;
    const [, layer, part, kind] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(tensor.name) ?? [];
    const names = layer === undefined ? outside : inLayer;
    const prefix = layer === undefined ? "" : `model.layers.${layer}.`;
    if (layer !== undefined && part === "attn_qkv" && !family.permuted) {
      const rows = [config.heads, config.kvHeads, config.kvHeads].map((count) => count * config.headDim);
      const all = rows.reduce((sum, count) => sum + count, 0);
      if (tensor.shape[0] !== all)
        throw new ConfigError(
          `${gguf.file}: tensor ${tensor.name} has ${tensor.shape[0]} rows, its heads make ${all}`,
          damagedHint,
        );
      for (const [i, projection] of ["q_proj", "k_proj", "v_proj"].entries())
        add(
          `${prefix}self_attn.${projection}.${kind}`,
          tensor,
          async () => rowsOf(await gguf.read(tensor), tensor.shape[0]!, rows, i),
          [rows[i]!, ...tensor.shape.slice(1)],
        );
      continue;
    }
    const own = part !== undefined && Object.hasOwn(names, part) ? names[part]! : null;
    if (own === null)
      throw new ConfigError(
        `${gguf.file}: tensor ${tensor.name} does not belong to the architecture ${family.name}`,
        unknownHint,
      );
    const name = family.fusedGateUp && part === "ffn_up" ? "mlp.gate_up_proj" : own;
    const heads = part === "attn_q" ? config.heads : part === "attn_k" ? config.kvHeads : null;
    add(
      `${prefix}${name}.${kind}`,
      tensor,
      family.permuted && heads !== null
        ? async () => unpermute(await gguf.read(tensor), tensor.shape[0]!, heads)
        : undefined,
    );
  }
  return found;
}

/** Part `index` of rows that were joined. */
function rowsOf(data: Float32Array, allRows: number, rows: readonly number[], index: number): Float32Array {
  const width = data.length / allRows;
  const before = rows.slice(0, index).reduce((sum, count) => sum + count, 0);
  return data.subarray(before * width, (before + rows[index]!) * width);
}

/** llama.cpp's row 2j + k of a head is Hugging Face's row k·half + j. */
export function unpermute(data: Float32Array, rows: number, heads: number): Float32Array {
  const width = data.length / rows;
  const perHead = rows / heads;
  const out = new Float32Array(data.length);
  for (let head = 0; head < heads; head++)
    for (let row = 0; row < perHead; row++) {
      const from = head * perHead + row;
      const to = head * perHead + (row % 2) * (perHead / 2) + (row >> 1);
      out.set(data.subarray(from * width, (from + 1) * width), to * width);
    }
  return out;
}
