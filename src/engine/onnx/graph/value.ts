/**
 * @file Values of a graph: element types, shapes with symbolic dimensions, and the rules that shapes obey.
 *
 * A dimension is a number, or a name that stands for the same unknown number wherever it appears in a graph.
 */

import type { Graph } from "./graph.ts";

export type ElementType = "float32" | "float16" | "int32" | "int64" | "bool";
export type Dim = number | string;
export type Shape = readonly Dim[];

/** A tensor that a graph will compute. Made only by a {@link Graph} and by the operators. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** `TensorProto.DataType`. */
export const dataTypeId: Record<ElementType, number> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
};

/** A shape that an operator cannot take. Thrown while a graph is built, never while it runs. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  constructor(op: string, shapes: readonly Shape[], why: string) {
    super(`${op}: ${shapes.map(printShape).join(" and ")} ${why}`);
  }
}

const printShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

/** Axis counted from the front; throws where it does not exist. */
export function normalizeAxis(op: string, shape: Shape, axis: number): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= shape.length)
    throw new ShapeError(op, [shape], `has no axis ${axis}`);
  return positive;
}

/** NumPy broadcasting: axes are aligned at the end, and 1 stretches. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new ShapeError(op, [a, b], "do not broadcast together");
  });
}

/** The type that both have. */
export function sameType(op: string, ...values: readonly Value[]): ElementType {
  const [first, ...rest] = values;
  for (const value of rest)
    if (value.type !== first!.type)
      throw new TypeError(
        `${op}: element types differ: ${values.map((v) => `${v.name} ${v.type} ${printShape(v.shape)}`).join(", ")}`,
      );
  return first!.type;
}
