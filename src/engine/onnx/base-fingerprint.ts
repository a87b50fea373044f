/**
 * @file Identifies a base by its numbers, so that an adapter is never put on weights that it was not trained on. The
 * fingerprint does not depend on how or where the weights are stored (shards, BF16 or F32). It is fast because it reads
 * only a sample, which suffices as training changes every weight. The manifest detects damage.
 */

import { createHash } from "node:crypto";
import type { RunTensor } from "./graph/compile.ts";

/** How many numbers of each tensor are used, evenly spread. */
const SAMPLE = 1024;

/** SHA-256 over names, shapes and a sample of the numbers, hexadecimal. */
export function baseFingerprint(tensors: ReadonlyMap<string, RunTensor>): string {
  const hash = createHash("sha256");
  for (const name of [...tensors.keys()].toSorted()) {
    const { data, dims } = tensors.get(name)!;
    hash.update(`${name} [${dims.join()}]\n`);
    const count = Math.min(SAMPLE, data.length);
    const sample = new Float32Array(count);
    for (let i = 0; i < count; i++) sample[i] = Number(data[Math.floor((i * data.length) / count)]);
    hash.update(sample);
  }
  return hash.digest("hex");
}
