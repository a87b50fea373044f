/** @file Where an area of an image map is: the browser lays out only the picture. */

import { attributeOf, boxOf, closestOf, isRendered, page } from "./native.ts";

/** The picture that an area belongs to, if it is shown. */
export function pictureOf(area: HTMLAreaElement): HTMLImageElement | null {
  const map = closestOf(area, "map");
  const name = map && (attributeOf(map, "name") ?? attributeOf(map, "id"));
  const image = name ? page.find(`img[usemap="#${CSS.escape(name)}" i]`) : null;
  return image instanceof HTMLImageElement && isRendered(image) ? image : null;
}

/** Its box. A circle or polygon counts as the box around its middle that surrounds it. */
export function boxOfArea(area: HTMLAreaElement): DOMRect | null {
  const image = pictureOf(area);
  if (!image) return null;
  const { left, top, width, height } = boxOf(image);
  const numbers = (attributeOf(area, "coords") ?? "").split(/[\s,]+/).map(Number);
  const [x = 0, y = 0, radius = 0] = numbers;
  const shape = (attributeOf(area, "shape") ?? "rect").toLowerCase();
  if (shape === "default") return new DOMRect(left, top, width, height);
  if (numbers.some(Number.isNaN)) return null;
  if (shape.startsWith("circ"))
    return new DOMRect(left + x - radius, top + y - radius, 2 * radius, 2 * radius);
  const along = numbers.filter((_, i) => i % 2 === 0);
  const down = numbers.filter((_, i) => i % 2 === 1);
  const [from, to] = [Math.min(...along), Math.min(...down)];
  return new DOMRect(left + from, top + to, Math.max(...along) - from, Math.max(...down) - to);
}
