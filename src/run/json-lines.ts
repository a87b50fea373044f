/**
 * @file Append-only files of JSON objects, one a line. A process that is killed in the middle of a line leaves a torn
 * tail; opening the file heals it by cutting what follows the last line end.
 */

import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  truncateSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { ConfigError } from "../core/errors.ts";
import { redactOutput } from "../text/secrets.ts";

/** A file of JSON values, one per line, that only grows. */
export interface JsonLines<T> {
  readonly path: string;
  /** Appends in one write. Where that fails (a full disk), nothing of it is left. */
  append(...values: T[]): void;
  read(): Promise<T[]>;
}

/** Opens `path`, which need not exist, and heals its tail. */
export function openJsonLines<T>(path: string): JsonLines<T> {
  healTail(path);
  return {
    path,
    append: (...values) => {
      if (values.length === 0) return;
      const text = values.map((value) => redactOutput(`${JSON.stringify(value)}\n`)).join("");
      const before = existsSync(path) ? statSync(path).size : 0;
      try {
        appendFileSync(path, text);
      } catch (error) {
        // Half a line in the middle of the file would be damage, once there is space again for the next one.
        if (existsSync(path) && statSync(path).size > before) truncateSync(path, before);
        throw error;
      }
    },
    read: () => readJsonLines<T>(path),
  };
}

/** All complete lines of a file; none if it does not exist. Safe beside a process that is appending. */
export async function readJsonLines<T>(path: string): Promise<T[]> {
  const text = await readIfThere(path);
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as T];
    } catch (cause) {
      throw new ConfigError(
        `${path}:${index + 1} is not JSON: ${(cause as Error).message}`,
        "Restore the file from a copy, or take the damaged line out: what an unfinished run misses is done again.",
        { cause },
      );
    }
  });
}

/** The text of a file, `""` where there is none. */
export async function readIfThere(path: string): Promise<string> {
  refuseIrregular(path);
  return existsSync(path) ? readFile(path, "utf8") : "";
}

/** Throws a `ConfigError` where a directory, a pipe or the like is: to read one gives no path in the error, or waits for ever. */
export function refuseIrregular(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile())
    throw new ConfigError(
      `${path} is not a regular file`,
      "Move away what is there; the run begins such a file anew where it can, or says what it lacks.",
    );
}

function healTail(path: string): void {
  refuseIrregular(path);
  if (!existsSync(path)) return;
  const file = openSync(path, "r+");
  try {
    let end = fstatSync(file).size;
    const chunk = Buffer.alloc(64 * 1024);
    while (end > 0) {
      const length = Math.min(chunk.length, end);
      readSync(file, chunk, 0, length, end - length);
      const newline = chunk.subarray(0, length).lastIndexOf(0x0a);
      if (newline >= 0) {
        ftruncateSync(file, end - length + newline + 1);
        return;
      }
      end -= length;
    }
    ftruncateSync(file, 0);
  } finally {
    closeSync(file);
  }
}
