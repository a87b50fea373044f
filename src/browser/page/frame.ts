/** @file Where the document in a frame is drawn. */

import {
  boxOf,
  clientHeightOf,
  clientLeftOf,
  clientTopOf,
  clientWidthOf,
  offsetWidthOf,
  tagOf,
} from "./native.ts";
import type { Edges } from "./geometry.ts";
import { styleOf } from "./tree.ts";

const isWindow = (window: Window, element: Element): boolean => {
  try {
    return window.frameElement === element;
  } catch {
    // Of another origin.
    return false;
  }
};

/** It shows a document. */
export function isFrame(element: Element): boolean {
  const tag = tagOf(element);
  if (tag === "iframe" || tag === "frame") return true;
  if (element instanceof HTMLObjectElement) return element.contentWindow !== null;
  // The only way to learn about its document; if that is of another origin, there is none.
  return (
    tag === "embed" &&
    Array.from({ length: frames.length }, (_, i) => frames[i]!).some((one) => isWindow(one, element))
  );
}

/** The content box of a frame's element, in pixels of the viewport that it is in, so scaled as the element is. */
export function frameBox(element: Element): Edges {
  const box = boxOf(element);
  const width = offsetWidthOf(element);
  const scale = width > 0 ? box.width / width : 1;
  const style = styleOf(element);
  const padding = (side: string) => parseFloat(style.getPropertyValue(`padding-${side}`)) || 0;
  const left = box.left + (clientLeftOf(element) + padding("left")) * scale;
  const top = box.top + (clientTopOf(element) + padding("top")) * scale;
  return [
    left,
    top,
    left + (clientWidthOf(element) - padding("left") - padding("right")) * scale,
    top + (clientHeightOf(element) - padding("top") - padding("bottom")) * scale,
  ];
}
