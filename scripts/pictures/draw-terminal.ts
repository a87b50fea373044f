/**
 * @file Draws lines of text as a terminal, in SVG. Blanks are non-breaking, because others are merged into one. Pure.
 */

import { stripVTControlCharacters } from "node:util";

export const COLUMNS = 100;
const CHARACTER = 7.83;
const LINE = 19;
const PAD = 18;
const BAR = 34;

/** Long lines are folded at blanks to the window's width. Control sequences and what a carriage return wiped out are removed. */
export function drawTerminal(lines: readonly { text: string; isCommand: boolean }[]): string {
  const shown = lines.map((line) => ({ ...line, text: clean(line.text) }));
  const rows = shown.flatMap(({ text, isCommand }) => fold(text).map((row) => ({ row, isCommand })));
  const width = Math.round(2 * PAD + COLUMNS * CHARACTER);
  const height = BAR + rows.length * LINE + PAD;
  const text = rows.map(({ row, isCommand }, i) =>
    row === ""
      ? ""
      : `<text x="${PAD}" y="${BAR + 14 + i * LINE}" fill="${isCommand ? "#9fd3ff" : "#e6e9ee"}">${escape(row).replaceAll(" ", "\u00A0")}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(shown.map((line) => line.text).join("\n"))}">
<rect width="${width}" height="${height}" rx="9" fill="#161b22"/>
${["#ff5f57", "#febc2e", "#28c840"].map((colour, i) => `<circle cx="${18 + 18 * i}" cy="17" r="5.5" fill="${colour}"/>`).join("")}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">
${text.filter(Boolean).join("\n")}
</g>
</svg>
`;
}

/** Removes control sequences, and what a return to the first column wiped out. */
const clean = (text: string) =>
  stripVTControlCharacters(
    text
      .replace(/\r$/, "")
      // oxlint-disable-next-line no-control-regex -- a terminal's own
      .replace(/^.*(\r|\u001b\[1G)/s, ""),
  );

function fold(text: string): string[] {
  const rows = [];
  let rest = Array.from(text);
  while (rest.length > COLUMNS) {
    const blank = rest.lastIndexOf(" ", COLUMNS);
    const end = blank > 0 ? blank : COLUMNS;
    rows.push(rest.slice(0, end).join(""));
    rest = rest.slice(end === blank ? end + 1 : end);
  }
  return [...rows, rest.join("")];
}

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
