/** The bytes of an answer. Throws a `TypeError` where it is longer than `maxBytes`; no more than these are kept. */
export async function readBody(response: Response, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += (part as Uint8Array).length;
    if (size > maxBytes) throw new TypeError("the answer is too long");
    parts.push(part as Uint8Array);
  }
  return Buffer.concat(parts);
}
