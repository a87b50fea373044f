/**
 * @file Reductions and softmax, and their gradients. ȳ is ∂L/∂y.
 */

import { exp, mul, scale, sub } from "./elementwise.ts";
import { expand, reshape } from "./layout.ts";
import { normalizeAxis, ShapeError, type Shape, type Value } from "./value.ts";

interface ReduceOptions {
  /** Default true: reduced axes stay with size 1. */
  keepDims?: boolean;
}

function reducedShape(op: string, shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const reduced = new Set(axes.map((axis) => normalizeAxis(op, shape, axis)));
  return shape.flatMap((dim, axis) => (reduced.has(axis) ? (keepDims ? [1] : []) : [dim]));
}

function reduce(
  op: string,
  x: Value,
  axes: readonly number[],
  keepDims: boolean,
  rule: ((dy: Value) => Value) | null,
) {
  const kept = reducedShape(op, x.shape, axes, true);
  const shape = reducedShape(op, x.shape, axes, keepDims);
  return x.graph.apply(
    {
      op,
      inputs: [x, x.graph.int64s(axes)],
      outputs: [{ type: x.type, shape }],
      attributes: { keepdims: { int: keepDims ? 1 : 0 } },
    },
    rule ? (dy) => [() => expand(rule(reshape(dy, kept)), x.shape), null] : null,
  );
}

/** y = Σ x over `axes`; x̄ = ȳ, stretched. */
export const reduceSum = (
  x: Value,
  axes: readonly number[],
  { keepDims = true }: ReduceOptions = {},
): Value => (axes.length === 0 ? x : reduce("ReduceSum", x, axes, keepDims, (dy) => dy));

/** y = mean of x over `axes`; x̄ = ȳ/n, stretched. The axes must have known sizes. */
export function reduceMean(
  x: Value,
  axes: readonly number[],
  { keepDims = true }: ReduceOptions = {},
): Value {
  const count = axes.reduce((product, axis) => {
    const dim = x.shape[normalizeAxis("ReduceMean", x.shape, axis)]!;
    if (typeof dim !== "number") throw new ShapeError("ReduceMean", [x.shape], `has a symbolic axis ${axis}`);
    return product * dim;
  }, 1);
  return reduce("ReduceMean", x, axes, keepDims, (dy) => scale(dy, 1 / count));
}

/** y = max x over `axes`, without a gradient. */
export const reduceMax = (
  x: Value,
  axes: readonly number[],
  { keepDims = true }: ReduceOptions = {},
): Value => reduce("ReduceMax", x, axes, keepDims, null);

const lastAxis = { axis: { int: -1 } };

/** y = softmax x over the last axis; x̄ = y·(ȳ − Σ ȳ·y). */
export function softmax(x: Value): Value {
  return x.graph.apply(
    { op: "Softmax", inputs: [x], outputs: [{ type: x.type, shape: x.shape }], attributes: lastAxis },
    (dy, y) => [() => mul(y, sub(dy, reduceSum(mul(dy, y), [-1])))],
  );
}

/** y = x − ln Σ eˣ over the last axis; x̄ = ȳ − eʸ·Σ ȳ. */
export function logSoftmax(x: Value): Value {
  return x.graph.apply(
    { op: "LogSoftmax", inputs: [x], outputs: [{ type: x.type, shape: x.shape }], attributes: lastAxis },
    (dy, y) => [() => sub(dy, mul(exp(y), reduceSum(dy, [-1])))],
  );
}
