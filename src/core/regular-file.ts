/**
 * @file Opens files that somebody else may have made: only regular files, so that nothing waits for a pipe or reads a
 * device for ever, and only files that are where they seem to be.
 */

import { constants } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join, relative } from "node:path";

/** What is wrong with a file; `message` continues a sentence that begins with its path. */
export class IrregularFile extends Error {
  override readonly name = "IrregularFile";
}

export interface OpenRegularOptions {
  /** A directory that contains the file; no part of the path below it may be a symbolic link. */
  within?: string;
}

/** Throws an {@link IrregularFile}, or what `open` throws (`ENOENT`, `EACCES`, …). The caller closes the handle. */
export async function openRegular(path: string, { within }: OpenRegularOptions = {}): Promise<FileHandle> {
  // Checked first, because opening a device can have effects.
  if (!(await stat(path)).isFile()) throw new IrregularFile("is not a regular file");
  // If a pipe has replaced it meanwhile, opening does not wait.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const opened = await handle.stat();
    if (!opened.isFile()) throw new IrregularFile("is not a regular file");
    if (within !== undefined) {
      const real = join(await realpath(within), relative(within, path));
      const there = await stat(real);
      if ((await realpath(path)) !== real || there.ino !== opened.ino || there.dev !== opened.dev)
        throw new IrregularFile("is a symbolic link, or is behind one");
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads the whole file. Also throws an {@link IrregularFile} if it has more than `maxBytes`. */
export async function readRegular(
  path: string,
  { maxBytes, ...options }: OpenRegularOptions & { maxBytes: number },
): Promise<Buffer> {
  await using handle = await openRegular(path, options);
  const { size } = await handle.stat();
  if (size > maxBytes) throw new IrregularFile(`has ${size} bytes; at most ${maxBytes} are read`);
  return readFrom(handle, 0, size);
}

/** Reads up to `length` bytes from `position`; fewer at the file's end. */
export async function readFrom(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
