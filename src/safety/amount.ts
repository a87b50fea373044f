/**
 * @file Parses amounts of money as people and programs write them. Anything that is not clearly one amount is unknown,
 * and an unknown amount counts as over the limit.
 */

import type { AmountPlace } from "../core/effect.ts";
import { parseNumber } from "../core/parse-number.ts";

const SPACE = String.raw`[ \u00a0\u202f\u2009]`;
/**
 * Digits with marks for thousands and decimals, including blanks; `10k` or `1e3`, which continue as a word, do not
 * match.
 */
const DIGITS = String.raw`(?:\d{1,3}(?:${SPACE}\d{3})+(?:[.,]\d+)?|\d[\d.,'’\u00a0\u202f]*)(?!\d|${SPACE}?(?:[km万億亿千]|[Mm]io|[Mm]rd|lakh|crore|[Tt]sd|thousand|million)(?![\p{L}])|e[+-]?\d)`;
const CURRENCY = String.raw`(?:[\p{Sc}]|\b(?:USDT?|EUR|GBP|CHF|JPY|CNY|RMB|INR|BRL|SEK|NOK|DKK|PLN|CZK|HUF|TRY|Rs|kr|zł|Kč|Ft|lei|Fr)\b\.?)`;

/** Digits of every script as 0 to 9. */
const plainDigits = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(/\p{Nd}/gu, (digit) => {
      const code = digit.codePointAt(0)!;
      let zero = code;
      // The ten digits of a script follow each other, starting with zero.
      while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
      return code < 128 ? digit : String((code - zero) % 10);
    })
    .replace(/[٬]/g, "'")
    .replace(/[٫]/g, ".");

/** The amount after these words on a page: the last one, because totals come last. */
export function amountAfter(words: string, pageText: string): number | null {
  const escaped = words
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\s+/g, String.raw`\s+`);
  const after = new RegExp(String.raw`${escaped}[^\d\n-]{0,12}(?=(\d[^\n]*))`, "giu");
  const found = [...plainDigits(pageText).matchAll(after)].at(-1);
  const number = found && new RegExp(`^${DIGITS}`, "u").exec(found[1]!);
  return number ? parseNumber(number[0]) : null;
}

/** What the values of these fields add to the amount; `null` if that is not declared. */
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
  const found = plainDigits(label).match(
    new RegExp(`${CURRENCY}\\s?${DIGITS}|${DIGITS}(?:[.,][–-])?\\s?${CURRENCY}`, "giu"),
  );
  return found?.length === 1 ? amountIn(found[0]) : null;
}

/** A text that consists only of an amount and its currency. */
function amountIn(text: string): number | null {
  const bare = plainDigits(text)
    .replace(new RegExp(CURRENCY, "giu"), " ")
    .replace(/[.,][–-]\s*$/, "")
    .trim();
  return new RegExp(`^[-−+]?${DIGITS}$`, "u").test(bare) ? parseNumber(bare.replace(/^\+/, "")) : null;
}

const namesOf = (text: string) => new Set(text.split(" "));
/** Names of fields with the total price. */
const TOTALS = namesOf(
  "amount total grandtotal ordertotal totalamount totalprice sum betrag summe gesamtbetrag gesamtpreis montant importe totale importo valor bedrag kwota",
);
/** Names of fields with the price of one piece. */
const PRICES = namesOf(
  "price unitprice itemprice preis stückpreis einzelpreis prix prixunitaire precio prezzo preço prijs cena",
);
const QUANTITIES = namesOf(
  "qty quantity count pieces units nights seats tickets menge anzahl quantité quantite cantidad quantità quantita quantidade aantal ilość ilosc",
);
const CENTS =
  /^(?:amount|total|sum|price)?(?:in)?(?:cents?|pence|minor(?:units?)?)$|^(?:amount|total|price)(?:in)?(?:cents?|minor\w*)$/;

/** Splits `order.items.0.unit_price` into the path and the name. */
function placeOf(path: string): { around: string; name: string } {
  const parts = path.split(/[.[\]]+/).filter(Boolean);
  // `amount.value`, `amount[]`.
  while (parts.length > 1 && /^(?:value|\d+)$/.test(parts.at(-1)!)) parts.pop();
  const name = (parts.pop() ?? "").toLowerCase().replace(/[^\p{L}]/gu, "");
  return { around: parts.join("."), name };
}

/**
 * The price according to the fields with these names: the highest total, or all prices times their quantities if that
 * is more. `null` if there are none, or one of them is not a plain amount.
 */
export function amountInFields(fields: readonly (readonly [string, string])[]): number | null {
  const named = fields
    .filter(([, value]) => value.trim() !== "")
    .map(([path, value]) => ({ ...placeOf(path), value }));
  const quantities = named.filter(({ name }) => QUANTITIES.has(name));
  const amounts: (number | null)[] = [];
  let sum: number | null = 0;
  for (const { around, name, value } of named) {
    if (CENTS.test(name)) amounts.push(times(amountIn(value), 0.01));
    if (TOTALS.has(name)) amounts.push(amountIn(value));
    if (!PRICES.has(name)) continue;
    const counts = quantities.filter((one) => one.around === around).map((one) => amountIn(one.value));
    const count = counts.includes(null) ? null : Math.max(1, ...(counts as number[]));
    const price = times(amountIn(value), count);
    sum = price === null || sum === null ? null : sum + price;
    amounts.push(sum);
  }
  return highest(amounts);
}

/**
 * The amount in a declared field; the highest if there are several with its name. `undefined` if the request has no
 * such field.
 */
export function amountOfField(
  name: string,
  fields: readonly (readonly [string, string])[],
): number | null | undefined {
  const values = fields.filter(([field]) => field === name).map(([, value]) => amountIn(value));
  return values.length === 0 ? undefined : highest(values);
}

const highest = (amounts: readonly (number | null)[]): number | null =>
  amounts.length === 0 || amounts.includes(null) ? null : Math.max(...(amounts as number[]));

/** Rounds to hundredths. */
const times = (amount: number | null, by: number | null): number | null =>
  amount === null || by === null ? null : Math.round(amount * by * 100) / 100;
