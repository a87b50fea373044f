/**
 * @file Reads JSON Lines files that another process may be writing: the whole file once, then only what was appended. A
 * file that was cut or replaced is read again; an incomplete line is left for later; a line that is not JSON is
 * reported.
 */

import type { FileHandle } from "node:fs/promises";
import { parseJson } from "../core/json.ts";
import { IrregularFile, openRegular, readFrom } from "../core/regular-file.ts";

const CHUNK_BYTES = 1 << 20;
/** Longer lines are not our records, and are not held in memory. */
const LONGEST_LINE_BYTES = 64 << 20;
/** How many bytes before the end of what was read must still be the same. */
const FINGERPRINT_BYTES = 64;

export interface LinePlace {
  /** Bytes. */
  offset: number;
  length: number;
}

export interface TailedLines<T> {
  readonly path: string;
  /** Reads what is new and returns everything; the same array until something changes. Empty if the file is missing. */
  refresh(): Promise<readonly T[]>;
  /** Lines that could not be read, for people. */
  readonly problems: readonly string[];
}

/**
 * `digest` turns each complete line into what is kept of it. It sees the whole line, or only its beginning if
 * `headBytes` is given, so that files of gigabytes can be indexed. What it throws becomes a problem.
 */
export function tailLines<T>(
  path: string,
  digest: (text: string, place: LinePlace) => T,
  options: { headBytes?: number; within?: string } = {},
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

  /** Scans the file from `end`; lines longer than a chunk are joined from pieces. */
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
        const rest = bytes.subarray(start, stop);
        if (pendingBytes + rest.length > LONGEST_LINE_BYTES)
          problems.push(`${path}:${++lineNumber} is longer than ${LONGEST_LINE_BYTES >> 20} MiB`);
        else take(pendingBytes === 0 ? rest : Buffer.concat([...pending, rest]), end);
        [pending, pendingBytes] = [[], 0];
        start = stop + 1;
        end = position + start;
      }
      if (start < bytes.length) {
        pendingBytes += bytes.length - start;
        if (pendingBytes > LONGEST_LINE_BYTES) pending = [];
        else pending.push(bytes.subarray(start));
      }
      position += bytesRead;
    }
    partial = pendingBytes > 0;
    const from = Math.max(0, end - FINGERPRINT_BYTES);
    fingerprint = await readFrom(file, from, end - from);
  };

  const refresh = async () => {
    let file: FileHandle;
    try {
      file = await openRegular(path, options);
    } catch (error) {
      if (end > 0 || items.length > 0 || problems.length > 0) reset();
      identity = "";
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") problems.push(`${path} ${reasonOf(error)}`);
      return items;
    }
    try {
      const { size, ino, dev } = await file.stat();
      const now = `${dev}:${ino}`;
      const same =
        now === identity &&
        size >= end &&
        (await readFrom(file, end - fingerprint.length, fingerprint.length)).equals(fingerprint);
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

/** The usual digest: the line as an object. */
export function tailJson<T>(path: string, within?: string): TailedLines<T> {
  return tailLines(path, (text) => parseRecord<T>(text), within === undefined ? {} : { within });
}

/** A JSON object; throws for any other text. */
export function parseRecord<T>(text: string): T {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("no object");
  return value as T;
}

/** Why a file could not be opened, for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof IrregularFile) return error.message;
  return `cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
}

/** One line of an indexed file. */
export async function readLineAt<T>(path: string, place: LinePlace, within: string): Promise<T> {
  await using file = await openRegular(path, { within });
  return parseRecord<T>((await readFrom(file, place.offset, place.length)).toString("utf8"));
}
