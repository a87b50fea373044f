/**
 * @file What a `tokenizer.json` may hold before anything is built of it. Limits are far beyond every known tokenizer;
 * what lies above them would fill the memory, or mean two things at once.
 */

import { ConfigError } from "../../../core/errors.ts";

/** The largest known vocabulary has 262,144 tokens, the most added tokens are 6,400. */
const mostTokens = 2 ** 21;
const mostAdded = 2 ** 14;
const mostMerges = 2 ** 22;

/** Throws a `ConfigError` that names the field. `name` is what errors call the file. */
export function checkTokenizerFile(json: object, name: string): void {
  const bad = (what: string) =>
    new ConfigError(`${name}: ${what}`, "Use the tokenizer.json that belongs to the model.");
  const { model, added_tokens: added = [] } = json as Record<string, unknown>;
  const { vocab, merges } = (model ?? {}) as Record<string, unknown>;
  if (typeof vocab !== "object" || vocab === null) throw bad("model.vocab is missing");
  // Unigram lists tokens with their scores; the others map tokens to ids.
  const entries = Array.isArray(vocab)
    ? vocab.map((entry, id): [unknown, unknown] => [(entry as unknown[] | null)?.[0], id])
    : Object.entries(vocab);
  if (entries.length > mostTokens)
    throw bad(`model.vocab has ${entries.length} tokens; ${mostTokens} is the limit`);
  const tokenOfId = new Map<number, string>();
  for (const [token, id] of entries) {
    if (typeof token !== "string") throw bad(`model.vocab[${String(id)}] is not a token`);
    if (!isId(id))
      throw bad(`model.vocab[${JSON.stringify(token)}] is ${JSON.stringify(id)}, which is not a token id`);
    if (tokenOfId.has(id))
      throw bad(
        `model.vocab gives the id ${id} to ${JSON.stringify(tokenOfId.get(id))} and ${JSON.stringify(token)}`,
      );
    tokenOfId.set(id, token);
  }
  if (merges !== undefined && !Array.isArray(merges)) throw bad("model.merges is not a list");
  if (Array.isArray(merges) && merges.length > mostMerges)
    throw bad(`model.merges has ${merges.length} entries; ${mostMerges} is the limit`);
  if (!Array.isArray(added)) throw bad("added_tokens is not a list");
  if (added.length > mostAdded)
    throw bad(`added_tokens has ${added.length} tokens; ${mostAdded} is the limit`);
  for (const [index, token] of (added as unknown[]).entries()) {
    const { id, content } = (token ?? {}) as Record<string, unknown>;
    const field = `added_tokens[${index}]`;
    if (typeof content !== "string" || content === "") throw bad(`${field}.content is not a text`);
    if (!isId(id)) throw bad(`${field}.id is ${JSON.stringify(id)}, which is not a token id`);
    const other = tokenOfId.get(id);
    if (other !== undefined && other !== content)
      throw bad(
        `${field}.id ${id} is ${JSON.stringify(content)} here and ${JSON.stringify(other)} elsewhere`,
      );
    tokenOfId.set(id, content);
  }
}

const isId = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < mostTokens;
