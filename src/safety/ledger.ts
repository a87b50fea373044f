/**
 * @file Counts what was granted so far, per run and per day, and checks whether one more is within the policy's limits.
 */

import type { EffectKind } from "../core/effect.ts";
import { EFFECT_KINDS } from "../core/effect.ts";
import type { Intent } from "./approval.ts";
import type { Effect, SafetyPolicy } from "./policy.ts";

/** What was granted so far, as the limits count it. */
export interface Spent {
  amount: number;
  counts: Partial<Record<EffectKind, number>>;
}

export const startSpent = (): Spent => ({ amount: 0, counts: {} });

/** `null` for effects that no limit counts. */
export const pickCountedKind = (effect: Effect): EffectKind | null =>
  (EFFECT_KINDS as readonly string[]).includes(effect) ? (effect as EffectKind) : null;

/** `sign` is 1 when it is granted, and -1 when nothing was sent after all. */
export function spend(spent: Spent, effect: Effect, amount: number | null, sign: 1 | -1): void {
  const kind = pickCountedKind(effect);
  if (!kind) return;
  spent.counts[kind] = (spent.counts[kind] ?? 0) + sign;
  if (kind === "buy" || kind === "pay") spent.amount += sign * (amount ?? 0);
}

/** The limit that it exceeds; `null` if none. */
export function findReachedLimit(
  { effect, amount }: Pick<Intent, "effect" | "amount">,
  limits: SafetyPolicy["limits"],
  run: Spent,
  day: Spent,
): string | null {
  const kind = pickCountedKind(effect);
  if (!kind) return null;
  for (const [name, most, so] of [
    ["countPerRun", limits.countPerRun[kind], run],
    ["countPerDay", limits.countPerDay[kind], day],
  ] as const)
    if (most !== undefined && (so.counts[kind] ?? 0) + 1 > most) return `limits.${name}.${kind} is ${most}`;
  if (kind !== "buy" && kind !== "pay") return null;
  for (const [name, most, before] of [
    ["amountPerAction", limits.amountPerAction, 0],
    ["amountPerRun", limits.amountPerRun, run.amount],
    ["amountPerDay", limits.amountPerDay, day.amount],
  ] as const) {
    if (most === undefined) continue;
    if (amount === null) return `limits.${name} is ${most}, but the amount is unknown`;
    // A floating-point sum of cents is not exact.
    if (amount < 0 || before + amount > most + 1e-6)
      return `limits.${name} is ${most}${before > 0 ? `, ${before.toFixed(2)} of it spent,` : ""} and this is ${amount}`;
  }
  return null;
}
