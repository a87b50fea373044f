/**
 * @file Which tokens only our own text may write, and how a prompt is split at them. An added token may have any name
 * (`</s>`, `[gMASK]`, `<think>`, `<|im_end|>`) and need not be marked as special: all count as special, except those
 * made of blanks.
 */

import type { PromptText } from "../../../core/engine.ts";
import type { HuggingFaceTokenizer } from "./hugging-face.ts";

export interface AddedToken {
  id: number;
  content: string;
  single_word?: boolean;
  /** Removes the blanks before the token, or after it. */
  lstrip?: boolean;
  rstrip?: boolean;
  normalized?: boolean;
}

/** Gemma has tokens of line breaks and indentation, which any text may contain. */
export const isSpecial = ({ content }: AddedToken): boolean => !/^[\s\u2581]+$/u.test(content);

/** Characters of all pieces. */
export const lengthOf = (text: PromptText): number =>
  typeof text === "string"
    ? text.length
    : text.reduce((sum, piece) => sum + (typeof piece === "string" ? piece : piece.plain).length, 0);

/**
 * Matches any of these tokens, the longest first, as the reference implementation does; `null` where there are none.
 */
export function patternOf(tokens: readonly AddedToken[]): {
  pattern: RegExp | null;
  ids: Map<string, number>;
} {
  const contents = tokens.map(({ content }) => content).toSorted((a, b) => b.length - a.length);
  return {
    pattern: contents.length === 0 ? null : new RegExp(`(${contents.map(escapeRegExp).join("|")})`, "u"),
    ids: new Map(tokens.map(({ content, id }) => [content, id])),
  };
}

/** A prompt as special tokens of our own pieces and, between them, the text of all pieces: ids and strings. */
export function splitRuns(added: readonly AddedToken[]): (text: PromptText) => (number | string)[] {
  const special = added.filter(isSpecial);
  const { pattern, ids } = patternOf(special);
  const lstrip = new Set(special.filter((token) => token.lstrip).map(({ id }) => id));
  const rstrip = new Set(special.filter((token) => token.rstrip).map(({ id }) => id));
  return (text) => {
    const runs: (number | string)[] = [];
    let run = "";
    const end = (id?: number) => {
      if (id !== undefined && lstrip.has(id)) run = run.trimEnd();
      const before = runs.at(-1);
      if (typeof before === "number" && rstrip.has(before)) run = run.trimStart();
      if (run !== "") runs.push(run);
      if (id !== undefined) runs.push(id);
      run = "";
    };
    for (const piece of typeof text === "string" ? [text] : text) {
      if (typeof piece !== "string") {
        run += piece.plain;
        continue;
      }
      for (const section of pattern ? piece.split(pattern) : [piece]) {
        const id = ids.get(section);
        if (id === undefined) run += section;
        else end(id);
      }
    }
    end();
    return runs;
  };
}

/**
 * Encodes as `inner` does, without special tokens: the text is not searched for them, and if a word of the vocabulary
 * is one nevertheless, its characters replace it.
 */
export function plainEncode(
  added: readonly AddedToken[],
  inner: HuggingFaceTokenizer,
): (text: string) => number[] {
  const special = new Map(added.filter(isSpecial).map(({ id, content }) => [id, content]));
  const blank = added.filter((token) => !isSpecial(token));
  const Splitter = inner.splitter_normalized.constructor as new (texts: string[]) => object;
  const contentsOf = (normalized: boolean) =>
    new Splitter(
      blank.filter((token) => (token.normalized ?? false) === normalized).map(({ content }) => content),
    );
  // The package has no other way to leave added tokens alone; what is not named here is shared with `inner`.
  const plain = Object.create(inner, {
    splitter_unnormalized: { value: contentsOf(false) },
    splitter_normalized: { value: contentsOf(true) },
    added_tokens_map: { value: new Map(blank.map((token) => [token.content, token])) },
  }) as HuggingFaceTokenizer;
  const { tokens_to_ids: idOf, unk_token_id: unknown } = inner.model!;
  const lettersOf = (token: string) =>
    Array.from(token).flatMap((character) => {
      const id = idOf.get(character);
      if (id !== undefined && !special.has(id)) return [id];
      const bytes = [...new TextEncoder().encode(character)].map((byte) =>
        idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
      );
      return bytes.every((byte) => byte !== undefined) ? bytes : unknown === undefined ? [] : [unknown];
    });
  return (text) => {
    if (text === "") return [];
    const { ids } = plain.encode(text, { add_special_tokens: false });
    return ids.flatMap((id) => {
      const content = special.get(id);
      // The unknown token stands for what has no other, unless the text writes it.
      return content === undefined || (id === unknown && !text.includes(content)) ? [id] : lettersOf(content);
    });
  };
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
