/** @file Amounts of money as people and programs write them. */

/** `$1,234.50`, `1.234,50 €`, `CHF 12`, `12`; `null` where there is not exactly one number. */
export function parseAmount(text: string): number | null {
  const numbers = text.match(/-?\d[\d.,'’\u00a0\u202f ]*/gu) ?? [];
  if (numbers.length !== 1) return null;
  const bare = numbers[0].replace(/['’\s\u00a0\u202f]/gu, "").replace(/[.,]+$/, "");
  const last = Math.max(bare.lastIndexOf("."), bare.lastIndexOf(","));
  const tail = bare.length - last - 1;
  const mark = bare[last];
  const marks = mark === undefined ? 0 : bare.split(mark).length - 1;
  const mixed = /[.,]/.test(bare.slice(0, Math.max(0, last)).replaceAll(mark ?? "", ""));
  // Three digits after the only mark are thousands, unless another mark stands before it.
  const isDecimal = last >= 0 && marks === 1 && (tail !== 3 || mixed);
  const digits = (part: string) => part.replace(/[.,]/g, "");
  const value = Number(isDecimal ? `${digits(bare.slice(0, last))}.${bare.slice(last + 1)}` : digits(bare));
  return Number.isFinite(value) ? value : null;
}

const NUMBER = String.raw`[^\d\n-]{0,12}(\d[\d.,'’\u00a0\u202f]*)`;

/** The amount after these words on a page: the last one, which is where totals stand. */
export function amountAfter(words: string, pageText: string): number | null {
  const escaped = words
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replace(/\s+/g, String.raw`\s+`);
  const found = [...pageText.matchAll(new RegExp(`${escaped}${NUMBER}`, "giu"))].at(-1);
  return found ? parseAmount(found[1]!) : null;
}

/** The amount that a button names, with its currency: `Pay $10`. */
export function amountInLabel(label: string): number | null {
  const found = label.match(
    /(?:[$€£¥₹₽₩]|\b(?:USD|EUR|GBP|CHF|JPY|CNY|kr|zł))\s?\d[\d.,'’]*|\d[\d.,'’]*\s?(?:[$€£¥₹₽₩]|(?:USD|EUR|GBP|CHF|JPY|CNY|kr|zł)\b)/giu,
  );
  return found?.length === 1 ? parseAmount(found[0]) : null;
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
    return parseAmount(value) ?? [];
  });
  return amounts.length === 0 ? null : Math.max(...amounts);
}
