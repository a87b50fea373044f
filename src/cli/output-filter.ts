/**
 * @file Everything that this process prints, what Node prints included, goes through one place that removes known
 * secrets.
 */

import { StringDecoder } from "node:string_decoder";
import { beginsSecretAtEnd, redactOutput } from "../text/secrets.ts";

/** How long to hold back an ending that may be the beginning of a secret, waiting for what is printed next. */
const HOLD_MS = 1000;

export interface FilteredWrite {
  write: (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  /** Prints what is held back. */
  flush: () => void;
}

/** A stream's `write` that removes known secrets, even those that are printed piece by piece. */
export function filterWrite(write: (text: string, ...rest: unknown[]) => boolean): FilteredWrite {
  const decoder = new StringDecoder();
  let held = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    const text = held;
    held = "";
    if (text !== "") write(redactOutput(text));
  };
  return {
    flush,
    write: (chunk, ...rest) => {
      clearTimeout(timer);
      const text = held + (typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk)));
      const end = text.length - beginsSecretAtEnd(text);
      held = text.slice(end);
      if (held !== "") timer = setTimeout(flush, HOLD_MS).unref();
      return write(redactOutput(text.slice(0, end)), ...rest);
    },
  };
}

/**
 * From now on nothing reaches the terminal unfiltered. Children write to pipes, so their output comes this way, too.
 */
export function filterOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const filtered = filterWrite(stream.write.bind(stream) as FilteredWrite["write"]);
    stream.write = filtered.write as typeof stream.write;
    process.on("exit", filtered.flush);
  }
  // These bypass the streams.
  if (process.listenerCount("warning") > 0) {
    process.removeAllListeners("warning");
    process.on("warning", ({ name, message }) => console.error(`(node:${process.pid}) ${name}: ${message}`));
  }
  process.on("uncaughtException", (error) => {
    console.error(error);
    process.exit(1);
  });
}
