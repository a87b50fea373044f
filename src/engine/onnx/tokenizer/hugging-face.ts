/** @file The part of `@huggingface/tokenizers` that is used. */

import * as huggingFace from "@huggingface/tokenizers";

/**
 * The package's own declarations import without file extensions, which Node's resolution rules cannot follow; delete
 * this where they can.
 */
export interface HuggingFaceTokenizer {
  normalizer: ((text: string) => string) | null;
  splitter_normalized: object;
  model: {
    encode(words: string[]): string[];
    tokens_to_ids: Map<string, number>;
    unk_token_id?: number;
  } | null;
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[]): string;
  id_to_token(id: number): string | undefined;
  get_vocab(): Map<string, number>;
}
export const { SplitPreTokenizer, Tokenizer: HuggingFaceTokenizer } = huggingFace as unknown as {
  SplitPreTokenizer: new (config: object) => { pre_tokenize_text(text: string): string[] };
  Tokenizer: new (json: object, config: object) => HuggingFaceTokenizer;
};
