/** The bytes of an answer. Throws a `TypeError` if it is longer than `maxBytes`, and never holds more than that. */
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
