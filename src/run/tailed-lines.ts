/**
 * @file Files of JSON lines that another process may be writing: read once, then only what was appended. A file that
 * was cut or replaced is read anew; a line without its end is left for later; a line that is not JSON is reported.
 */

import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";

const CHUNK_BYTES = 1 << 20;
/** Bytes before the end of what was read that have to be the same still. */
const FINGERPRINT_BYTES = 64;

export interface LinePlace {
  /** Bytes. */
  offset: number;
  length: number;
}

export interface TailedLines<T> {
  readonly path: string;
  /** Reads what is new and returns everything; the same array until something changed. Empty where the file is missing. */
  refresh(): Promise<readonly T[]>;
  /** Lines that could not be read, for people. */
  readonly problems: readonly string[];
}

/**
 * `digest` makes of each complete line what is kept of it. It sees the whole line where `headBytes` is absent, else
 * its beginning: files of gigabytes are indexed that way. What it throws becomes a problem.
 */
export function tailLines<T>(
  path: string,
  digest: (text: string, place: LinePlace) => T,
  options: { headBytes?: number } = {},
): TailedLines<T> {
  let items: T[] = [];
  let problems: string[] = [];
  /** End of the last complete line, bytes. */
  let end = 0;
  let lineNumber = 0;
  let identity = "";
  let fingerprint: Buffer = Buffer.alloc(0);
  let partial = false;
  let running: Promise<readonly T[]> | null = null;

  const reset = () => {
    [items, problems, end, lineNumber, fingerprint, partial] = [[], [], 0, 0, Buffer.alloc(0), false];
  };

  const take = (line: Buffer, offset: number) => {
    lineNumber++;
    if (line.length === 0) return;
    const head = options.headBytes === undefined ? line : line.subarray(0, options.headBytes);
    try {
      items.push(digest(head.toString("utf8"), { offset, length: line.length }));
    } catch {
      problems.push(`${path}:${lineNumber} cannot be read`);
    }
  };

  /** Goes through the file from `end`; lines longer than a chunk are put together from pieces. */
  const scan = async (file: FileHandle, size: number) => {
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    let position = end;
    while (position < size) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      const bytes = chunk.subarray(0, bytesRead);
      let start = 0;
      for (let stop = bytes.indexOf(0x0a); stop >= 0; stop = bytes.indexOf(0x0a, start)) {
        const line =
          pendingBytes === 0
            ? bytes.subarray(start, stop)
            : Buffer.concat([...pending, bytes.subarray(start, stop)]);
        take(line, end);
        [pending, pendingBytes] = [[], 0];
        start = stop + 1;
        end = position + start;
      }
      if (start < bytes.length) {
        pending.push(bytes.subarray(start));
        pendingBytes += bytes.length - start;
      }
      position += bytesRead;
    }
    partial = pendingBytes > 0;
    fingerprint = await bytesAt(file, Math.max(0, end - FINGERPRINT_BYTES), end);
  };

  const refresh = async () => {
    const file = await openIfThere(path);
    if (!file) {
      if (end > 0 || items.length > 0) reset();
      return items;
    }
    try {
      const { size, ino, dev } = await file.stat();
      const now = `${dev}:${ino}`;
      const same =
        now === identity &&
        size >= end &&
        (await bytesAt(file, end - fingerprint.length, end)).equals(fingerprint);
      if (!same) reset();
      identity = now;
      if (size > end) {
        items = [...items];
        await scan(file, size);
      } else partial = false;
    } finally {
      await file.close();
    }
    return items;
  };

  return {
    path,
    get problems() {
      return partial ? [...problems, `${path} ends in the middle of a line`] : problems;
    },
    refresh: () => (running ??= refresh().finally(() => (running = null))),
  };
}

/** The usual digest: the line as JSON. */
export function tailJson<T>(path: string): TailedLines<T> {
  return tailLines(path, (text) => JSON.parse(text) as T);
}

/** One line of an indexed file. */
export async function readLineAt<T>(path: string, place: LinePlace): Promise<T> {
  const file = await open(path, "r");
  try {
    return JSON.parse((await bytesAt(file, place.offset, place.offset + place.length)).toString("utf8")) as T;
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
