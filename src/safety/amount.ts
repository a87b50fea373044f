/** @file Amounts of money as people and programs write them. */

import type { AmountPlace } from "../core/effect.ts";
import { parseNumber } from "../core/parse-number.ts";

const NUMBER = String.raw`[^\d\n-]{0,12}(\d[\d.,'’\u00a0\u202f]*)`;

/** The amount after these words on a page: the last one, which is where totals stand. */
export function amountAfter(words: string, pageText: string): number | null {
  const escaped = words
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\s+/g, String.raw`\s+`);
  const found = [...pageText.matchAll(new RegExp(`${escaped}${NUMBER}`, "giu"))].at(-1);
  return found ? parseNumber(found[1]!) : null;
}

/** What comes on top by what is chosen in these fields; `null` where that is not said. */
export function amountOnTop(
  plus: NonNullable<AmountPlace["plus"]>,
  fields: readonly (readonly [string, string])[],
): number | null {
  let sum = 0;
  for (const [name, amounts] of Object.entries(plus)) {
    const chosen = fields.filter(([field]) => field === name).map(([, value]) => value);
    const [value] = chosen;
    if (value === undefined || chosen.length > 1 || !Object.hasOwn(amounts, value)) return null;
    sum += amounts[value]!;
  }
  return sum;
}

/** The amount that a button names, with its currency: `Pay $10`. */
export function amountInLabel(label: string): number | null {
  const found = label.match(
    /(?:[$€£¥₹₽₩]|\b(?:USD|EUR|GBP|CHF|JPY|CNY|kr|zł))\s?\d[\d.,'’]*|\d[\d.,'’]*\s?(?:[$€£¥₹₽₩]|(?:USD|EUR|GBP|CHF|JPY|CNY|kr|zł)\b)/giu,
  );
  return found?.length === 1 ? parseNumber(found[0]) : null;
}

const AMOUNT_FIELDS = new Set([
  "amount",
  "total",
  "grandtotal",
  "ordertotal",
  "totalamount",
  "totalprice",
  "sum",
  "price",
  "betrag",
  "summe",
  "gesamtbetrag",
  "montant",
  "importe",
  "totale",
  "importo",
  "valor",
  "bedrag",
  "kwota",
]);

/** The highest amount among the fields that are called so. */
export function amountInFields(fields: readonly (readonly [string, string])[]): number | null {
  const amounts = fields.flatMap(([name, value]) => {
    const last =
      name
        .split(/[.[\]]+/)
        .filter(Boolean)
        .at(-1) ?? "";
    if (!AMOUNT_FIELDS.has(last.toLowerCase().replace(/[^\p{L}]/gu, ""))) return [];
    return parseNumber(value) ?? [];
  });
  return amounts.length === 0 ? null : Math.max(...amounts);
}
