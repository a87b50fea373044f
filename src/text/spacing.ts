/**
 * @file Spacing of the `compact` template. A byte-level BPE token carries its leading space, so that `Oak lamp` after a
 * quotation mark and ` Oak lamp` inside a sentence begin with different tokens, and a small model cannot copy one as
 * the other. Here every word has a space before it wherever it stands: then a name has the same tokens in the
 * instruction, on the page and in the action. Applied where text becomes tokens, undone where tokens become text.
 */

/** A space before words at the start, after line breaks, quotation marks and opening parentheses. */
export function spaceWords(text: string): string {
  return text.replace(/(^|[\n"“(])(?=[\p{L}\p{N}$])/gu, "$1 ");
}

/** A space before the value of `argument="…"` and `message="…"`. */
export function spaceValues(response: string): string {
  return response.replace(/\b(argument|message)="(?=[^\s"])/g, '$1=" ');
}

/** The inverse of {@link spaceValues}, for what a model wrote. */
export function unspaceValues(response: string): string {
  return response.replace(/\b(argument|message)=" /g, '$1="');
}
