/**
 * @file Model directories in Hugging Face's layout: `config.json` and `model.safetensors`, or shards with
 * `model.safetensors.index.json`. What the tensors must be is the models' business ({@link checkTensors}).
 */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { ConfigError } from "../../../core/errors.ts";
import { writeDirectory } from "./atomic-directory.ts";
import { checkManifest, checkMark, writerMark } from "./manifest.ts";
import { damagedHint, exists, readJsonObject } from "./read-file.ts";
import {
  readHeader,
  readTensor,
  writeSafetensors,
  type TensorData,
  type TensorDtype,
  type TensorEntry,
  type TensorSource,
} from "./safetensors.ts";

/** The raw `config.json`: the models pick and check what they need. */
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
  /** Throws a `ConfigError` if there is no tensor with that name. */
  read(name: string): Promise<TensorData>;
}

/** Shapes by tensor name. */
export type TensorShapes = ReadonlyMap<string, readonly number[]>;

/**
 * Reads `config.json` and the headers. If there is a manifest, compares all files with it; `saved`: there must be one.
 */
export async function openCheckpoint(directory: string, { saved = false } = {}): Promise<OpenCheckpoint> {
  const hasManifest = await checkManifest(directory, saved);
  const config = await readJsonObject(join(directory, "config.json"));
  const { entries, metadata } = await readEntries(directory);
  checkMark(directory, hasManifest, metadata);
  return {
    directory,
    config,
    entries,
    read: async (name) => {
      const entry = entries.get(name);
      if (!entry) throw new ConfigError(`${directory} has no tensor ${name}`, damagedHint);
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
        damagedHint,
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
  tensors: ReadonlyMap<string, TensorData | TensorSource>;
  /** Type of the tensors that do not specify their own. Default F32. */
  dtype?: TensorDtype;
  /** Further files by name, e.g. `tokenizer.json` or the optimiser's state. */
  files?: ReadonlyMap<string, string | Uint8Array>;
  /** Further safetensors files by name, always F32. */
  extraTensors?: ReadonlyMap<string, ReadonlyMap<string, TensorData>>;
}

/** Writes the directory completely or not at all; the manifest comes last. */
export async function writeCheckpoint(directory: string, checkpoint: WriteCheckpoint): Promise<void> {
  const dtype = checkpoint.dtype ?? "F32";
  const { torch_dtype: _, dtype: __, ...rest } = checkpoint.config;
  const config = { ...rest, torch_dtype: torchName(dtype, checkpoint.tensors) };
  await writeDirectory(directory, async (temporary) => {
    await writeFile(join(temporary, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
    for (const [name, content] of checkpoint.files ?? []) await writeFile(join(temporary, name), content);
    for (const [name, tensors] of checkpoint.extraTensors ?? [])
      await writeSafetensors(join(temporary, name), tensors);
    await writeSafetensors(join(temporary, "model.safetensors"), checkpoint.tensors, {
      dtype,
      metadata: writerMark,
    });
  });
}

/** PyTorch's name of the type that can hold all tensors without loss. */
function torchName(dtype: TensorDtype, tensors: WriteCheckpoint["tensors"]): string {
  const types = new Set([...tensors.values()].map((tensor) => ("read" in tensor && tensor.dtype) || dtype));
  if (types.size !== 1) return "float32";
  return { F32: "float32", F16: "float16", BF16: "bfloat16" }[[...types][0]!];
}

/** Headers of the single file, or of the shards that the index names. */
async function readEntries(
  directory: string,
): Promise<{ entries: Map<string, TensorEntry>; metadata: Record<string, unknown> }> {
  const indexFile = join(directory, "model.safetensors.index.json");
  if (!(await exists(indexFile))) return readHeader(join(directory, "model.safetensors"));
  const { weight_map: map } = await readJsonObject(indexFile);
  if (typeof map !== "object" || map === null)
    throw new ConfigError(`${indexFile} has no weight_map`, damagedHint);
  const shards = new Map<string, Awaited<ReturnType<typeof readHeader>>>();
  const entries = new Map<string, TensorEntry>();
  for (const [name, shard] of Object.entries(map as Record<string, unknown>)) {
    if (typeof shard !== "string" || !/^[\w][\w.-]*\.safetensors$/.test(shard))
      throw new ConfigError(
        `${indexFile}: ${name} is in ${JSON.stringify(shard)}, which is not a weights file of this directory`,
        damagedHint,
      );
    const file = join(directory, shard);
    if (!shards.has(shard)) shards.set(shard, await readHeader(file));
    const entry = shards.get(shard)!.entries.get(name);
    if (!entry)
      throw new ConfigError(`${file}: tensor ${name} is missing, though ${indexFile} lists it`, damagedHint);
    entries.set(name, entry);
  }
  return { entries, metadata: [...shards.values()][0]?.metadata ?? {} };
}
