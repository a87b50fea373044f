/** @file Where a click reaches an element. */

import { edges, intersect } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { boxesOf, isRendered, labelsOf } from "./native.ts";
import { elementAt, within } from "./tree.ts";

export interface Reached {
  x: number;
  y: number;
  box: Edges;
}

function hits(element: Element, x: number, y: number): boolean {
  const found = elementAt(x, y);
  if (!found) return false;
  if (within(found, element)) return true;
  // A label stands for its control.
  for (const label of labelsOf(element)) if (within(found, label)) return true;
  return element instanceof HTMLAreaElement && found instanceof HTMLImageElement;
}

/**
 * A point at which a click reaches the element, and its box; `null` where it is out of sight or covered. Sideways it
 * may lie outside of `view`, the part of the frame's viewport that can be seen (there is no action for scrolling
 * sideways): then it is not tested for covers.
 */
function target(element: Element, clip: Edges, view: Edges): Reached | null {
  for (const rect of boxesOf(element)) {
    if (rect.width < 1 || rect.height < 1) continue;
    const box = edges(rect);
    const [left, top, right, bottom] = intersect(box, clip);
    if (bottom - top < 2 || right - left < 2) continue;
    const x = (Math.max(left, view[0]) + Math.min(right, view[2])) / 2;
    const y = (top + bottom) / 2;
    if (Math.min(right, view[2]) - Math.max(left, view[0]) < 2) {
      if (right <= view[0]) continue;
      return { x: (left + right) / 2, y, box };
    }
    if (hits(element, x, y)) return { x, y, box };
  }
  return null;
}

/** {@link target}; a check box that is drawn by its label is where the label is. */
export function reach(element: Element, clip: Edges, view: Edges): Reached | null {
  const shown = isRendered(element) ? target(element, clip, view) : null;
  if (shown || !(element instanceof HTMLInputElement)) return shown;
  if (element.type !== "checkbox" && element.type !== "radio") return null;
  for (const label of labelsOf(element))
    if (isRendered(label)) {
      const found = target(label, view, view);
      if (found) return found;
    }
  return null;
}
