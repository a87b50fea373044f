/**
 * @file `manifest.json`: size and SHA-256 of every file of a directory that we wrote, so that a reader can tell a
 * complete one from a damaged one. A directory without one is not a checkpoint of ours, but may be a model from
 * elsewhere.
 */

import { createHash } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../../../core/errors.ts";
import { damagedHint, exists, namesIn, openModelFile, readJsonObject } from "./read-file.ts";

export const manifestName = "manifest.json";
/** Marks weights that we wrote, in their metadata: without their manifest they are an incomplete copy. */
export const writerMark = { written_by: "webrl" };

const chunkBytes = 4 << 20;

export interface FileDigest {
  bytes: number;
  sha256: string;
}

/** The files that make up a model; others (a card, a report) may be beside them and may change. */
export const isModelFile = (name: string) =>
  /\.(safetensors|jinja)$|\.safetensors\.index\.json$/.test(name) ||
  /^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|adapter_config)\.json$/.test(
    name,
  );

/** Makes the manifest of all files in a directory that has no manifest yet. */
export async function writeManifest(directory: string): Promise<string> {
  const files: Record<string, FileDigest> = {};
  for (const name of (await readdir(directory)).toSorted())
    files[name] = await digestOf(join(directory, name));
  const file = join(directory, manifestName);
  await writeFile(file, `${JSON.stringify({ files }, null, 2)}\n`, { flag: "wx" });
  return file;
}

/**
 * Reads every listed file and compares; throws a `ConfigError` that names the first one that is missing, damaged or not
 * listed. Returns whether there is a manifest: without one nothing is checked, unless it is `required`, as for a
 * checkpoint.
 */
export async function checkManifest(directory: string, required = false): Promise<boolean> {
  const file = join(directory, manifestName);
  if (!(await exists(file))) {
    if (!required) return false;
    throw new ConfigError(
      `${directory} is not a checkpoint: it has no ${manifestName}, which is written last`,
      "Copy the whole directory, or use an earlier checkpoint.",
    );
  }
  const { files } = await readJsonObject(file);
  if (typeof files !== "object" || files === null || Array.isArray(files))
    throw new ConfigError(`${file} lists no files`, damagedHint);
  for (const [name, entry] of Object.entries(files as Record<string, unknown>)) {
    const path = join(directory, name);
    const { bytes, sha256 } = entryOf(file, name, entry);
    if (!(await exists(path)))
      throw new ConfigError(`${path} is missing, though ${file} lists it`, damagedHint);
    const found = await digestOf(path);
    if (found.bytes !== bytes)
      throw new ConfigError(
        `${path} is truncated or damaged: ${found.bytes} bytes instead of ${bytes}`,
        damagedHint,
      );
    if (found.sha256 !== sha256)
      throw new ConfigError(
        `${path} is damaged or was changed: its SHA-256 is not the one in ${manifestName}`,
        "Save or copy it again. If you changed it on purpose, put its new size and SHA-256 into manifest.json.",
      );
  }
  for (const name of await namesIn(directory))
    if (isModelFile(name) && !Object.hasOwn(files, name))
      throw new ConfigError(
        `${join(directory, name)} does not belong to this model: ${manifestName} does not list it`,
        "Remove it.",
      );
  return true;
}

/** Throws if weights that we wrote have lost their manifest. `metadata` is the weights' metadata. */
export function checkMark(directory: string, hasManifest: boolean, metadata: Record<string, unknown>): void {
  if (hasManifest || metadata["written_by"] !== writerMark.written_by) return;
  throw new ConfigError(
    `${directory} was written by webrl but has no ${manifestName}: it is an incomplete copy`,
    `Copy the whole directory, with its ${manifestName}.`,
  );
}

function entryOf(file: string, name: string, entry: unknown): FileDigest {
  if (/[/\\]/.test(name) || name === ".." || name === "." || name === manifestName)
    throw new ConfigError(`${file}: ${JSON.stringify(name)} is not a name of a file`, damagedHint);
  if (typeof entry === "number")
    throw new ConfigError(
      `${file} lists sizes but no SHA-256: it was written by an earlier version, and damage could not be detected`,
      'Train or save it again; or, if you trust it, replace each size by {"bytes": …, "sha256": "…"}.',
    );
  const { bytes, sha256 } = (entry ?? {}) as Partial<FileDigest>;
  if (!Number.isSafeInteger(bytes) || typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256))
    throw new ConfigError(`${file}: the entry of ${name} is not a size with a SHA-256`, damagedHint);
  return { bytes: bytes!, sha256 };
}

/** Size and SHA-256 of a file, read in pieces. */
export async function digestOf(path: string): Promise<FileDigest> {
  await using handle = await openModelFile(path);
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, bytes);
    if (bytesRead === 0) return { bytes, sha256: hash.digest("hex") };
    hash.update(chunk.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}
