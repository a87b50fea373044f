/** @file Parses JSON that somebody else may have written. */

/** Deeper values are not our data, and code that walks them recurses. */
const DEEPEST = 100;

/**
 * Like `JSON.parse`, but skips a byte-order mark, which editors on Windows write, and throws a `SyntaxError` for values
 * nested more than 100 deep before it builds any of them.
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22; i++) if (text.charCodeAt(i) === 0x5c) i++;
    } else if (c === 0x7b || c === 0x5b) {
      if (++depth > DEEPEST) throw new SyntaxError(`it is nested more than ${DEEPEST} deep`);
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return JSON.parse(text.replace(/^\uFEFF/, ""));
}

/** Like `parseJson`, but `undefined` for what is not JSON, as a damaged file is. */
export function tryParseJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
