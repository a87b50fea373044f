/** @file Sums up what requests to models on servers have used. */

import type { ChatUsage } from "./chat.ts";

export const noUsage = (): ChatUsage => ({
  requests: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
});

/** Adds `more` to `sum` in place. */
export function addUsage(sum: ChatUsage, more: ChatUsage): ChatUsage {
  sum.requests += more.requests;
  sum.promptTokens += more.promptTokens;
  sum.cachedTokens += more.cachedTokens;
  sum.completionTokens += more.completionTokens;
  if (more.cost !== undefined) sum.cost = (sum.cost ?? 0) + more.cost;
  return sum;
}

/** The sum of several, or `undefined` if all of them are. */
export function sumUsage(all: readonly (ChatUsage | undefined)[]): ChatUsage | undefined {
  const known = all.filter((usage) => usage !== undefined);
  return known.length === 0 ? undefined : known.reduce(addUsage, noUsage());
}

/** What was used since `before`. */
export function usageSince(before: ChatUsage, now: ChatUsage): ChatUsage {
  return {
    requests: now.requests - before.requests,
    promptTokens: now.promptTokens - before.promptTokens,
    cachedTokens: now.cachedTokens - before.cachedTokens,
    completionTokens: now.completionTokens - before.completionTokens,
    ...(now.cost !== undefined && { cost: now.cost - (before.cost ?? 0) }),
  };
}

/** For people: `12 requests, 34,567 tokens read (30,000 of them cached), 890 written, cost 0.1234`. */
export function describeUsage(usage: ChatUsage): string {
  const count = (value: number) => value.toLocaleString("en");
  const cached = usage.cachedTokens > 0 ? ` (${count(usage.cachedTokens)} of them cached)` : "";
  const cost = usage.cost === undefined ? "" : `, cost ${Number(usage.cost.toPrecision(4))}`;
  return `${count(usage.requests)} ${usage.requests === 1 ? "request" : "requests"}, ${count(usage.promptTokens)} tokens read${cached}, ${count(usage.completionTokens)} written${cost}`;
}
