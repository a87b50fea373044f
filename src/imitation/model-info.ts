/** @file What a model directory holds, for people. */

import { existsSync } from "node:fs";
import { open, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { sha256 } from "./model-card.ts";

export interface ModelInfo {
  directory: string;
  architecture: string;
  parameters: number;
  vocabSize: number;
  contextTokens: number;
  files: { name: string; sizeBytes: number; sha256: string }[];
  card: string | null;
}

export async function modelInfo(directory: string): Promise<ModelInfo> {
  const text = await readFile(join(directory, "config.json"), "utf8").catch((cause: unknown) => {
    throw new ConfigError(
      `there is no model in ${directory}: it has no config.json`,
      "Name a directory in Hugging Face's layout.",
      { cause },
    );
  });
  const config = JSON.parse(text) as {
    architectures?: string[];
    vocab_size: number;
    max_position_embeddings: number;
  };
  const files: ModelInfo["files"] = [];
  let parameters = 0;
  for (const name of (await readdir(directory)).sort()) {
    if (!name.endsWith(".safetensors") && name !== "tokenizer.json") continue;
    const path = join(directory, name);
    files.push({ name, sizeBytes: (await stat(path)).size, sha256: await sha256(path) });
    if (name.startsWith("model") || name.startsWith("adapter")) parameters += await countParameters(path);
  }
  const card = join(directory, "README.md");
  return {
    directory,
    architecture: config.architectures?.[0] ?? "unknown",
    parameters,
    vocabSize: config.vocab_size,
    contextTokens: config.max_position_embeddings,
    files,
    card: existsSync(card) ? await readFile(card, "utf8") : null,
  };
}

/** From the header of a safetensors file: 8 bytes of length, then JSON. */
async function countParameters(path: string): Promise<number> {
  if (!path.endsWith(".safetensors")) return 0;
  await using file = await open(path, "r");
  const length = Buffer.alloc(8);
  await file.read(length, 0, 8, 0);
  const header = Buffer.alloc(Number(length.readBigUInt64LE()));
  await file.read(header, 0, header.length, 8);
  const tensors = JSON.parse(header.toString("utf8")) as Record<string, { shape?: number[] }>;
  return Object.values(tensors).reduce(
    (sum, { shape }) => sum + (shape ? shape.reduce((product, size) => product * size, 1) : 0),
    0,
  );
}
