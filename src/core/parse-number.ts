/** @file Parses numbers as people and pages write them. */

/**
 * A number as people and pages write it, `$1,234.50` or `1.234,50 €`; `null` if it is not a number, or more than one.
 */
export function parseNumber(text: string): number | null {
  const found = text.match(/[-−]?\d(?:[\d.,'’\u00a0\u202f ]*\d)?/gu) ?? [];
  if (found.length !== 1) return null;
  const bare = found[0].replace("−", "-").replace(/['’\s\u00a0\u202f]/gu, "");
  const mark = /[.,](?=[^.,]*$)/.exec(bare);
  if (!mark) return Number(bare);
  const [whole, rest] = [bare.slice(0, mark.index), bare.slice(mark.index + 1)];
  // Three digits after the only kind of mark are thousands; after a second kind of mark they are decimals.
  const isThousands =
    !/[.,]/.test(whole.replaceAll(mark[0], "")) &&
    (whole.includes(mark[0]) || (rest.length === 3 && !/^-?0*$/.test(whole)));
  const digits = whole.replace(/[.,]/g, "");
  return Number(isThousands ? `${digits}${rest}` : `${digits}.${rest}`);
}
