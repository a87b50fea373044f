/** @file What this process prints goes through one place, which takes the known secrets out; also what Node would print itself. */

import { StringDecoder } from "node:string_decoder";
import { beginsSecretAtEnd, redactOutput } from "../text/secrets.ts";

/** So long an end that may be the beginning of a secret is held back for what is printed next. */
const HOLD_MS = 1000;

export interface FilteredWrite {
  write: (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  /** Prints what is held back. */
  flush: () => void;
}

/** A stream's `write` without the known secrets, also those that are printed piece by piece. */
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

/** From now on nothing reaches the terminal unfiltered. Children have pipes, so that what they say comes this way, too. */
export function filterOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const filtered = filterWrite(stream.write.bind(stream) as FilteredWrite["write"]);
    stream.write = filtered.write as typeof stream.write;
    process.on("exit", filtered.flush);
  }
  // These go past the streams.
  if (process.listenerCount("warning") > 0) {
    process.removeAllListeners("warning");
    process.on("warning", ({ name, message }) => console.error(`(node:${process.pid}) ${name}: ${message}`));
  }
  process.on("uncaughtException", (error) => {
    console.error(error);
    process.exit(1);
  });
}
