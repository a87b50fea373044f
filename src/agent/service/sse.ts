/** @file Lets a stream of server-sent events wait for the next event. */

import type { SSEStreamingApi } from "hono/streaming";

/** Proxies close a stream that is silent for longer. */
const KEEP_ALIVE_MS = 15_000;

/** `wait` ends when `wake` is called, when the client leaves, or after a sign of life was sent. */
export function openWait(stream: SSEStreamingApi): { wake(): void; wait(): Promise<void> } {
  let end = () => {};
  stream.onAbort(() => end());
  return {
    wake: () => end(),
    wait: async () => {
      const isQuiet = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), KEEP_ALIVE_MS);
        end = () => {
          clearTimeout(timer);
          resolve(false);
        };
        if (stream.aborted) end();
      });
      if (isQuiet) await stream.write(": still here\n\n");
    },
  };
}
