/** @file `Scroll`: moves the pane that an element is in, or the page. */

import { isWheelHeard } from "./hearing.ts";
import { usable } from "./locate.ts";
import type { Refusal, Spot } from "./locate.ts";
import { memory } from "./memory.ts";
import {
  boxOf,
  clientHeightOf,
  clientWidthOf,
  findAllIn,
  innerTextOf,
  isRendered,
  page,
  scrollByOf,
  scrollHeightOf,
  scrollTopOf,
} from "./native.ts";
import { scroller } from "./scroll.ts";
import { holderOfText } from "./select-text.ts";
import { elementAt, parentOf, styleOf } from "./tree.ts";

export type Direction = "up" | "down" | "left" | "right";

export interface Scrolled {
  kind: "scrolled";
  /** `false`: it was at its end. */
  moved: boolean;
  /** What moves is part of the page. */
  pane: boolean;
  /** Where a script listens to the mouse wheel, if nothing else has moved, and how far to turn it. */
  wheel?: { spot: Spot; by: number };
}

/**
 * Moves the pane of an element, or of a text that the page shows, or else the page, by two thirds of what is visible.
 * `null`: the text is not there.
 */
export function scroll(at: number | string | null, direction: Direction): Scrolled | Refusal | null {
  // A frame that nobody sees.
  if (page.empty || innerHeight < 20) return { kind: "scrolled", moved: false, pane: false };
  const sideways = direction === "left" || direction === "right";
  let pane: Element | null = null;
  if (typeof at === "number") {
    const found = usable(at);
    // A disabled element can be read all the same.
    if (found.kind === "refused" && found.reason === "gone") return found;
    pane = paneOf(memory.elements[at]!, sideways);
  } else if (at !== null) {
    const holder = holderOfText(at);
    if (!holder) return null;
    pane = paneOf(holder, sideways);
  }
  const element = pane ?? (sideways ? widest() : scroller());
  const scrolled: Scrolled = { kind: "scrolled", moved: move(element, direction), pane: pane !== null };
  const wheel =
    scrolled.moved || sideways ? null : wheelOver(typeof at === "number" ? memory.elements[at]! : null);
  if (wheel) scrolled.wheel = { ...wheel, by: direction === "up" ? -wheel.by : wheel.by };
  return scrolled;
}

/** Where to turn the wheel for what a script moves: over an element, or in the middle of the page. */
function wheelOver(element: Element | null): { spot: Spot; by: number } | null {
  const { left, top, right, bottom } = element ? boxOf(element) : new DOMRect(0, 0, innerWidth, innerHeight);
  const spot = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const hit = elementAt(spot.x, spot.y);
  if (!hit || !isWheelHeard(hit)) return null;
  beforeWheel = placesNow();
  return { spot, by: WHEEL_PX };
}

/** About as far as a person turns it in one go. */
const WHEEL_PX = 120;
const WHEEL_MS = 250;
let beforeWheel = "";
const placesNow = (): string =>
  JSON.stringify([innerTextOf(page.root), memory.elements.map((element) => boxOf(element))]);

/** Whether turning the wheel has moved or changed anything, after a moment. */
export async function hasWheelMoved(): Promise<boolean> {
  const end = performance.now() + WHEEL_MS;
  while (performance.now() < end) {
    if (placesNow() !== beforeWheel) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

function move(element: Element, direction: Direction): boolean {
  const root = element === page.scroller;
  const sideways = direction === "left" || direction === "right";
  const size = sideways
    ? root
      ? innerWidth
      : clientWidthOf(element)
    : root
      ? innerHeight
      : clientHeightOf(element);
  const by = ((direction === "up" || direction === "left" ? -1 : 1) * size * 2) / 3;
  const before = [scrollTopOf(element), element.scrollLeft];
  scrollByOf(element, { [sideways ? "left" : "top"]: by, behavior: "instant" });
  return scrollTopOf(element) !== before[0] || element.scrollLeft !== before[1];
}

function canScroll(element: Element, sideways: boolean): boolean {
  const style = styleOf(element);
  const own =
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement ||
    element instanceof HTMLInputElement;
  return sideways
    ? element.scrollWidth > clientWidthOf(element) + 1 && (own || /auto|scroll/.test(style.overflowX))
    : scrollHeightOf(element) > clientHeightOf(element) + 1 && (own || /auto|scroll/.test(style.overflowY));
}

/** The pane that an element is, contains or is in; `null` if only the page scrolls. */
function paneOf(element: Element, sideways: boolean): Element | null {
  if (canScroll(element, sideways)) return element;
  let best: Element | null = null;
  let area = 0;
  for (const inner of findAllIn(element, "*")) {
    const size = clientWidthOf(inner) * clientHeightOf(inner);
    if (size > area && canScroll(inner, sideways) && isRendered(inner)) [best, area] = [inner, size];
  }
  if (best) return best;
  for (let node = parentOf(element); node instanceof Element; node = parentOf(node))
    if (node !== page.scroller && node !== page.body && canScroll(node, sideways)) return node;
  return null;
}

/** What moves sideways: the page, or else the largest pane that does. */
function widest(): Element {
  const root = page.scroller;
  if (root.scrollWidth > innerWidth + 1) return root;
  return paneOf(page.body, true) ?? root;
}
