/** @file What this process prints goes through one place, which takes the known secrets out; also what Node would print itself. */

import { redactOutput } from "../text/secrets.ts";

/** From now on nothing reaches the terminal unfiltered. Children have pipes, so that what they say comes this way, too. */
export function filterOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (text: string, ...rest: unknown[]) => boolean;
    const filtered = (chunk: string | Uint8Array, ...rest: unknown[]) =>
      write(redactOutput(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()), ...rest);
    stream.write = filtered as typeof stream.write;
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
