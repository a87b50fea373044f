/**
 * @file The byte ↔ character table of byte-level BPE (GPT-2, Radford et al. 2019): every byte is written as one
 * printable character, so that vocabularies are valid JSON strings.
 */

/** Printable bytes stand for themselves; the other 68 become U+0100 and up, in order. */
export const characterOfByte: readonly string[] = (() => {
  const table: string[] = [];
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    table.push(String.fromCharCode(printable ? byte : next++));
  }
  return table;
})();

const byteOfCharacter = new Map(characterOfByte.map((character, byte) => [character, byte]));

/** The bytes of a byte-level token, or `null` where it holds a character outside the table. */
export function bytesOfToken(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfCharacter.get(token[i]!);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}
