/** @file Settings of a model on a server: the block `llm`, and `--llm` of the commands. */

import { z } from "zod";
import { ConfigError } from "../core/errors.ts";

const limit = z.number().positive().nullable().default(null);

export const llmConfigSchema = z.strictObject({
  model: z
    .string()
    .default("gpt-4o")
    .describe(
      "Model for proposer and judge: its name on an OpenAI-compatible server, or name and address as openai:NAME@URL; or the directory of a model with a chat template, which is loaded here.",
    ),
  baseUrl: z
    .string()
    .nullable()
    .default(null)
    .describe(
      "Address of the server if `model` has none; null for OPENAI_BASE_URL. The key is read from OPENAI_API_KEY only.",
    ),
  contextTokens: z
    .int()
    .min(1024)
    .default(16_384)
    .describe("The most tokens that the server reads, prompt and reply together; a page is cut to fit."),
  maxTokens: z
    .int()
    .min(16)
    .default(1024)
    .describe("The most tokens in a reply, thoughts included. A verdict that is cut off does not count."),
  timeoutSeconds: z
    .number()
    .positive()
    .max(86_400)
    .default(120)
    .describe("Seconds that one attempt may take."),
  retries: z
    .int()
    .min(0)
    .max(100)
    .default(4)
    .describe("Attempts after the first, with growing pauses or those of the server (Retry-After)."),
  concurrency: z.int().min(1).max(256).default(8).describe("Requests under way at once; further ones wait."),
  price: z
    .strictObject({
      input: z.number().min(0),
      cachedInput: z.number().min(0).optional(),
      output: z.number().min(0),
    })
    .nullable()
    .default(null)
    .describe(
      'Price of a million tokens, in any currency: {"input": 2.5, "cachedInput": 1.25, "output": 10}; cachedInput defaults to input.',
    ),
  budget: z
    .strictObject({
      requests: limit.describe("The most requests that one start of a command may send, retries included."),
      tokens: limit.describe(
        "One start of a command ends after this many tokens, in prompts and replies together.",
      ),
      cost: limit.describe(
        "One start of a command ends after it has spent this much money; needs llm.price.",
      ),
    })
    .prefault({}),
});

/** The settings under `llm`: a chat model, its limits, its price and its budget. */
export type LlmConfig = z.infer<typeof llmConfigSchema>;

/** Throws a `ConfigError` if individually valid settings contradict each other. */
export function checkLlm({ price, budget, contextTokens, maxTokens }: LlmConfig): void {
  if (budget.cost !== null && price === null)
    throw new ConfigError(
      "llm.budget.cost limits the cost, but there is no price",
      'Set llm.price, per million tokens: llm.price={"input": 2.5, "output": 10}.',
    );
  if (maxTokens > contextTokens / 2)
    throw new ConfigError(
      `replies of ${maxTokens} tokens (llm.maxTokens) leave too little of the ${contextTokens} tokens that the server reads (llm.contextTokens)`,
      "Make llm.maxTokens at most half of llm.contextTokens.",
    );
}

export const hasBudget = ({ budget }: Pick<LlmConfig, "budget">): boolean =>
  Object.values(budget).some((value) => value !== null);

/** Tokens left for a prompt beside the longest reply. */
export const promptTokensOf = ({ contextTokens, maxTokens }: LlmConfig): number => contextTokens - maxTokens;
