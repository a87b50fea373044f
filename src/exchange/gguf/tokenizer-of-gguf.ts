/**
 * @file Makes `tokenizer.json`, `tokenizer_config.json` and `generation_config.json` from the metadata of a GGUF file:
 * vocabulary, merges, the pre-tokenizer by its name, special and added tokens, chat template, end tokens.
 */

import { ConfigError } from "../../core/errors.ts";
import { damagedHint, type Gguf } from "./read-gguf.ts";

const originalHint = "Import the model's original from a folder in Hugging Face's layout, or from the hub.";

/** llama.cpp's types of tokens. */
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
const split = (pattern: string) => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    { ...byteLevel, use_regex: false },
  ],
});
/** Words of Llama 3 and GLM-4, with up to this many digits in a group. */
const words = (digits: string) =>
  split(
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  );
const gpt2 = { ...byteLevel, use_regex: true };
const qwen = { preTokenizer: words("\\p{N}"), normalizer: { type: "NFC" } };
const llama3 = { preTokenizer: words("\\p{N}{1,3}"), ignoreMerges: true };
const glm = { preTokenizer: words("\\p{N}{1,3}") };

/** By `tokenizer.ggml.pre`: the pre-tokenizers in these models' `tokenizer.json` from Hugging Face. */
const byName: Readonly<
  Record<string, { preTokenizer: object; normalizer?: object; ignoreMerges?: boolean }>
> = {
  "gpt-2": { preTokenizer: gpt2 },
  smollm: {
    preTokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Digits", individual_digits: true }, gpt2],
    },
  },
  "llama-bpe": llama3,
  "llama-v3": llama3,
  llama3,
  "smaug-bpe": llama3,
  qwen2: qwen,
  "deepseek-r1-qwen": qwen,
  "chatglm-bpe": glm,
  glm4: glm,
};

/** Control tokens that end a reply, besides those that the metadata name. */
const ends = ["<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>"];
/** A turn of GLM ends where the next one begins. */
const glmEnds = ["<|user|>", "<|observation|>"];

export interface TokenizerFiles {
  tokenizer: Record<string, unknown>;
  tokenizerConfig: Record<string, unknown>;
  generationConfig: Record<string, unknown>;
}

