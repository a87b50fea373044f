/**
 * @file Reductions and softmax, and their gradients. ȳ is ∂L/∂y.
 */

import { exp, mul, scale, sub } from "./elementwise.ts";
import { reduce, reduceSum, type ReduceOptions } from "./layout.ts";
import { normalizeAxis, ShapeError, type Value } from "./value.ts";

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
