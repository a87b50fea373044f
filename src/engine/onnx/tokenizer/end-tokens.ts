/** @file Tokens that end what a model writes, as its files name them. */

import { join } from "node:path";
import type { Tokenizer } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { exists, readJsonObject } from "../checkpoint/read-file.ts";

/** `eos_token_id` of `generation_config.json`, else of `config.json`, and `eos_token` of the tokenizer; each once. */
export async function readEndTokens(
  directory: string,
  tokenizer: Pick<Tokenizer, "idOf" | "vocabSize">,
  tokenizerConfig: object,
): Promise<number[]> {
  const ids = new Set<number>();
  for (const name of ["generation_config.json", "config.json"]) {
    const file = join(directory, name);
    if (!(await exists(file))) continue;
    const { eos_token_id: value } = (await readJsonObject(file)) as { eos_token_id?: unknown };
    if (value === undefined || value === null) continue;
    for (const id of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!Number.isInteger(id) || (id as number) < 0)
        throw new ConfigError(
          `${file}: eos_token_id has ${JSON.stringify(id)}, which is not a token id`,
          "Use the files that belong to the model.",
        );
      // Some models name ids that their tokenizer does not have: nothing can end with these.
      if ((id as number) < tokenizer.vocabSize) ids.add(id as number);
    }
    break;
  }
  const { eos_token: token } = tokenizerConfig as { eos_token?: unknown };
  const content =
    typeof token === "string" ? token : (token as { content?: unknown } | null | undefined)?.content;
  const id = typeof content === "string" ? tokenizer.idOf(content) : undefined;
  if (id !== undefined) ids.add(id);
  return [...ids];
}
