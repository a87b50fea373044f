/**
 * @file Operators that move elements without changing them: reshape, transpose, concat, split, slice, expand, and the
 * sum, which is expand's gradient. Their gradients move them back. ȳ is ∂L/∂y.
 */

import {
  broadcastShapes,
  normalizeAxis,
  sameShape,
  sameType,
  ShapeError,
  type Dim,
  type Shape,
  type Value,
} from "./value.ts";

/** y = x in another shape of the same size; x̄ = ȳ in x's shape. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const [from, to] = [x.graph.sizeOf(x.shape), x.graph.sizeOf(shape)];
  if (from.coefficient !== to.coefficient || from.symbols !== to.symbols)
    throw new ShapeError("Reshape", [x.shape, shape], "differ in size");
  const unknown = shape.filter((dim) => typeof dim === "string").length;
  const target =
    unknown <= 1
      ? x.graph.int64s(shape.map((dim) => (typeof dim === "number" ? dim : -1)))
      : x.graph.shapeValue(shape);
  return x.graph.apply({ op: "Reshape", inputs: [x, target], outputs: [{ type: x.type, shape }] }, (dy) => [
    () => reshape(dy, x.shape),
    null,
  ]);
}

/** y[i_perm] = x[i]; x̄ is ȳ with the inverse permutation. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  if (
    permutation.toSorted((a, b) => a - b).some((axis, i) => axis !== i) ||
    permutation.length !== x.shape.length
  )
    throw new ShapeError("Transpose", [x.shape, permutation], "is not permuted by the second");
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return x.graph.apply(
    {
      op: "Transpose",
      inputs: [x],
      outputs: [{ type: x.type, shape: permutation.map((axis) => x.shape[axis]!) }],
      attributes: { perm: { ints: permutation } },
    },
    (dy) => [() => transpose(dy, inverse)],
  );
}

/**
 * y is `values` one after the other along `axis`; each gets its part of ȳ. The new dimension's name is
 * `dim`, or the sum of the parts.
 */
export function concat(values: readonly Value[], axis: number, dim?: Dim): Value {
  const first = values[0]!;
  if (values.length === 1) return first;
  const at = normalizeAxis("Concat", first.shape, axis);
  const type = sameType("Concat", ...values);
  for (const value of values)
    if (
      value.shape.length !== first.shape.length ||
      value.shape.some((d, i) => i !== at && d !== first.shape[i])
    )
      throw new ShapeError("Concat", [first.shape, value.shape], `differ outside axis ${axis}`);
  const parts = values.map((value) => value.shape[at]!);
  const total = dim ?? sumDims(parts);
  return first.graph.apply(
    {
      op: "Concat",
      inputs: values,
      outputs: [{ type, shape: first.shape.with(at, total) }],
      attributes: { axis: { int: at } },
    },
    (dy) => {
      let shares: Value[] | undefined;
      return values.map((_, i) => () => (shares ??= split(dy, at, parts))[i]!);
    },
  );
}

const sumDims = (dims: readonly Dim[]): Dim =>
  dims.every((dim) => typeof dim === "number") ? dims.reduce((a, b) => a + b, 0) : dims.join("+");

/** x cut along `axis` into parts of the given sizes; x̄ is the parts' gradients one after the other. */
export function split(x: Value, axis: number, parts: readonly Dim[]): Value[] {
  const at = normalizeAxis("Split", x.shape, axis);
  const whole = x.shape[at]!;
  if (typeof whole === "number" && sumDims(parts) !== whole)
    throw new ShapeError("Split", [x.shape, parts], `differ in size along axis ${axis}`);
  return tapedSplit(x, at, parts, x.graph.shapeValue(parts));
}

/**
 * x cut along `axis` into `count` equal parts. A symbolic dimension `T` gives parts named `T/count`; it must be a
 * multiple of `count` when the graph runs.
 */
