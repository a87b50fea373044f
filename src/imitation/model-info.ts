/** @file Describes the contents of a model directory, for people. */

import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../core/errors.ts";
import { readRegular } from "../core/regular-file.ts";
import type { AdapterDescription } from "../engine/onnx/describe-model.ts";
import { describeModel } from "../engine/onnx/describe-model.ts";
import { isPointer, readPointer } from "../engine/tinker/client/pointer.ts";
import { sha256 } from "./model-card.ts";

export interface ModelInfo {
  directory: string;
  architecture: string;
  parameters: number;
  vocabSize: number;
  contextTokens: number;
  /** If the directory holds an adapter; everything above then describes its base. */
  adapter: AdapterDescription | null;
  files: { name: string; sizeBytes: number; sha256: string }[];
  card: string | null;
}

/** A checkpoint whose weights are on a server. */
export interface CheckpointInfo {
  directory: string;
  server: string;
  /** The server's name for it. */
  path: string;
  base: string;
  /** The adapter's rank; 0 if all weights were trained. */
  rank: number;
  /** Whether the optimiser's state is part of it. */
  optimizer: boolean;
  /** Environment variable with the server's key. */
  apiKeyEnv: string;
  card: string | null;
}

/** `null` for a directory with weights. Contacts no server. */
export async function checkpointInfo(directory: string): Promise<CheckpointInfo | null> {
  if (!(await isPointer(directory))) return null;
  const { url, path, baseModel, lora, optimizer, apiKeyEnv } = await readPointer(directory);
  return {
    directory,
    server: url,
    path,
    base: baseModel,
    rank: lora.rank,
    optimizer,
    apiKeyEnv,
    card: await readCard(directory),
  };
}

/** Reads everything, and throws a `ConfigError` if an engine would refuse it. */
export async function modelInfo(directory: string): Promise<ModelInfo> {
  if (!["config.json", "adapter_config.json"].some((name) => existsSync(join(directory, name))))
    throw new ConfigError(
      `there is no model in ${directory}: it has no config.json or adapter_config.json`,
      "Name a directory in Hugging Face's layout, or of an adapter in PEFT's.",
    );
  const { config, parameters, adapter } = await describeModel(directory);
  const files: ModelInfo["files"] = [];
  for (const name of (await readdir(directory)).sort()) {
    if (!name.endsWith(".safetensors") && name !== "tokenizer.json") continue;
    const path = join(directory, name);
    files.push({ name, sizeBytes: (await stat(path)).size, sha256: await sha256(path) });
  }
  return {
    directory,
    architecture: config.architecture,
    parameters,
    vocabSize: config.vocabSize,
    contextTokens: config.contextTokens,
    adapter,
    files,
    card: await readCard(directory),
  };
}

async function readCard(directory: string): Promise<string | null> {
  const card = join(directory, "README.md");
  return existsSync(card) ? (await readRegular(card, { maxBytes: 1 << 20 })).toString("utf8") : null;
}
