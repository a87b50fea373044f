/** @file Where the walk is on its way down the document, and what can be seen there. */

import { edges, intersect, unite } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import {
  boxOf,
  clientHeightOf,
  clientWidthOf,
  page,
  parentElementOf,
  scrollHeightOf,
  scrollLeftOf,
  scrollTopOf,
  scrollWidthOf,
} from "./native.ts";
import { elementAt, styleOf, within } from "./tree.ts";

/** The same for everything in one element, unless it says otherwise. */
export interface Place {
  /** Where things can be seen or, sideways, scrolled to. */
  clip: Edges;
  /** The same for absolutely positioned elements, which only the containing block clips. */
  positioned: Edges;
  /** `visibility` allows it. */
  visible: boolean;
  /** Transparent: nothing can be read, but what answers to the mouse still does. */
  faded: boolean;
  /** A modal layer stands above: only what a click reaches is there. */
  behind: boolean;
}

const NOTHING: Edges = [0, 0, 0, 0];

/** Sideways, a box is as wide as it can be scrolled: an agent clicks what it sees listed, and there is no other way. */
function scrollable(element: Element, box: Edges): Edges {
  const beyond = scrollWidthOf(element) - clientWidthOf(element);
  const from = scrollLeftOf(element);
  const [least, most] = styleOf(element).direction === "rtl" ? [-beyond, 0] : [0, beyond];
  return [box[0] + least - from, box[1], box[2] + most - from, box[3]];
}

const SCROLLS = /auto|scroll/;

/** `view` is the part of the document's viewport that can be seen. */
export function topPlace(view: Edges, behind: boolean): Place {
  const fixed = [page.root, page.body].some((element) => /hidden|clip/.test(styleOf(element).overflowX));
  const clip = fixed ? view : scrollable(page.root, view);
  return { clip, positioned: clip, visible: true, faded: false, behind };
}

/** Whether an absolutely positioned element is hidden in one of the ways that leave text to screen readers only. */
const isClippedAway = ({ clip, clipPath }: CSSStyleDeclaration): boolean =>
  /^inset\((50|100)%/.test(clipPath) || /^rect\((\d)px,? \1px,? \1px,? \1px\)/.test(clip);

/** Where an element itself is, from the place around it. */
export function placeOf(style: CSSStyleDeclaration, outer: Place, view: Edges): Place {
  const { position, visibility, opacity } = style;
  const out = position === "absolute" || position === "fixed";
  return {
    clip: !out ? outer.clip : isClippedAway(style) ? NOTHING : position === "fixed" ? view : outer.positioned,
    positioned: outer.positioned,
    visible: visibility === "visible",
    faded: outer.faded || opacity === "0",
    behind: outer.behind,
  };
}

/** Where the content of an element at `place` is. */
export function placeIn(element: Element, style: CSSStyleDeclaration, place: Place): Place {
  const contains = style.position !== "static" || style.transform !== "none" || style.filter !== "none";
  const root = element === page.root || element === page.body;
  if (root || (style.overflowX === "visible" && style.overflowY === "visible"))
    return contains ? { ...place, positioned: place.clip } : place;
  const box = edges(boxOf(element));
  const clip = intersect(place.clip, box);
  // What a pane can show by scrolling sideways counts as there if the pane is.
  if (SCROLLS.test(style.overflowX) && clip[0] < clip[2]) [clip[0], , clip[2]] = scrollable(element, box);
  return { ...place, clip, positioned: contains ? clip : place.positioned };
}

/** A click at the middle of the box would reach the element, or what is laid out in it. */
export function isInFront(element: Element, box: Edges, view: Edges): boolean {
  const [left, top, right, bottom] = intersect(box, view);
  if (right - left < 1 || bottom - top < 1) return false;
  const found = elementAt((left + right) / 2, (top + bottom) / 2);
  if (!found) return false;
  if (within(found, element)) return true;
  // What lets clicks through is reached through its parent.
  return found !== page.root && found !== page.body && within(element, found);
}

export interface SeenText {
  box: Edges;
  /** It is on one line. */
  single: boolean;
  /** Pixels from its top to its end, in view or not. */
  height: number;
}

/** The part of a text node that can be seen; `null` if none of it can. */
export function seeText(node: Text, place: Place, view: Edges): SeenText | null {
  if (!place.visible || place.faded) return null;
  const range = new Range();
  range.selectNodeContents(node);
  let box: Edges | null = null;
  let lines = 0;
  const rects = range.getClientRects();
  for (const rect of rects) {
    const seen = intersect(edges(rect), place.clip);
    const tall = Math.min(8, rect.height / 2);
    if (seen[3] - seen[1] < tall || seen[2] - seen[0] < 2) continue;
    lines++;
    box = unite(box, edges(rect));
  }
  if (!box) return null;
  const parent = parentElementOf(node);
  if (place.behind && parent && !isInFront(parent, box, view)) return null;
  const height = rects[rects.length - 1]!.bottom - rects[0]!.top;
  return { box, single: lines === 1, height };
}

/** Texts that are no taller than the place they are seen in are read whole. */
const READ_WHOLE = 300;

/** The text of a node or, if it is much taller than the place it is in, the part of it that is in view. */
export function textInView(node: Text, place: Place, { height }: SeenText): string {
  const { data } = node;
  if (data.length < READ_WHOLE || height <= place.clip[3] - place.clip[1]) return data;
  const range = new Range();
  const edgeOf = (at: number, edge: "top" | "bottom") => {
    range.setStart(node, at);
    range.setEnd(node, Math.min(at + 1, data.length));
    return range.getBoundingClientRect()[edge];
  };
  /** The first character from `from` on for which `past` holds; text runs downwards. */
  const first = (from: number, past: (at: number) => boolean) => {
    let [low, high] = [from, data.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (past(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const start = first(0, (at) => edgeOf(at, "bottom") > place.clip[1] + 4);
  const end = first(start, (at) => edgeOf(at, "top") >= place.clip[3] - 4);
  return `${start > 0 ? "…" : ""}${data.slice(start, end)}${end < data.length ? "…" : ""}`;
}

/** Above or below what can be seen. */
export const isOutOfSight = (element: Element, clip: Edges): boolean => {
  const box = boxOf(element);
  return box.height > 0 && (box.bottom < clip[1] || box.top > clip[3]);
};

/** Whether an element's content is cut off above and below. */
export function moreOf(element: Element): string | undefined {
  const hidden = scrollHeightOf(element) - clientHeightOf(element);
  if (hidden <= 4) return undefined;
  const top = scrollTopOf(element);
  const above = top > 2;
  const below = top < hidden - 2;
  return above && below ? "more above and below" : above ? "more above" : "more below";
}
