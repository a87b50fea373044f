/**
 * @file Reads files of a model directory, which may come from anywhere: only regular files, of a plausible size, that
 * are where they seem to be. Every refusal is a `ConfigError` that names the file.
 */

import { readdir, realpath, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { ConfigError } from "../../../core/errors.ts";
import { parseJson } from "../../../core/json.ts";
import { IrregularFile, openRegular, readFrom } from "../../../core/regular-file.ts";

export const damagedHint = "Download or save the model again; all its files belong in one directory.";

/** The largest known: 35 MB of tokenizer, 10 MB of index. */
const mostBytes = (name: string) => (name === "tokenizer.json" ? 256 << 20 : 16 << 20);

export async function openModelFile(path: string): Promise<FileHandle> {
  try {
    const handle = await openRegular(path);
    const real = await realpath(path);
    if (!(await homesOf(dirname(path))).some((home) => real.startsWith(home + sep))) {
      await handle.close();
      throw new IrregularFile("is a symbolic link that leads out of its directory");
    }
    return handle;
  } catch (cause) {
    if (cause instanceof IrregularFile)
      throw new ConfigError(`${path} ${cause.message}`, damagedHint, { cause });
    const missing = ["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "");
    throw new ConfigError(
      missing ? `${path} does not exist` : `${path} cannot be read`,
      missing
        ? "Point at a complete model directory in Hugging Face's layout."
        : "Check the path and its permissions.",
      { cause },
    );
  }
}

/**
 * Where the files of a directory may be: in it, or, in the Hugging Face hub's cache, among the blobs that it links to.
 */
async function homesOf(directory: string): Promise<string[]> {
  const real = await realpath(directory);
  const snapshots = dirname(real);
  return basename(snapshots) === "snapshots" ? [real, join(dirname(snapshots), "blobs")] : [real];
}

export async function readModelText(path: string): Promise<string> {
  await using handle = await openModelFile(path);
  const { size } = await handle.stat();
  const most = mostBytes(basename(path));
  if (size > most) throw new ConfigError(`${path} has ${size} bytes, and ${most} is the limit`, damagedHint);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFrom(handle, 0, size));
  } catch (cause) {
    throw new ConfigError(`${path} is not UTF-8`, damagedHint, { cause });
  }
}

export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const text = await readModelText(path);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new ConfigError(
      `${path} is not valid JSON: ${(cause as Error).message.slice(0, 120)}`,
      damagedHint,
      { cause },
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new ConfigError(`${path} does not hold a JSON object`, damagedHint);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return false;
    throw new ConfigError(`${path} cannot be read`, "Check the path and its permissions.", { cause });
  }
}

/** Names in a directory; none if it does not exist. */
export async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return [];
    throw new ConfigError(`${directory} cannot be read`, "Check the path and its permissions.", { cause });
  });
}
