/**
 * @file Reductions and softmax, and their gradients. ȳ is ∂L/∂y.
 */

import { mul, sub } from "./elementwise.ts";
import { reduce, reduceSum, type ReduceOptions } from "./layout.ts";
import type { Value } from "./value.ts";

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
