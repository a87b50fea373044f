/** @file Where the document in a frame is drawn. */

import { boxOf, clientHeightOf, clientLeftOf, clientTopOf, clientWidthOf, offsetWidthOf } from "./native.ts";
import type { Edges } from "./geometry.ts";
import { styleOf } from "./tree.ts";

/** The content box of a frame's element, in pixels of the viewport that it is in: what scales the element scales it. */
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
