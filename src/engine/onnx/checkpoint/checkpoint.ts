/**
 * @file Model directories in Hugging Face's layout: `config.json` and `model.safetensors`, or shards with
 * `model.safetensors.index.json`. What the tensors must be is the models' business ({@link checkTensors}).
 */

import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ConfigError } from "../../../core/errors.ts";
import { manifestName, writeDirectory } from "./atomic-directory.ts";
import {
  readHeader,
  readTensor,
  writeSafetensors,
  type TensorData,
  type TensorEntry,
} from "./safetensors.ts";

/** `config.json` as it stands: the models pick and check what they need. */
export type CheckpointConfig = Record<string, unknown>;

export interface Checkpoint {
  config: CheckpointConfig;
  tensors: Map<string, TensorData>;
}

/** A checkpoint whose tensors are read one by one. */
export interface OpenCheckpoint {
  directory: string;
  config: CheckpointConfig;
  entries: ReadonlyMap<string, TensorEntry>;
  /** Throws a `ConfigError` where there is no tensor of that name. */
  read(name: string): Promise<TensorData>;
}

/** Shapes by tensor name. */
export type TensorShapes = ReadonlyMap<string, readonly number[]>;

const incomplete = "Download or save the model again; all its files belong into one directory.";

/** Reads `config.json` and the headers only. */
export async function openCheckpoint(directory: string): Promise<OpenCheckpoint> {
  await checkManifest(directory);
  const config = await readJsonObject(join(directory, "config.json"));
  const entries = await readEntries(directory);
  return {
    directory,
    config,
    entries,
    read: async (name) => {
      const entry = entries.get(name);
      if (!entry) throw new ConfigError(`${directory} has no tensor ${name}`, incomplete);
      return readTensor(entry);
    },
  };
}

/** Reads everything. Throws a `ConfigError` naming file and tensor. */
export async function readCheckpoint(directory: string): Promise<Checkpoint> {
  const checkpoint = await openCheckpoint(directory);
  const tensors = new Map<string, TensorData>();
  for (const name of checkpoint.entries.keys()) tensors.set(name, await checkpoint.read(name));
  return { config: checkpoint.config, tensors };
}

/**
 * Throws a `ConfigError` unless `entries` has exactly the `expected` tensors in their shapes. `optional` names may be
 * there or not (a tied `lm_head.weight`, old rotary buffers).
 */
export function checkTensors(
  entries: ReadonlyMap<string, { shape: readonly number[]; file?: string }>,
  expected: TensorShapes,
  directory: string,
  optional: (name: string) => boolean = () => false,
): void {
  const files = new Set([...entries.values()].map(({ file }) => file ?? directory));
  for (const [name, shape] of expected) {
    const entry = entries.get(name);
    if (!entry)
      throw new ConfigError(
        `${files.size === 1 ? [...files][0] : directory}: tensor ${name} of shape [${shape.join(", ")}] is missing`,
        incomplete,
      );
    if (entry.shape.join() !== shape.join()) {
      throw new ConfigError(
        `${entry.file ?? directory}: tensor ${name} has shape [${entry.shape.join(", ")}], config.json asks for [${shape.join(", ")}]`,
        "Use the config.json that belongs to these weights.",
      );
    }
  }
  for (const [name, entry] of entries) {
    if (expected.has(name) || optional(name)) continue;
    throw new ConfigError(
      `${entry.file ?? directory}: tensor ${name} does not belong to this architecture`,
      "Use the config.json that belongs to these weights.",
    );
  }
}

export interface WriteCheckpoint {
  config: CheckpointConfig;
  tensors: ReadonlyMap<string, TensorData>;
  /** Default F32. */
  dtype?: "F32" | "BF16";
  /** Further files by name, e.g. `tokenizer.json` or the optimiser's state. */
  files?: ReadonlyMap<string, string | Uint8Array>;
  /** Further safetensors files by name, always F32. */
  extraTensors?: ReadonlyMap<string, ReadonlyMap<string, TensorData>>;
}

/** Writes the directory whole or not at all; the manifest comes last. */
export async function writeCheckpoint(directory: string, checkpoint: WriteCheckpoint): Promise<void> {
  const dtype = checkpoint.dtype ?? "F32";
  const config = { ...checkpoint.config, torch_dtype: dtype === "F32" ? "float32" : "bfloat16" };
  await writeDirectory(directory, async (temporary) => {
    await writeFile(join(temporary, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
    for (const [name, content] of checkpoint.files ?? []) await writeFile(join(temporary, name), content);
    for (const [name, tensors] of checkpoint.extraTensors ?? [])
      await writeSafetensors(join(temporary, name), tensors);
    await writeSafetensors(join(temporary, "model.safetensors"), checkpoint.tensors, { dtype });
  });
}

/** Throws where a directory that we wrote lacks a file or has one of another size. Foreign directories have no manifest. */
export async function checkManifest(directory: string): Promise<void> {
  const file = join(directory, manifestName);
  if (!(await exists(file))) return;
  const { files } = (await readJsonObject(file)) as { files?: Record<string, number> };
  for (const [name, sizeBytes] of Object.entries(files ?? {})) {
    const path = join(directory, name);
    if (!(await exists(path)))
      throw new ConfigError(`${path} is missing, though ${file} lists it`, incomplete);
    const { size } = await stat(path);
    if (size !== sizeBytes) {
      // A person may edit config.json or a template; weights of another size are damaged.
      if (!name.endsWith(".safetensors")) continue;
      throw new ConfigError(
        `${path} is truncated or damaged: ${size} bytes instead of ${sizeBytes}`,
        incomplete,
      );
    }
  }
}

async function readEntries(directory: string): Promise<Map<string, TensorEntry>> {
  const single = join(directory, "model.safetensors");
  const indexFile = join(directory, "model.safetensors.index.json");
  if (!(await exists(indexFile))) return (await readHeader(single)).entries;
  const index = (await readJsonObject(indexFile)) as { weight_map?: Record<string, string> };
  if (!index.weight_map) throw new ConfigError(`${indexFile} has no weight_map`, incomplete);
  const shards = new Map<string, Map<string, TensorEntry>>();
  const entries = new Map<string, TensorEntry>();
  for (const [name, shard] of Object.entries(index.weight_map)) {
    const file = join(directory, shard);
    if (!shards.has(shard)) shards.set(shard, (await readHeader(file)).entries);
    const entry = shards.get(shard)!.get(name);
    if (!entry)
      throw new ConfigError(`${file}: tensor ${name} is missing, though ${indexFile} lists it`, incomplete);
    entries.set(name, entry);
  }
  return entries;
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw cause;
  }
}

export async function readJsonObject(file: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ConfigError(
      `${file} ${(cause as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : "cannot be read"}`,
      "Point at a complete model directory in Hugging Face's layout.",
      { cause },
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (cause) {
    throw new ConfigError(`${file} is not valid JSON`, incomplete, { cause });
  }
  throw new ConfigError(`${file} does not hold a JSON object`, incomplete);
}