export function tokenizerOfGguf(gguf: Gguf, contextTokens: number): TokenizerFiles {
  const { file, metadata } = gguf;
  const bad = (key: string, what: string, hint = damagedHint) =>
    new ConfigError(`${file}: "tokenizer.${key}" ${what}`, hint);
  const model = metadata.get("tokenizer.ggml.model");
  if (model !== "gpt2")
    throw bad(
      "ggml.model",
      `is ${JSON.stringify(model ?? null)}; only "gpt2" (byte-level BPE) is read`,
      originalHint,
    );
  const pre = metadata.get("tokenizer.ggml.pre");
  const kind = typeof pre === "string" && Object.hasOwn(byName, pre) ? byName[pre] : undefined;
  if (!kind)
    throw bad(
      "ggml.pre",
      `is ${JSON.stringify(pre ?? null)}, whose way to split words is not known (known: ${Object.keys(byName).join(", ")})`,
      originalHint,
    );
  const tokens = textsOf(metadata.get("tokenizer.ggml.tokens"));
  if (!tokens) throw bad("ggml.tokens", "is not a list of texts");
  const merges = textsOf(metadata.get("tokenizer.ggml.merges"));
  if (!merges) throw bad("ggml.merges", "is not a list of texts");
  const types = (metadata.get("tokenizer.ggml.token_type") ?? []) as unknown[];
  if (!Array.isArray(types) || (types.length > 0 && types.length !== tokens.length))
    throw bad("ggml.token_type", "does not have one type per token");

  const vocab = new Map<string, number>();
  const added: { id: number; content: string; special: boolean }[] = [];
  for (const [id, token] of tokens.entries()) {
    const type = types[id];
    if (type === UNUSED) continue;
    if (type === CONTROL || type === USER_DEFINED)
      added.push({ id, content: token, special: type === CONTROL });
    if (token === "") throw bad("ggml.tokens", `has an empty token at ${id}`);
    if (vocab.has(token))
      throw bad("ggml.tokens", `has ${JSON.stringify(token)} at ${vocab.get(token)} and ${id}`);
    vocab.set(token, id);
  }
  const pairs = merges.map((merge, i) => {
    // A blank can separate the parts, because the byte-level alphabet has none.
    const at = merge.indexOf(" ");
    const pair = [merge.slice(0, at), merge.slice(at + 1)] as const;
    if (at < 1 || !vocab.has(pair[0]) || !vocab.has(pair[1]) || !vocab.has(pair[0] + pair[1]))
      throw bad(
        "ggml.merges",
        `has ${JSON.stringify(merge)} at ${i}, which joins no tokens of the vocabulary`,
      );
    return pair;
  });

  const idOf = (key: string): number | null => {
    const id = metadata.get(`tokenizer.ggml.${key}_token_id`);
    if (id === undefined) return null;
    if (typeof id !== "number" || tokens[id] === undefined)
      throw bad(`ggml.${key}_token_id`, `is ${JSON.stringify(id)}; there are ${tokens.length} tokens`);
    return id;
  };
  const [bos, eos, pad, unknown] = [idOf("bos"), idOf("eos"), idOf("padding"), idOf("unknown")];
  const isGlm = kind === glm;
  const named = [...ends, ...(isGlm ? glmEnds : [])];
  const control = new Map(added.map(({ id, content }) => [content, id]));
  const endIds = new Set([
    eos,
    idOf("eot"),
    idOf("eom"),
    ...named.map((token) => control.get(token) ?? null),
  ]);
  endIds.delete(null);
  if (endIds.size === 0)
    throw bad(
      "ggml.eos_token_id",
      "is missing, and no known end of a turn is among the tokens",
      originalHint,
    );
  const addsBos = (metadata.get("tokenizer.ggml.add_bos_token") ?? kind === llama3) === true && bos !== null;
  const name = (id: number | null) => (id === null ? undefined : tokens[id]);
  const template = metadata.get("tokenizer.chat_template");
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: added.map(({ id, content, special }) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special,
      })),
      normalizer: kind.normalizer ?? null,
      pre_tokenizer: kind.preTokenizer,
      post_processor: addsBos ? withBos(tokens[bos]!, bos) : { ...byteLevel, use_regex: true },
      decoder: { ...byteLevel, use_regex: true },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: kind.ignoreMerges ?? false,
        vocab: Object.fromEntries(vocab),
        merges: pairs,
      },
    },
    tokenizerConfig: {
      tokenizer_class: "PreTrainedTokenizerFast",
      add_bos_token: addsBos,
      bos_token: name(bos),
      eos_token: name(eos),
      pad_token: name(pad),
      unk_token: name(unknown),
      clean_up_tokenization_spaces: false,
      model_max_length: contextTokens,
      ...(typeof template === "string" && { chat_template: template }),
    },
    generationConfig: {
      ...(bos !== null && { bos_token_id: bos }),
      eos_token_id: [...endIds],
      ...(pad !== null && { pad_token_id: pad }),
    },
  };
}

/** Texts begin with the token `content`, as for Llama 3. */
function withBos(content: string, id: number): object {
  const special = { SpecialToken: { id: content, type_id: 0 } };
  const [a, b] = ["A", "B"].map((name, i) => ({ Sequence: { id: name, type_id: i } }));
  return {
    type: "TemplateProcessing",
    single: [special, a],
    pair: [special, a, special, b],
    special_tokens: { [content]: { id: content, ids: [id], tokens: [content] } },
  };
}

const textsOf = (value: unknown): string[] | null =>
  Array.isArray(value) && value.every((text) => typeof text === "string") ? value : null;
