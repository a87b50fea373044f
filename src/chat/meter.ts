/** @file What requests to servers use, and the budget that ends them. One meter counts for all models of a command. */

import type { ChatUsage } from "../core/chat.ts";
import { BudgetSpent } from "../core/errors.ts";
import { addUsage, describeUsage, noUsage } from "../core/usage.ts";
import type { LlmConfig } from "./config.ts";

/** Counts what requests to servers use, and ends them at the budget. */
export interface ChatMeter {
  readonly budget: LlmConfig["budget"];
  /** So far. */
  used(): ChatUsage;
  /** Throws `BudgetSpent` where no further request may be sent. */
  admit(): void;
  /** A request is sent. */
  countRequest(): void;
  /** A reply has come; `usage.requests` is not counted again. */
  countReply(usage: ChatUsage): void;
}

/**
 * The budget of requests is never passed. What a reply costs is known when it is there: tokens and money may pass their
 * budget by the requests that are under way when it is reached.
 */
export function createMeter(budget: Partial<LlmConfig["budget"]> = {}): ChatMeter {
  const limits = { requests: null, tokens: null, cost: null, ...budget };
  const used = noUsage();
  const describeSpent = (): string | null => {
    const { requests, tokens, cost } = limits;
    if (requests !== null && used.requests >= requests) return `${requests} requests`;
    if (tokens !== null && used.promptTokens + used.completionTokens >= tokens) return `${tokens} tokens`;
    if (cost !== null && (used.cost ?? 0) >= cost) return `a cost of ${cost}`;
    return null;
  };
  return {
    budget: limits,
    used: () => ({ ...used }),
    admit: () => {
      const what = describeSpent();
      if (what !== null)
        throw new BudgetSpent(
          `the budget of ${what} for the model's server is used up: ${describeUsage(used)}`,
        );
    },
    countRequest: () => void (used.requests += 1),
    countReply: (usage) => addUsage(used, { ...usage, requests: 0 }),
  };
}
