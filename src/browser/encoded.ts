/**
 * @file Checks whether a compressed answer is complete, because Chromium takes a truncated stream for a finished one.
 */

import type { IncomingMessage } from "node:http";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import type { BrotliDecompress, Gunzip } from "node:zlib";

const DECODERS: Record<string, () => Gunzip | BrotliDecompress> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  br: createBrotliDecompress,
};

/**
 * `null` if the answer is not compressed in a known way. Otherwise resolves, once the answer has ended, to what is
 * wrong with the compressed stream, or `null`. Reads along, so call it before anything else reads the answer.
 */
export function findEncodingFault(answer: IncomingMessage): Promise<Error | null> | null {
  const make = DECODERS[String(answer.headers["content-encoding"] ?? "").toLowerCase()];
  if (!make) return null;
  const decoder = make();
  let sizeBytes = 0;
  answer.on("data", (chunk: Buffer) => (sizeBytes += chunk.length));
  return new Promise((resolve) => {
    decoder.on("error", resolve);
    // An answer without a body is not a broken stream.
    decoder.on("end", () => resolve(null));
    answer.on("close", () => {
      if (sizeBytes === 0) resolve(null);
      if (!answer.complete) decoder.destroy();
    });
    answer.pipe(decoder).resume();
  });
}
