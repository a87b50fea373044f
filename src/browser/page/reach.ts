/** @file Where a click reaches an element. */

import { edges, intersect } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { pictureOf } from "./area.ts";
import {
  boxOf,
  childElementsOf,
  closestOf,
  contentOf,
  isLaidOut,
  isRendered,
  labelsOf,
  parentElementOf,
} from "./native.ts";
import { roleOf } from "./role.ts";
import { boxesIn, childrenOf, elementAt, parentOf, styleOf, within } from "./tree.ts";

export interface Reached {
  x: number;
  y: number;
  box: Edges;
  /** It can be seen there, but ignores the mouse. */
  dead?: boolean;
  /** It has to be scrolled to sideways, and may be covered there. */
  beside?: boolean;
}

/**
 * Where in a box to try, as fractions of it: the middle, then nearer to the edges in case it is partly covered or full.
 */
const TRIED = [
  [0.5, 0.5],
  [0.2, 0.5],
  [0.8, 0.5],
  [0.5, 0.2],
  [0.5, 0.8],
] as const;

const CONTROLS =
  /^(?:link|button|tab|menuitem|menuitemcheckbox|menuitemradio|option|checkbox|radio|switch|treeitem)$/;

/** The page keeps the mouse from it although it can be seen: a click there hits only what it is in. */
function isDead(element: Element, found: Element): boolean {
  if (!within(element, found) || !isRendered(element)) return false;
  if (closestOf(element, "[inert]")) return true;
  // A field or part of another control that lets the mouse through to what is around it is not a control itself.
  if (styleOf(element).pointerEvents !== "none" || !CONTROLS.test(roleOf(element) ?? "")) return false;
  if (element instanceof HTMLInputElement || closestOf(element, '[aria-hidden="true"]')) return false;
  for (let at = parentOf(element); at && at !== found; at = parentOf(at))
    if (at instanceof Element && roleOf(at) !== null) return false;
  return roleOf(found) === null;
}

/**
 * A click at the point is the element's: `"inner"` if something in it that answers by itself would get it; `"dead"` if
 * it is seen there and nothing gets it.
 */
function hits(element: Element, x: number, y: number): "own" | "inner" | "dead" | null {
  const found = elementAt(x, y);
  if (!found) return null;
  if (within(found, element)) {
    if (childElementsOf(element).length === 0) return "own";
    for (let at: Node | null = found; at && at !== element; at = parentOf(at))
      if (at instanceof Element && roleOf(at) !== null) return "inner";
    return "own";
  }
  // A label stands for its control.
  for (const label of labelsOf(element)) if (within(found, label)) return "own";
  if (element instanceof HTMLAreaElement && found === pictureOf(element)) return "own";
  return isDead(element, found) ? "dead" : null;
}

/** A pane that scrolls sideways would have to be scrolled to show it. */
function isBesidePane(element: Element, box: Edges): boolean {
  for (let at = parentOf(element); at; at = parentOf(at)) {
    if (!(at instanceof Element) || !/auto|scroll/.test(styleOf(at).overflowX)) continue;
    const [left, , right] = intersect(box, edges(boxOf(at)));
    if (right - left < 2) return true;
  }
  return false;
}

/**
 * A point at which a click reaches the element, and its box; `null` if it is out of sight or covered. Sideways it may
 * lie outside of `view`, the part of the frame's viewport that can be seen, or of its pane: then nothing tests whether
 * it is covered.
 */
function target(element: Element, clip: Edges, view: Edges): Reached | null {
  let inner: Reached | null = null;
  let dead: Reached | null = null;
  for (const rect of boxesIn(element)) {
    const box = edges(rect);
    const [left, top, right, bottom] = intersect(box, clip);
    if (bottom - top < 2 || right - left < 2) continue;
    const [from, to] = [Math.max(left, view[0]), Math.min(right, view[2])];
    const middle = { x: (left + right) / 2, y: (top + bottom) / 2, box };
    if (to - from < 2) return { ...middle, beside: true };
    for (const [across, down] of TRIED) {
      const at = { x: from + across * (to - from), y: top + down * (bottom - top), box };
      const hit = hits(element, at.x, at.y);
      if (hit === "own") return at;
      if (hit === "inner") inner ??= at;
      if (hit === "dead") dead ??= { ...at, dead: true };
    }
    if (!inner && isBesidePane(element, box)) return { ...middle, beside: true };
  }
  return inner ? (onOwnText(element, clip, view, inner.box) ?? inner) : dead;
}

/** A point on the element's own text, outside of other elements: a branch of a tree consists mostly of its leaves. */
function onOwnText(element: Element, clip: Edges, view: Edges, box: Edges): Reached | null {
  const range = new Range();
  const find = (node: Node): Reached | null => {
    if (node instanceof Text) {
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) {
        const [left, top, right, bottom] = intersect(intersect(edges(rect), clip), view);
        const [x, y] = [(left + right) / 2, (top + bottom) / 2];
        if (right - left >= 2 && bottom - top >= 2 && hits(element, x, y) === "own") return { x, y, box };
      }
      return null;
    }
    if (node instanceof Element && roleOf(node) !== null) return null;
    for (const child of childrenOf(node)) {
      const found = find(child);
      if (found) return found;
    }
    return null;
  };
  for (const child of childrenOf(element)) {
    const found = find(child);
    if (found) return found;
  }
  return null;
}

/** It has a place in the page, even if it is transparent: it still answers to clicks. */
const isThere = (element: Element): boolean =>
  isLaidOut(element) || styleOf(element).display === "contents" || element instanceof HTMLAreaElement;

/** With text of its own, it would not be a drawn slider. */
const isDrawing = (element: Element): boolean => (contentOf(element) ?? "").trim() === "";

/**
 * {@link target}, except that a check box or file picker that is drawn by its label is where the label is, and an
 * invisible slider where its thumb or its track is drawn around it.
 */
export function reach(element: Element, clip: Edges, view: Edges): Reached | null {
  const shown = isThere(element) ? target(element, clip, view) : null;
  if (shown || !(element instanceof HTMLInputElement)) return shown;
  if (element.type === "range") {
    let around = parentElementOf(element);
    for (let level = 0; level < 2 && around && isDrawing(around); level++) {
      const found = isThere(around) ? target(around, view, view) : null;
      if (found) return found;
      around = parentElementOf(around);
    }
    return null;
  }
  if (!/^(?:checkbox|radio|file)$/.test(element.type)) return null;
  for (const label of labelsOf(element)) {
    const found = isThere(label) ? target(label, view, view) : null;
    if (found) return found;
  }
  return null;
}
