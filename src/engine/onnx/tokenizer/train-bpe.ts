/**
 * @file Trains a byte-level BPE tokenizer (Sennrich et al., arXiv:1508.07909, over bytes as in GPT-2) and writes it
 * as Hugging Face's `tokenizer.json`. Deterministic: the result depends on the texts' word counts alone.
 */

import { ConfigError, invariant } from "../../../core/errors.ts";
import { characterOfByte } from "./byte-level.ts";

/**
 * Words as in GPT-2 and Llama 3, but made for copying: a word or number keeps its one leading space and never its
 * punctuation, so that `[link Cart]` and `element="link Cart"` hold the same tokens; brackets and quotes stand alone
 * but in the action grammar's own `="`, `",` and `")`; numbers are cut into groups of at most three digits (Llama 3).
 */
export const wordPattern =
  '\'(?:ll|ve|re|[sdmt])| ?\\p{L}+| ?\\p{N}{1,3}|="|"[,)]| ?["\\[\\]]| ?[^\\s\\p{L}\\p{N}"\\[\\]]+|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** Llama 3's names, so that its chat template works unchanged. */
export const defaultSpecialTokens = [
  "<|begin_of_text|>",
  "<|end_of_text|>",
  "<|eot_id|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|pad|>",
] as const;

/** Words that must be one token: the critic and the ORM answer with them. */
const WHOLE_WORDS = ["YES", "NO"];

export interface TrainBpeOptions {
  /** Tokens at most, special ones included; fewer where the texts hold no more pairs that occur twice. */
  vocabSize: number;
}

/** `tokenizer.json`, as far as byte-level BPE needs it. */
export interface TokenizerJson {
  version: "1.0";
  truncation: null;
  padding: null;
  added_tokens: {
    id: number;
    content: string;
    single_word: boolean;
    lstrip: boolean;
    rstrip: boolean;
    normalized: boolean;
    special: boolean;
  }[];
  normalizer: null;
  pre_tokenizer: object;
  post_processor: null;
  decoder: object;
  model: {
    type: "BPE";
    dropout: null;
    unk_token: null;
    continuing_subword_prefix: null;
    end_of_word_suffix: null;
    fuse_unk: boolean;
    byte_fallback: boolean;
    ignore_merges: boolean;
    vocab: Record<string, number>;
    merges: [string, string][];
  };
}

/**
 * Learns merges from `texts`. Throws a `ConfigError` where `vocabSize` cannot hold bytes, whole words and special
 * tokens.
 */
export function trainBpe(texts: Iterable<string>, options: TrainBpeOptions): TokenizerJson {
  const reserved = defaultSpecialTokens.length + WHOLE_WORDS.length;
  if (options.vocabSize < 256 + reserved)
    throw new ConfigError(
      `a vocabulary of ${options.vocabSize} tokens is too small: bytes and reserved tokens need ${256 + reserved}`,
      "Make it larger, e.g. 2048.",
    );
  const tokens = [...characterOfByte];
  const merges = learnMerges(countWords(texts), tokens, options.vocabSize - reserved);
  const known = new Set(tokens);
  for (const word of WHOLE_WORDS) {
    const token = byteLevel(word);
    if (!known.has(token)) tokens.push(token);
    known.add(token);
  }
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: defaultSpecialTokens.map((content, i) => ({
      id: tokens.length + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: wordPattern }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      // A word that is in the vocabulary is taken whole: what keeps YES and NO one token.
      ignore_merges: true,
      vocab,
      merges,
    },
  };
}

/** `tokenizer_config.json` beside it, which transformers and {@link loadTokenizer} read. */
export function tokenizerConfig(options: { chatTemplate?: string; contextTokens?: number } = {}): object {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<|begin_of_text|>",
    eos_token: "<|eot_id|>",
    pad_token: "<|pad|>",
    clean_up_tokenization_spaces: false,
    ...(options.contextTokens === undefined ? {} : { model_max_length: options.contextTokens }),
    ...(options.chatTemplate === undefined ? {} : { chat_template: options.chatTemplate }),
  };
}

const utf8 = new TextEncoder();

function byteLevel(text: string): string {
  let out = "";
  for (const byte of utf8.encode(text)) out += characterOfByte[byte];
  return out;
}

