/**
 * @file Append-only files of JSON objects, one per line. A process that is killed in the middle of a line leaves a torn
 * tail; opening the file repairs it by cutting off what follows the last line end.
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
  /** Appends in one write. If that fails (a full disk), nothing of the line is left. */
  append(...values: T[]): void;
  read(): Promise<T[]>;
}

/** Opens `path`, which need not exist, and repairs its tail. */
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
        // Once there is space for the next line, half a line before it would be damage.
        if (existsSync(path) && statSync(path).size > before) truncateSync(path, before);
        throw error;
      }
    },
    read: () => readJsonLines<T>(path),
  };
}

/** All complete lines of a file; none if it does not exist. Safe while another process appends. */
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
        "Restore the file from a copy, or remove the damaged line: an unfinished run does again what is missing.",
        { cause },
      );
    }
  });
}

/** The text of a file, or `""` if it does not exist. */
export async function readIfThere(path: string): Promise<string> {
  refuseIrregular(path);
  return existsSync(path) ? readFile(path, "utf8") : "";
}

/**
 * Throws a `ConfigError` if the path is a directory, a pipe or the like: reading one gives an error without a path, or
 * waits for ever.
 */
export function refuseIrregular(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile())
    throw new ConfigError(
      `${path} is not a regular file`,
      "Move it away; the run then starts a new file if it can, or says what it lacks.",
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
