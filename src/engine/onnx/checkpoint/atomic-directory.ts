/**
 * @file Writes a directory completely or not at all: files go into a temporary sibling and are flushed, a manifest is
 * written last, and one rename puts the directory in its place.
 */

import { mkdtemp, open, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";

import { ConfigError } from "../../../core/errors.ts";
import { makeDirectory } from "../../../core/make-directory.ts";
import { isAlive } from "../../../core/process-owner.ts";
import { manifestName, writeManifest } from "./manifest.ts";

/**
 * Calls `fill` with an empty temporary directory and renames it to `directory`. If `fill` throws (a full disk, an
 * abort), `directory` stays as it was and the temporary directory is removed. A `directory` that this function wrote
 * before is replaced: it is moved aside first, and put back if the second rename fails. Anything else is refused.
 */
export async function writeDirectory(
  directory: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = resolve(directory);
  const parent = dirname(target);
  await refuseForeign(target);
  await makeDirectory(parent);
  const prefix = `.${basename(target)}.new-`;
  await sweep(parent, prefix);
  const temporary = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  try {
    await fill(temporary);
    for (const name of await readdir(temporary)) await flush(join(temporary, name));
    await flush(await writeManifest(temporary));
    await flush(temporary);
    await replace(temporary, target);
    await flush(parent);
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") {
      throw new ConfigError(
        `the disk is full: ${target} could not be saved; what was there before is unchanged`,
        "Free some space on that disk and try again.",
        { cause },
      );
    }
    throw cause;
  }
}

/** Throws a `ConfigError` if the target is a file, or a directory that `writeDirectory` did not write. */
export async function refuseForeign(directory: string): Promise<void> {
  if (directory.trim() === "")
    throw new ConfigError("the new directory has no name", "Name a directory that does not exist yet.");
  const target = resolve(directory);
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    if (error.code !== "ENOTDIR") throw error;
    throw new ConfigError(`${target} is a file, or lies below one`, "Name a new directory.");
  });
  if (entries.length > 0 && !entries.includes(manifestName))
    throw new ConfigError(
      `${target} holds files that were not saved by webrl and would be lost, such as ${entries[0]}`,
      "Name a new directory, or empty this one.",
    );
}

/** Removes what processes left here that were killed while saving. */
async function sweep(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)-/.exec(name.slice(prefix.length))?.[1];
    if (pid === undefined || !isAlive({ pid: Number(pid), host: hostname(), started: null }))
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function replace(temporary: string, target: string): Promise<void> {
  const aside = `${temporary}.old`;
  try {
    await rename(target, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    await rename(temporary, target);
    return;
  }
  try {
    await rename(temporary, target);
  } catch (cause) {
    await rename(aside, target);
    throw cause;
  }
  await rm(aside, { recursive: true, force: true });
}

async function flush(path: string): Promise<void> {
  // Windows cannot open a directory; there the rename itself is durable enough.
  if (process.platform === "win32" && (await stat(path)).isDirectory()) return;
  await using handle = await open(path, "r");
  await handle.sync();
}
