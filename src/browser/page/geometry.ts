/** @file Boxes in viewport pixels. */

/** Left, top, right, bottom in viewport pixels. */
export type Edges = [left: number, top: number, right: number, bottom: number];

export const edges = (rect: DOMRect): Edges => [rect.left, rect.top, rect.right, rect.bottom];

export const intersect = (a: Edges, b: Edges): Edges => [
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.min(a[3], b[3]),
];

/** The smallest box around both; `null` stands for no box. */
export const unite = (a: Edges | null, b: Edges): Edges =>
  a ? [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] : b;
