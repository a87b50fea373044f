/** @file Numbers as the lists of browsers write them. */

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const ROMAN: [number, string][] = [
  [1000, "m"],
  [900, "cm"],
  [500, "d"],
  [400, "cd"],
  [100, "c"],
  [90, "xc"],
  [50, "l"],
  [40, "xl"],
  [10, "x"],
  [9, "ix"],
  [5, "v"],
  [4, "iv"],
  [1, "i"],
];

function letters(value: number): string {
  let text = "";
  for (let left = value; left > 0; left = Math.floor((left - 1) / 26))
    text = LETTERS[(left - 1) % 26]! + text;
  return text;
}

function roman(value: number): string {
  let text = "";
  let left = value;
  for (const [worth, sign] of ROMAN) for (; left >= worth; left -= worth) text += sign;
  return text;
}

/** A number as a kind of list writes it; numbers that it has no sign for stay decimal. */
export function writeOrdinal(value: number, kind: string): string {
  if (kind === "decimal-leading-zero")
    return `${value < 0 ? "-" : ""}${String(Math.abs(value)).padStart(2, "0")}`;
  const upper = kind.startsWith("upper");
  const text =
    /-(?:alpha|latin)$/.test(kind) && value > 0
      ? letters(value)
      : kind.endsWith("-roman") && value > 0 && value < 4000
        ? roman(value)
        : String(value);
  return upper ? text.toUpperCase() : text;
}
