/**
 * @file Tokenizers from Hugging Face's files through `@huggingface/tokenizers`, with a cache of words in front of it:
 * pages and prompts repeat their words, and a cached word costs one look-up.
 */

import { join } from "node:path";

import type { PromptText, Tokenizer } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { TimeOver, withinTime } from "../../../core/within-time.ts";
import { readChatTemplate } from "../../../text/chat-template.ts";
import { exists, readJsonObject } from "../checkpoint/read-file.ts";
import { bytesOfToken, characterOfByte } from "./byte-level.ts";
import { checkTokenizerFile } from "./check-file.ts";
import { HuggingFaceTokenizer, SplitPreTokenizer } from "./hugging-face.ts";
import { readEndTokens } from "./end-tokens.ts";
import { isSpecial, lengthOf, patternOf, plainEncode, splitRuns, type AddedToken } from "./special-tokens.ts";
import { withoutDigits } from "./digits.ts";
import { wordPattern } from "./train-bpe.ts";

/** Longer words are rare, so keeping them would only cost memory. */
const longestCachedWord = 64;
const mostCachedWords = 200_000;

/**
 * Reads `tokenizer.json` and, where they are there, `tokenizer_config.json`, `generation_config.json` and
 * `chat_template.jinja`. Throws a `ConfigError` naming the file.
 */
export async function loadTokenizer(directory: string): Promise<Tokenizer> {
  const file = join(directory, "tokenizer.json");
  const configFile = join(directory, "tokenizer_config.json");
  const json = await readJsonObject(file);
  const config = (await exists(configFile)) ? await readJsonObject(configFile) : {};
  const tokenizer = createTokenizer(json, config, file);
  return {
    ...tokenizer,
    endTokens: await readEndTokens(directory, tokenizer, config),
    chatTemplate: (await readChatTemplate(directory)) ?? undefined,
  };
}

