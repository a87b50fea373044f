/** @file The document as it is laid out: children, ancestors, styles, hit tests. */

import { boxOfArea } from "./area.ts";
import { memory } from "./memory.ts";
import {
  assignedSlotOf,
  boxesOf,
  childElementsOf,
  childNodesOf,
  isRendered,
  page,
  parentNodeOf,
  shadowRootOf,
  tagOf,
} from "./native.ts";

// Computed styles are live: one object serves as long as its element exists.
const styles = new WeakMap<Element, CSSStyleDeclaration>();
export function styleOf(element: Element): CSSStyleDeclaration {
  let style = styles.get(element);
  if (!style) styles.set(element, (style = getComputedStyle(element)));
  return style;
}

/** It is part of a line of text. */
export const isInline = (display: string): boolean => /^(?:inline|ruby|contents$)/.test(display);

/** Children as they are laid out: open shadow roots and slots entered. */
export function childrenOf(node: Node): Node[] {
  if (node instanceof Element) {
    // The hidden content of a closed `details` has a box all the same.
    if (node instanceof HTMLDetailsElement && !node.open)
      return [...childElementsOf(node)].filter((child) => tagOf(child) === "summary").slice(0, 1);
    // Also what only the browser's search finds (`hidden=until-found`).
    if (styleOf(node).contentVisibility === "hidden") return [];
    const shadow = shadowRootOf(node);
    if (shadow) {
      memory.shadows = true;
      return [...childNodesOf(shadow)];
    }
    if (node instanceof HTMLSlotElement) {
      const assigned = node.assignedNodes();
      if (assigned.length > 0) return assigned;
    }
  }
  return [...childNodesOf(node)];
}

/** Elements whose content is never shown. */
export const SILENT = new Set([
  "script",
  "style",
  "noscript",
  "template",
  "head",
  "title",
  "desc",
  "defs",
  "symbol",
  "metadata",
  "datalist",
]);

/** Elements in an element's shadow root, and in the shadow roots in it. */
export function shadowElementsOf(element: Element): Element[] {
  const inside = [...(shadowRootOf(element)?.querySelectorAll("*") ?? [])];
  return inside.flatMap((inner) => [inner, ...shadowElementsOf(inner)]);
}

/** The innermost element at a point, open shadow roots entered. */
export function elementAt(x: number, y: number): Element | null {
  let found = page.at(x, y);
  for (;;) {
    const shadow: ShadowRoot | null = found && shadowRootOf(found);
    // All elements there: a text in a slot belongs to the host, what is drawn around it to the shadow root.
    const inner = shadow?.elementsFromPoint(x, y).find((each) => shadow.contains(each));
    if (!inner) return found;
    found = inner;
  }
}

export const parentOf = (node: Node): Node | null =>
  (node instanceof Element ? assignedSlotOf(node) : null) ??
  parentNodeOf(node) ??
  (node instanceof ShadowRoot ? node.host : null);

/** Whether `inner` is `outer` or laid out inside it. */
export function within(inner: Node | null, outer: Node): boolean {
  for (let node = inner; node; node = parentOf(node)) if (node === outer) return true;
  return false;
}

/** The element that has the focus; `null` if that is only the page. */
export function findFocused(): Element | null {
  let { active } = page;
  for (;;) {
    const shadow: ShadowRoot | null = active && shadowRootOf(active);
    const inner = shadow?.activeElement;
    if (!inner) return active === page.body ? null : active;
    active = inner;
  }
}

/** Whether it, or something in it, has a box and is neither hidden nor transparent. */
export function isShown(element: Element): boolean {
  if (isRendered(element)) return true;
  if (styleOf(element).display !== "contents") return false;
  const parent = parentOf(element);
  return !(parent instanceof Element) || isShown(parent);
}

/** The boxes of an element: its own, or, if that is empty, those of its content. */
export function boxesIn(element: Element): DOMRect[] {
  if (element instanceof HTMLAreaElement) {
    const box = boxOfArea(element);
    return box ? [box] : [];
  }
  const boxes = sizeable(boxesOf(element));
  if (boxes.length > 0 || childNodesOf(element).length === 0) return boxes;
  const range = new Range();
  range.selectNodeContents(element);
  return sizeable(range.getClientRects());
}

function sizeable(rects: DOMRectList): DOMRect[] {
  const boxes: DOMRect[] = [];
  for (const rect of rects) if (rect.width >= 1 && rect.height >= 1) boxes.push(rect);
  return boxes;
}
