/**
 * @file Tells one base from another by its numbers, so that an adapter is never put on weights that it was not trained on.
 * It does not depend on how the weights are stored (shards, BF16 or F32) or where; it takes no time, because it reads
 * a sample: training moves every weight. Damage is the manifest's to notice.
 */

import { createHash } from "node:crypto";
import type { RunTensor } from "./graph/compile.ts";

/** Numbers of each tensor that take part, evenly spread. */
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
