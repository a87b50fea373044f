/**
 * @file How a value is printed: as it is, in quotes if a reader could mistake it. Of a long value, only what is in
 * view.
 */

import { boxOf, caretAt, clientLeftOf, clientTopOf } from "./native.ts";
import { edges } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { moreOf, placeIn, seeText, textInView } from "./place.ts";
import type { Place } from "./place.ts";
import { cut, squash, unmark } from "./text.ts";
import { childrenOf, styleOf } from "./tree.ts";

/** A value up to this length is printed whole wherever it is. */
export const SHORT_VALUE = 200;
/** The same for a longer value in a field of one line. */
const LONG = 1000;

/** In quotes, with `\n` for line breaks, if white space would otherwise be lost or misread. */
const quoteIfNeeded = (value: string): string => (value === squash(value) ? value : JSON.stringify(value));

/** The value of a field or editor as it is printed. */
export function shownValue(element: Element, value: string, place: Place, view: Edges): string {
  if (value.length <= SHORT_VALUE) return quoteIfNeeded(value);
  if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement)
    return quoteIfNeeded(cut(value, LONG));
  if (element instanceof HTMLTextAreaElement)
    return quoteIfNeeded(moreOf(element) ? textAreaInView(element, value, view) : value);
  return quoteIfNeeded(editorInView(element, place, view));
}

function textAreaInView(field: HTMLTextAreaElement, value: string, view: Edges): string {
  const box = edges(boxOf(field));
  const style = styleOf(field);
  const left = box[0] + clientLeftOf(field) + parseFloat(style.paddingLeft) + 1;
  const top = Math.max(view[1], box[1] + clientTopOf(field)) + 3;
  const right = box[2] - 24;
  const bottom = Math.min(view[3], box[3]) - 4;
  const from = caretAt(left, top);
  const to = caretAt(right, bottom);
  // Chromium answers with the field and an offset in its value.
  const start = from?.node === field ? from.offset : 0;
  const end = to?.node === field ? to.offset : Math.min(value.length, start + LONG);
  return `${start > 0 ? "…" : ""}${value.slice(start, end)}${end < value.length ? "…" : ""}`;
}

/** The lines of a rich text that can be seen, one or more a block. */
function editorInView(element: Element, place: Place, view: Edges): string {
  const lines: string[] = [""];
  const visit = (node: Node, outer: Place) => {
    if (node instanceof Text) {
      const seen = seeText(node, outer, view);
      if (seen) lines[lines.length - 1] += unmark(textInView(node, outer, seen));
      return;
    }
    if (!(node instanceof Element)) return;
    const style = styleOf(node);
    const block = !style.display.startsWith("inline") || node instanceof HTMLBRElement;
    const inner = placeIn(node, style, outer);
    if (block) lines.push("");
    for (const child of childrenOf(node)) visit(child, inner);
    if (block) lines.push("");
  };
  const inner = placeIn(element, styleOf(element), place);
  for (const child of childrenOf(element)) visit(child, inner);
  return lines.filter((line) => line.trim() !== "").join("\n");
}
