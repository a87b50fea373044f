/** @file Whether two requests say the same, whichever codec and order of fields they came in. */

import { createHash, type Hash } from "node:crypto";

/** SHA-256, hexadecimal. Absent, undefined and null are one; arrays of numbers are equal by their numbers. */
export function digestOf(value: unknown): string {
  const hash = createHash("sha256");
  feed(hash, value);
  return hash.digest("hex");
}

function feed(hash: Hash, value: unknown): void {
  if (isNumbers(value)) {
    hash.update(`n${value.length};`);
    hash.update(Float64Array.from(value));
  } else if (Array.isArray(value)) {
    hash.update(`a${value.length};`);
    for (const each of value) feed(hash, each);
  } else if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined && each !== null);
    hash.update(`o${entries.length};`);
    for (const [key, each] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`k${key.length};${key}`);
      feed(hash, each);
    }
  } else hash.update(`${typeof value};${String(value).length};${String(value)}`);
}

const isNumbers = (value: unknown): value is ArrayLike<number> =>
  (ArrayBuffer.isView(value) && "length" in value) ||
  (Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "number"));
