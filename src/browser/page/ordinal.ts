/** @file The number that a browser draws before an entry of an ordered list: no text of the document says it. */

import { attributeOf, childElementsOf, parentElementOf, previousElementOf, tagOf } from "./native.ts";
import { writeOrdinal } from "./numeral.ts";
import { styleOf } from "./tree.ts";

const isEntry = (element: Element) => tagOf(element) === "li";

/** Respects `value`, `start` and `reversed`, as the browser does. */
function ordinalOf(item: Element, list: Element): number {
  const numberIn = (element: Element, name: string) => {
    const given = Number.parseInt(attributeOf(element, name) ?? "", 10);
    return Number.isNaN(given) ? null : given;
  };
  const reversed = attributeOf(list, "reversed") !== null;
  let steps = 0;
  for (let at: Element | null = item; at; at = previousElementOf(at)) {
    if (!isEntry(at)) continue;
    const value = numberIn(at, "value");
    if (value !== null) return value + (reversed ? -steps : steps);
    steps++;
  }
  const first = numberIn(list, "start") ?? (reversed ? [...childElementsOf(list)].filter(isEntry).length : 1);
  return first + (reversed ? 1 - steps : steps - 1);
}

/** `"3. "` for the third entry; empty if the browser draws a dot or no mark. */
export function ordinalText(item: Element): string {
  if (!isEntry(item)) return "";
  const list = parentElementOf(item);
  if (!list || tagOf(list) !== "ol") return "";
  const { display, listStyleType: kind, listStyleImage } = styleOf(item);
  if (!display.includes("list-item") || listStyleImage !== "none") return "";
  if (/^(?:none|disc|circle|square|disclosure-\w+)$/.test(kind) || kind.startsWith('"')) return "";
  return `${writeOrdinal(ordinalOf(item, list), kind)}. `;
}
