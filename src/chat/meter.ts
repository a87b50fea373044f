/** @file Counts what requests to servers use, and enforces the budget. All models of a command share one meter. */

import type { ChatUsage } from "../core/chat.ts";
import { BudgetSpent } from "../core/errors.ts";
import { addUsage, describeUsage, noUsage } from "../core/usage.ts";
import type { LlmConfig } from "./config.ts";

/** Counts what requests to servers use, and stops them at the budget. */
export interface ChatMeter {
  readonly budget: LlmConfig["budget"];
  /** So far. */
  getUsage(): ChatUsage;
  /** Throws `BudgetSpent` if no further request may be sent. */
  admit(): void;
  /** Counts a request that is sent. */
  countRequest(): void;
  /** Counts a reply; `usage.requests` is not counted again. */
  countReply(usage: ChatUsage): void;
}

/**
 * The budget of requests is never exceeded. The cost of a reply is known only when it arrives, so tokens and money may
 * exceed their budget by the requests that are under way when it is reached.
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
    getUsage: () => ({ ...used }),
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
