/** @file `agent.extract`: runs an extraction with the parts of an agent. */

import type { ChatModel } from "../../core/chat.ts";
import { ConfigError } from "../../core/errors.ts";
import type { AgentOptions, AgentParts } from "../parts.ts";
import { chatReader } from "./ask.ts";
import { extract } from "./extract.ts";
import type { Extraction } from "./extract.ts";
import type { ExtractOptions } from "./options.ts";

/** A row's fields; any of them may be missing from the page. */
export type OrNull<T> = { [K in keyof T]: T[K] | null };

/** What to extract from a list, and who reads it. */
export interface AgentExtractOptions extends ExtractOptions {
  /** Reads the first records, instead of the agent's model. */
  reader?: ChatModel | undefined;
  /** The most tokens in a reply of the reader. Default: 1,500, or a third of its context. */
  maxNewTokens?: number | undefined;
}

const REPLY_TOKENS = 1500;
/** The context assumed for a reader that the caller gives, because a reader does not say how much it has. */
const CONTEXT_TOKENS = 16_384;

export function extractWith(
  { session, model, site, record }: AgentParts,
  agent: Pick<AgentOptions, "site" | "llm" | "onTrouble" | "signal">,
  instruction: string,
  schema: object,
  options: AgentExtractOptions,
): Extraction<unknown> {
  const chat = options.reader ?? model.chat;
  if (chat === null)
    throw new ConfigError(
      `${model.name} can only give actions: it cannot read records`,
      "Use an instruction-tuned model with a chat template or a model on a server (openai:NAME@URL), or give a chat model as `reader`.",
    );
  const contextTokens = (options.reader ? null : model.contextTokens) ?? CONTEXT_TOKENS;
  const maxNewTokens = options.maxNewTokens ?? Math.min(REPLY_TOKENS, Math.floor(contextTokens / 3));
  const extraction = extract(
    instruction,
    schema,
    {
      session,
      reader: chatReader(chat, { contextTokens, maxNewTokens }),
      siteName: site.name,
      isForeign: typeof agent.site === "string" && /^https?:/i.test(agent.site),
    },
    { onTrouble: agent.onTrouble, signal: agent.signal, ...options },
  );
  return {
    summary: extraction.summary,
    [Symbol.asyncIterator]: async function* () {
      record.journal.append({ kind: "extract/started", instruction, out: options.out ?? null });
      try {
        yield* extraction;
      } finally {
        const { rows, pages, modelCalls, ended } = extraction.summary;
        record.journal.append({ kind: "extract/stopped", rows, pages, modelCalls, ended });
      }
    },
  };
}