export function splitEqual(x: Value, axis: number, count: number): Value[] {
  if (count === 1) return [x];
  const at = normalizeAxis("Split", x.shape, axis);
  const whole = x.shape[at]!;
  if (typeof whole === "number" && whole % count !== 0)
    throw new ShapeError("Split", [x.shape, [count]], `do not divide along axis ${axis}`);
  const part = typeof whole === "number" ? whole / count : `${whole}/${count}`;
  return tapedSplit(x, at, Array<Dim>(count).fill(part), null);
}

function tapedSplit(x: Value, at: number, parts: readonly Dim[], sizes: Value | null): Value[] {
  return x.graph.fused(
    [x],
    () =>
      x.graph.emit({
        op: "Split",
        inputs: sizes ? [x, sizes] : [x],
        outputs: parts.map((dim) => ({ type: x.type, shape: x.shape.with(at, dim) })),
        attributes: { axis: { int: at }, ...(sizes ? {} : { num_outputs: { int: parts.length } }) },
      }),
    (dys) => [
      () =>
        concat(
          dys.map((dy, i) => dy ?? zeros(x, x.shape.with(at, parts[i]!))),
          at,
          x.shape[at],
        ),
    ],
  );
}

/** Zeros of x's type. */
export function zeros(x: Value, shape: Shape): Value {
  return x.graph.pauseTape(() => expand(x.graph.scalar(0), shape));
}

/** y = x[start:end] along `axis`, with known bounds; x̄ is ȳ with zeros around it. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const at = normalizeAxis("Slice", x.shape, axis);
  const whole = x.shape[at]!;
  if (typeof whole === "number" && !(0 <= start && start < end && end <= whole))
    throw new ShapeError("Slice", [x.shape, [start, end]], `does not contain this range of axis ${axis}`);
  return sliceAt(x, at, x.graph.int64s([start]), x.graph.int64s([end]), end - start, (dy) => {
    if (typeof whole !== "number")
      throw new ShapeError("Slice", [x.shape], `is symbolic on axis ${axis}: no gradient`);
    const before = start > 0 ? [zeros(x, x.shape.with(at, start))] : [];
    const after = end < whole ? [zeros(x, x.shape.with(at, whole - end))] : [];
    return concat([...before, dy, ...after], at);
  });
}

/** y = x[start:end] along `axis`, bounds computed by the graph ([1] int64), size named `dim`. No gradient. */
export function sliceDynamic(x: Value, axis: number, start: Value, end: Value, dim: Dim): Value {
  return sliceAt(x, normalizeAxis("Slice", x.shape, axis), start, end, dim, null);
}

function sliceAt(
  x: Value,
  at: number,
  start: Value,
  end: Value,
  dim: Dim,
  rule: ((dy: Value) => Value) | null,
): Value {
  return x.graph.apply(
    {
      op: "Slice",
      inputs: [x, start, end, x.graph.int64s([at])],
      outputs: [{ type: x.type, shape: x.shape.with(at, dim) }],
    },
    rule ? (dy) => [() => rule(dy), null, null, null] : null,
  );
}

/** y = x stretched to `shape`; x̄ = ȳ summed over the stretched axes. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("Expand", x.shape, shape), shape))
    throw new ShapeError("Expand", [x.shape, shape], "cannot be stretched to the second");
  return x.graph.apply(
    { op: "Expand", inputs: [x, x.graph.shapeValue(shape)], outputs: [{ type: x.type, shape }] },
    (dy) => [() => sumTo(dy, x.shape), null],
  );
}

export interface ReduceOptions {
  /** Default true: reduced axes stay with size 1. */
  keepDims?: boolean;
}

function reducedShape(op: string, shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const reduced = new Set(axes.map((axis) => normalizeAxis(op, shape, axis)));
  return shape.flatMap((dim, axis) => (reduced.has(axis) ? (keepDims ? [1] : []) : [dim]));
}

/** A reduction; `rule` gives ∂L/∂x from ȳ with the reduced axes kept, before it is stretched. */
export function reduce(
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

/** Sums a gradient over the axes along which its value was stretched. */
export function sumTo(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const extra = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((dim, axis) =>
    axis < extra || dim !== shape[axis - extra] ? [axis] : [],
  );
  return reshape(reduceSum(gradient, axes, { keepDims: false }), shape);
}
