/** @file How the store writes money and addresses, and how it reads money. */

import type { Address } from "./state.ts";

/** `$1,234.50`. */
export function money(cents: number): string {
  const [dollars, rest] = (cents / 100).toFixed(2).split(".");
  return `$${dollars!.replace(/\B(?=(\d{3})+$)/g, ",")}.${rest}`;
}

/** Cents of `12`, `12.5`, `$1,200.00`; `null` if it is not an amount. */
export function parseMoney(text: string): number | null {
  const bare = text.trim().replace(/^\$/, "").replaceAll(",", "");
  return /^\d{1,7}(\.\d{1,2})?$/.test(bare) ? Math.round(Number(bare) * 100) : null;
}

/** A whole number ≥ 0, or `null`. */
export function parseCount(text: string): number | null {
  return /^\d{1,6}$/.test(text.trim()) ? Number(text.trim()) : null;
}

export function addressLine({ street, city, postcode }: Address): string {
  return `${street}, ${city}, ${postcode}`;
}

/** `Spring sale` → `spring-sale`. */
export function slugOf(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
