/**
 * @file Makes a model directory in Hugging Face's layout from a GGUF file: dequantises the blocks and undoes
 * llama.cpp's order of rows.
 */

import { realpath } from "node:fs/promises";
import { totalmem } from "node:os";
import { basename } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { digestOf } from "../engine/onnx/checkpoint/manifest.ts";
import { checkTensors, writeCheckpoint } from "../engine/onnx/checkpoint/checkpoint.ts";
import type { TensorDtype, TensorSource } from "../engine/onnx/checkpoint/safetensors.ts";
import { parseDecoderConfig } from "../engine/onnx/models/config.ts";
import { parameterCount, parameterSpecs } from "../engine/onnx/models/parameters.ts";
import { checkTokenizerFits, createTokenizer } from "../engine/onnx/tokenizer/load-tokenizer.ts";
import { createChatTemplate } from "../text/chat-template.ts";
import { configOfGguf, tensorsOfGguf, withLlama3Scaling } from "./gguf/model-of-gguf.ts";
import { withGguf, type Gguf } from "./gguf/read-gguf.ts";
import { tokenizerOfGguf } from "./gguf/tokenizer-of-gguf.ts";
import { importCard } from "./import-card.ts";

export interface ImportGgufOptions {
  /**
   * Type of the weights on disk. `null`: F16 and BF16 stay as they are, and everything else becomes F32, so that
   * nothing is rounded.
   */
  dtype: TensorDtype | null;
  /** Called with how many tensors are written, and how many there are. */
  onProgress?: (done: number, of: number) => void;
  signal?: AbortSignal;
}

/** Writes `directory` completely or not at all. Throws a `ConfigError` that names the file and the field. */
export async function importGguf(file: string, directory: string, options: ImportGgufOptions): Promise<void> {
  await withGguf(file, (gguf) => convert(gguf, directory, options));
}

async function convert(
  gguf: Gguf,
  directory: string,
  { dtype, onProgress, signal }: ImportGgufOptions,
): Promise<void> {
  const { file } = gguf;
  const raw = await withLlama3Scaling(gguf, configOfGguf(gguf));
  const config = parseDecoderConfig(raw, file);
  const sources = new Map(tensorsOfGguf(gguf, config).map((tensor) => [tensor.name, { ...tensor, file }]));
  checkTensors(sources, new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape])), file);
  const needed = 4 * parameterCount(config);
  if (needed > totalmem())
    throw new ConfigError(
      `${file} needs ${Math.ceil(needed / 2 ** 30)} GiB of memory for its weights alone, but this machine has ${Math.floor(totalmem() / 2 ** 30)}`,
      "Use a smaller model, or an engine on a server.",
    );
  const { tokenizer, tokenizerConfig, generationConfig } = tokenizerOfGguf(gguf, config.contextTokens);
  checkTokenizerFits(createTokenizer(tokenizer, tokenizerConfig, file), config.vocabSize, file);
  const template = tokenizerConfig["chat_template"];
  if (typeof template === "string")
    createChatTemplate({ source: template, variables: {}, name: `${file}: "tokenizer.chat_template"` });

  let done = 0;
  const tensors = new Map<string, TensorSource>();
  for (const [name, source] of sources) {
    const { shape, from } = source;
    tensors.set(name, {
      shape,
      dtype: dtype ?? (from.type.name === "F16" || from.type.name === "BF16" ? from.type.name : "F32"),
      read: async () => {
        signal?.throwIfAborted();
        onProgress?.(done++, sources.size);
        return source.read();
      },
    });
  }
  const json = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  const [end] = generationConfig["eos_token_id"] as number[];
  const { bos_token_id: bos, pad_token_id: pad } = generationConfig;
  await writeCheckpoint(directory, {
    config: { ...config.raw, bos_token_id: bos ?? null, eos_token_id: end, pad_token_id: pad ?? null },
    tensors,
    files: new Map([
      ["tokenizer.json", json(tokenizer)],
      ["tokenizer_config.json", json(tokenizerConfig)],
      ["generation_config.json", json(generationConfig)],
      ["README.md", await cardOf(gguf)],
    ]),
  });
}

async function cardOf({ file, metadata, tensors }: Gguf): Promise<string> {
  const text = (key: string) => {
    const value = metadata.get(`general.${key}`);
    return typeof value === "string" ? value : null;
  };
  const types = new Map<string, number>();
  for (const { type } of tensors.values()) types.set(type.name, (types.get(type.name) ?? 0) + 1);
  return importCard({
    name: text("name"),
    from: basename(file),
    "SHA-256": (await digestOf(await realpath(file))).sha256,
    tensors: [...types].map(([type, count]) => `${count} in ${type}`).join(", "),
    licence: text("license") ?? "not said in the file",
  });
}