function countWords(texts: Iterable<string>): Map<string, number> {
  const pattern = new RegExp(wordPattern, "gu");
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.match(pattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

interface Pair {
  count: number;
  left: number;
  right: number;
}

/** Appends the merged tokens to `tokens` until it holds `size`. Ties go to the pair with the lower ids. */
function learnMerges(counts: Map<string, number>, tokens: string[], size: number): [string, string][] {
  invariant(tokens.length === 256, "learning starts from the bytes");
  const words = [...counts].map(([text, count]) => ({ ids: Array.from(utf8.encode(text)), count }));
  const keyOf = (left: number, right: number) => left * 0x1000000 + right;
  const pairCounts = new Map<number, number>();
  const wordsWithPair = new Map<number, Set<number>>();
  const count = (left: number, right: number, by: number, word: number) => {
    const key = keyOf(left, right);
    pairCounts.set(key, (pairCounts.get(key) ?? 0) + by);
    if (by > 0) {
      const set = wordsWithPair.get(key);
      if (set) set.add(word);
      else wordsWithPair.set(key, new Set([word]));
    }
    return key;
  };
  words.forEach((word, index) => {
    for (let i = 1; i < word.ids.length; i++) count(word.ids[i - 1]!, word.ids[i]!, word.count, index);
  });
  const heap = new PairHeap();
  for (const [key, n] of pairCounts) {
    heap.push({ count: n, left: Math.floor(key / 0x1000000), right: key % 0x1000000 });
  }
  const byText = new Map(tokens.map((token, id) => [token, id]));
  const merges: [string, string][] = [];
  while (tokens.length < size) {
    const best = heap.pop();
    if (!best || best.count < 2) break;
    const key = keyOf(best.left, best.right);
    const current = pairCounts.get(key) ?? 0;
    // A pair is pushed with its highest count, which then only falls: a stale entry goes back with its new count.
    if (current !== best.count) {
      if (current > 1 && current < best.count) heap.push({ ...best, count: current });
      continue;
    }
    const text = tokens[best.left]! + tokens[best.right]!;
    merges.push([tokens[best.left]!, tokens[best.right]!]);
    let merged = byText.get(text);
    if (merged === undefined) {
      merged = tokens.length;
      tokens.push(text);
      byText.set(text, merged);
    }
    const grown = new Set<number>();
    for (const index of wordsWithPair.get(key) ?? []) {
      const word = words[index]!;
      const before = word.ids;
      const after: number[] = [];
      for (let i = 0; i < before.length; i++) {
        if (before[i] === best.left && before[i + 1] === best.right) {
          after.push(merged);
          i++;
        } else after.push(before[i]!);
      }
      if (after.length === before.length) continue;
      for (let i = 1; i < before.length; i++) count(before[i - 1]!, before[i]!, -word.count, index);
      for (let i = 1; i < after.length; i++) {
        const changed = count(after[i - 1]!, after[i]!, word.count, index);
        if (after[i - 1] === merged || after[i] === merged) grown.add(changed);
      }
      word.ids = after;
    }
    pairCounts.delete(key);
    wordsWithPair.delete(key);
    for (const pair of grown) {
      const n = pairCounts.get(pair) ?? 0;
      if (n > 1) heap.push({ count: n, left: Math.floor(pair / 0x1000000), right: pair % 0x1000000 });
    }
  }
  return merges;
}

/** Binary heap: highest count first, then lower ids. */
class PairHeap {
  readonly #items: Pair[] = [];

  push(pair: Pair): void {
    const items = this.#items;
    items.push(pair);
    let at = items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(items[at]!, items[parent]!)) break;
      [items[at], items[parent]] = [items[parent]!, items[at]!];
      at = parent;
    }
  }

  pop(): Pair | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (!top || !last || items.length === 0) return top;
    items[0] = last;
    let at = 0;
    for (;;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < items.length && before(items[child]!, items[first]!)) first = child;
      }
      if (first === at) return top;
      [items[at], items[first]] = [items[first]!, items[at]!];
      at = first;
    }
  }
}

function before(a: Pair, b: Pair): boolean {
  return (
    a.count - b.count > 0 ||
    (a.count === b.count && (a.left < b.left || (a.left === b.left && a.right < b.right)))
  );
}
