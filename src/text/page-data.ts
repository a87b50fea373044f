/** @file Marks text from a page as data, for models that read it within a message. */

import { createHash } from "node:crypto";

/**
 * The text between two lines with a key that is the text's own hash: a page that wanted to end its part, or to begin
 * another one, would have to contain the hash of itself. The same text has the same key, so that prompts can be
 * repeated.
 */
export function markData(text: string): string {
  const key = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `<page ${key}>\n${text}\n</page ${key}>`;
}