/** The same from parsed JSON; `name` is what errors call it. */
export function createTokenizer(json: object, config: object = {}, name = "tokenizer.json"): Tokenizer {
  checkTokenizerFile(json, name);
  try {
    const tokenizer = withinTime(20_000, () => wrap(json as TokenizerFile, config));
    if (isOurs(json as TokenizerFile)) return { ...tokenizer, madeHere: true };
    const guarded = guard(tokenizer, name);
    for (const text of probes) guarded.encode(text);
    return guarded;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError(
      `${name} is not a tokenizer that can be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Use the tokenizer.json that belongs to the model.",
      { cause },
    );
  }
}

/** Patterns that explode mostly do so on a run of one kind of character with something else at its end. */
const probes = ["a", "A", "1", " ", "\n", "_", "a ", "é"].map((text) => `${text.repeat(48)}!\u0000`);

/** The one pattern that is known to take time in proportion to the text. */
function isOurs({ normalizer, pre_tokenizer: stage, decoder }: TokenizerFile): boolean {
  const pattern = stage?.pretokenizers?.[0]?.["pattern"] as { Regex?: unknown } | undefined;
  return (
    !normalizer &&
    stage?.pretokenizers?.length === 2 &&
    pattern?.Regex === wordPattern &&
    stage.pretokenizers[1]!["use_regex"] === false &&
    decoder?.type === "ByteLevel"
  );
}

/** Strangers write pages, and perhaps also the patterns that split them: together these may take for ever. */
function guard(tokenizer: Tokenizer, name: string): Tokenizer {
  const within = <T>(length: number, work: () => T): T => {
    try {
      return withinTime(2000 + length / 50, work);
    } catch (cause) {
      if (!(cause instanceof TimeOver)) throw cause;
      throw new ConfigError(
        `${name}: its patterns (pre_tokenizer, normalizer or decoder) explode on a text of ${length} characters: ${cause.message}`,
        "Use a model with another tokenizer.",
        { cause },
      );
    }
  };
  return {
    ...tokenizer,
    encode: (text) => within(lengthOf(text), () => tokenizer.encode(text)),
    decode: (tokens) => within(tokens.length, () => tokenizer.decode(tokens)),
  };
}

/** Throws a `ConfigError` where the tokenizer has ids that the embedding has no row for. */
export function checkTokenizerFits(tokenizer: Tokenizer, embeddingRows: number, directory: string): void {
  if (tokenizer.vocabSize <= embeddingRows) return;
  throw new ConfigError(
    `${join(directory, "tokenizer.json")} has token ids up to ${tokenizer.vocabSize - 1}, but the model's embedding (vocab_size) has only ${embeddingRows} rows`,
    "Use the tokenizer.json that belongs to this model.",
  );
}

export interface TokenizerFile {
  added_tokens?: AddedToken[];
  normalizer?: object | null;
  pre_tokenizer?: { type: string; pretokenizers?: Record<string, unknown>[] } | null;
  decoder?: { type: string } | null;
  model?: { type?: string; unk_token?: string | null };
}

function wrap(file: TokenizerFile, config: object): Tokenizer {
  const json = { ...file, pre_tokenizer: withoutDigits(file.pre_tokenizer) };
  const inner = new HuggingFaceTokenizer(json, { clean_up_tokenization_spaces: false, ...config });
  const idOfToken = inner.get_vocab();
  let vocabSize = 0;
  for (const id of idOfToken.values()) vocabSize = Math.max(vocabSize, id + 1);
  return {
    vocabSize,
    encode: cachedEncode(json, config, inner) ?? slowEncode(json, inner),
    decode: byteDecode(json, inner, vocabSize) ?? ((ids) => (ids.length === 0 ? "" : inner.decode([...ids]))),
    idOf: (token) => idOfToken.get(token),
  };
}

/**
 * Llama 3, Qwen, GLM-4 and our own: plain added tokens, then words of one pattern, then BPE over the word's bytes. A
 * word's tokens then depend on the word alone. `null` for any other pipeline.
 */
function cachedEncode(
  json: TokenizerFile,
  config: object,
  inner: HuggingFaceTokenizer,
): ((text: PromptText) => number[]) | null {
  const stages = json.pre_tokenizer?.type === "Sequence" ? (json.pre_tokenizer.pretokenizers ?? []) : [];
  const [split, bytes] = stages;
  const added = json.added_tokens ?? [];
  const plain =
    stages.length === 2 &&
    split!["type"] === "Split" &&
    split!["behavior"] === "Isolated" &&
    split!["invert"] === false &&
    bytes!["type"] === "ByteLevel" &&
    bytes!["use_regex"] === false &&
    bytes!["add_prefix_space"] !== true &&
    added.every((token) => !token.single_word && !token.lstrip && !token.rstrip && !token.normalized) &&
    !("remove_space" in config) &&
    !("do_lowercase_and_remove_accent" in config);
  const { model, normalizer } = inner;
  if (!plain || json.model?.type !== "BPE" || !model) return null;
  const words = new SplitPreTokenizer(split!);
  const special = new Set(added.filter(isSpecial).map((token) => token.id));
  const { pattern: blankPattern, ids: blankIds } = patternOf(added.filter((token) => !isSpecial(token)));
  const utf8 = new TextEncoder();
  const cache = new Map<string, number[]>();
  const encodeWord = (word: string): number[] => {
    const known = cache.get(word);
    if (known) return known;
    let characters = "";
    for (const byte of utf8.encode(word)) characters += characterOfByte[byte];
    const ids: number[] = [];
    for (const token of model.encode([characters])) {
      const id = model.tokens_to_ids.get(token) ?? model.unk_token_id;
      if (id === undefined)
        throw new ConfigError(`no token for ${JSON.stringify(token)}`, "Use a complete tokenizer.json.");
      ids.push(id);
    }
    // A vocabulary may hold a special token as a word. Bytes are never special.
    if (ids.some((id) => special.has(id)))
      ids.splice(
        0,
        ids.length,
        ...Array.from(characters, (character) => model.tokens_to_ids.get(character)!),
      );
    if (word.length <= longestCachedWord) {
      if (cache.size >= mostCachedWords) cache.clear();
      cache.set(word, ids);
    }
    return ids;
  };
  const encodeRun = (text: string, out: number[]) => {
    for (const section of blankPattern ? text.split(blankPattern) : [text]) {
      if (section === "") continue;
      const id = blankIds.get(section);
      if (id !== undefined) {
        out.push(id);
        continue;
      }
      const normalized = normalizer ? normalizer(section) : section;
      for (const word of words.pre_tokenize_text(normalized)) {
        for (const token of encodeWord(word)) out.push(token);
      }
    }
  };
  const runsOf = splitRuns(added);
  return (text) => {
    const out: number[] = [];
    for (const run of runsOf(text)) {
      if (typeof run === "number") out.push(run);
      else encodeRun(run, out);
    }
    return out;
  };
}

/**
 * Any other pipeline: the package's own encoding of the joined text, if it has exactly the special tokens that our own
 * pieces have. Otherwise the runs between these are encoded one by one, without special tokens.
 */
function slowEncode(json: TokenizerFile, inner: HuggingFaceTokenizer): (text: PromptText) => number[] {
  const added = json.added_tokens ?? [];
  const unknown = json.model?.unk_token ?? null;
  const special = new Set(
    added.filter((token) => isSpecial(token) && token.content !== unknown).map((token) => token.id),
  );
  const runsOf = splitRuns(added);
  const plain = plainEncode(added, inner);
  const encodeAll = (text: string) =>
    text === "" ? [] : inner.encode(text, { add_special_tokens: false }).ids;
  return (text) => {
    if (typeof text === "string") return encodeAll(text);
    const runs = runsOf(text);
    const saysUnknown =
      unknown !== null && text.some((piece) => typeof piece !== "string" && piece.plain.includes(unknown));
    if (!saysUnknown) {
      const ids = encodeAll(text.map((piece) => (typeof piece === "string" ? piece : piece.plain)).join(""));
      const found = ids.filter((id) => special.has(id));
      const wanted = runs.filter((run) => typeof run === "number" && special.has(run));
      if (found.length === wanted.length && found.every((id, n) => id === wanted[n])) return ids;
    }
    return runs.flatMap((run) => (typeof run === "number" ? [run] : plain(run)));
  };
}

/** Ids without a token (rows that only pad an embedding) print as nothing, as in transformers. */
function byteDecode(
  json: TokenizerFile,
  inner: HuggingFaceTokenizer,
  vocabSize: number,
): ((tokens: readonly number[]) => string) | null {
  if (json.decoder?.type !== "ByteLevel") return null;
  const utf8 = new TextEncoder();
  const added = new Map((json.added_tokens ?? []).map((token) => [token.id, utf8.encode(token.content)]));
  const bytesOfId: Uint8Array[] = [];
  const none = new Uint8Array();
  for (let id = 0; id < vocabSize; id++) {
    const token = inner.id_to_token(id);
    bytesOfId.push(
      added.get(id) ?? (token === undefined ? none : (bytesOfToken(token) ?? utf8.encode(token))),
    );
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return (tokens) => {
    let sizeBytes = 0;
    for (const id of tokens) sizeBytes += bytesOfId[id]?.length ?? 0;
    const bytes = new Uint8Array(sizeBytes);
    let at = 0;
    for (const id of tokens) {
      const piece = bytesOfId[id];
      if (!piece) continue;
      bytes.set(piece, at);
      at += piece.length;
    }
    return decoder.decode(bytes);
  };
}
