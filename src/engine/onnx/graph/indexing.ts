/**
 * @file Operators that pick rows or elements by index, and those that make indices. ȳ is ∂L/∂y.
 */

import { cast } from "./elementwise.ts";
import { expand, reshape, zeros } from "./layout.ts";
import { sameShape, ShapeError, type Dim, type Shape, type Value } from "./value.ts";

/** Ones of x's shape. */
export function ones(x: Value): Value {
  return expand(x.graph.scalar(1), x.shape);
}

/**
 * y = x[indices] along axis 0, indices int32 or int64 of any shape; x̄ collects ȳ at the indices. `unique` promises
 * that no index comes twice, so that x̄ can be written in parallel.
 */
export function gatherRows(x: Value, indices: Value, options: { unique?: boolean } = {}): Value {
  if (x.shape.length < 1) throw new ShapeError("Gather", [x.shape, indices.shape], "has no rows");
  return x.graph.apply(
    {
      op: "Gather",
      inputs: [x, indices],
      outputs: [{ type: x.type, shape: [...indices.shape, ...x.shape.slice(1)] }],
      attributes: { axis: { int: 0 } },
    },
    (dy) => [
      () => (options.unique ? placeRows(x, indices, dy) : scatterAddRows(zeros(x, x.shape), indices, dy)),
      null,
    ],
  );
}

/** Zeros of x's shape with `rows[n]` at row `indices[n]`, indices [N] without repetition. No gradient. */
function placeRows(x: Value, indices: Value, rows: Value): Value {
  const at = reshape(cast(indices, "int64"), [indices.shape[0]!, 1]);
  return x.graph.apply(
    { op: "ScatterND", inputs: [zeros(x, x.shape), at, rows], outputs: [{ type: x.type, shape: x.shape }] },
    null,
  );
}

/** y = x with `updates[n]` added to row `indices[n]`; x̄ = ȳ, updates' gradient is ȳ[indices]. */
export function scatterAddRows(x: Value, indices: Value, updates: Value): Value {
  const expected = [...indices.shape, ...x.shape.slice(1)];
  if (!sameShape(updates.shape, expected))
    throw new ShapeError(
      "ScatterElements",
      [x.shape, updates.shape],
      `do not fit indices ${indices.shape.join("×")}`,
    );
  // ScatterND would take the indices as they are, but its CPU kernel adds in parallel without locks.
  const flat = indices.shape.length === 1 ? indices : reshape(indices, [flatDim(indices)]);
  const rows: Shape = [flat.shape[0]!, ...x.shape.slice(1)];
  const spread = expand(reshape(flat, [flat.shape[0]!, ...x.shape.slice(1).map(() => 1)]), rows);
  const flatUpdates = reshape(updates, rows);
  return x.graph.apply(
    {
      op: "ScatterElements",
      inputs: [x, spread, flatUpdates],
      outputs: [{ type: x.type, shape: x.shape }],
      attributes: { axis: { int: 0 }, reduction: { string: "add" } },
    },
    (dy) => [() => dy, null, () => reshape(gatherRows(dy, indices), rows)],
  );
}

function flatDim(x: Value): Dim {
  if (x.shape.every((dim) => typeof dim === "number"))
    return x.shape.reduce((p: number, d) => p * (d as number), 1);
  const name = x.shape.join("·");
  x.graph.relate(name, x.shape);
  return name;
}

/** y[n] = x[i[n, 0], i[n, 1], …] with int64 indices [N, rank]. No gradient. */
export function gatherND(x: Value, indices: Value): Value {
  const depth = indices.shape.at(-1);
  if (depth !== x.shape.length) throw new ShapeError("GatherND", [x.shape, indices.shape], "differ in depth");
  return x.graph.apply(
    { op: "GatherND", inputs: [x, indices], outputs: [{ type: x.type, shape: indices.shape.slice(0, -1) }] },
    null,
  );
}

/** 0, 1, …, n−1 as int64, where n is the size of `dim`. */
export function range(like: Value, dim: Dim): Value {
  const g = like.graph;
  const zero = g.constant(BigInt64Array.of(0n), []);
  const one = g.constant(BigInt64Array.of(1n), []);
  const limit = reshape(g.dimValue(dim), []);
  return g.apply(
    { op: "Range", inputs: [zero, limit, one], outputs: [{ type: "int64", shape: [dim] }] },
    null,
  );
}
