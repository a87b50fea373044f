/**
 * @file Elementwise operators with NumPy broadcasting, and their gradients. ȳ is ∂L/∂y.
 */

import { sumTo } from "./layout.ts";
import { broadcastShapes, sameType, type ElementType, type Value } from "./value.ts";

function binary(
  op: string,
  a: Value,
  b: Value,
  rule: (dy: Value, y: Value) => [() => Value, () => Value],
): Value {
  const type = sameType(op, a, b);
  return a.graph.apply(
    { op, inputs: [a, b], outputs: [{ type, shape: broadcastShapes(op, a.shape, b.shape) }] },
    (dy, y) => {
      const [da, db] = rule(dy, y);
      return [() => sumTo(da(), a.shape), () => sumTo(db(), b.shape)];
    },
  );
}

function unary(op: string, x: Value, rule: (dy: Value, y: Value) => Value): Value {
  return x.graph.apply({ op, inputs: [x], outputs: [{ type: x.type, shape: x.shape }] }, (dy, y) => [
    () => rule(dy, y),
  ]);
}

/** y = a + b; ā = ȳ, b̄ = ȳ. */
export const add = (a: Value, b: Value): Value => binary("Add", a, b, (dy) => [() => dy, () => dy]);

/** y = a − b; ā = ȳ, b̄ = −ȳ. */
export const sub = (a: Value, b: Value): Value => binary("Sub", a, b, (dy) => [() => dy, () => neg(dy)]);

/** y = a·b; ā = ȳ·b, b̄ = ȳ·a. */
export const mul = (a: Value, b: Value): Value =>
  binary("Mul", a, b, (dy) => [() => mul(dy, b), () => mul(dy, a)]);

/** y = a/b; ā = ȳ/b, b̄ = −ȳ·y/b. */
export const div = (a: Value, b: Value): Value =>
  binary("Div", a, b, (dy, y) => [() => div(dy, b), () => neg(div(mul(dy, y), b))]);

/** y = −x; x̄ = −ȳ. */
export const neg = (x: Value): Value => unary("Neg", x, (dy) => neg(dy));

/** y = eˣ; x̄ = ȳ·y. */
export const exp = (x: Value): Value => unary("Exp", x, (dy, y) => mul(dy, y));

/** y = ln x; x̄ = ȳ/x. */
export const log = (x: Value): Value => unary("Log", x, (dy) => div(dy, x));

/** y = √x; x̄ = ȳ/(2y). */
export const sqrt = (x: Value): Value => unary("Sqrt", x, (dy, y) => div(scale(dy, 0.5), y));

/** y = 1/x; x̄ = −ȳ·y². */
export const reciprocal = (x: Value): Value => unary("Reciprocal", x, (dy, y) => neg(mul(dy, mul(y, y))));

/** y = 1/(1+e⁻ˣ); x̄ = ȳ·y·(1−y). */
export const sigmoid = (x: Value): Value =>
  unary("Sigmoid", x, (dy, y) => mul(dy, mul(y, sub(x.graph.scalar(1), y))));

/** y = c·x for a constant c; x̄ = c·ȳ. */
export const scale = (x: Value, factor: number): Value => (factor === 1 ? x : mul(x, x.graph.scalar(factor)));

/** y = where(c, a, b); ā = where(c, ȳ, 0), b̄ = where(c, 0, ȳ). */
export function where(condition: Value, a: Value, b: Value): Value {
  const type = sameType("Where", a, b);
  const shape = broadcastShapes("Where", condition.shape, broadcastShapes("Where", a.shape, b.shape));
  const zero = () => a.graph.scalar(0);
  return a.graph.apply({ op: "Where", inputs: [condition, a, b], outputs: [{ type, shape }] }, (dy) => [
    null,
    () => sumTo(where(condition, dy, zero()), a.shape),
    () => sumTo(where(condition, zero(), dy), b.shape),
  ]);
}

/** Comparison without a gradient: a ≤ b, a bool tensor. */
export function lessOrEqual(a: Value, b: Value): Value {
  const op = "LessOrEqual";
  sameType(op, a, b);
  const shape = broadcastShapes(op, a.shape, b.shape);
  return a.graph.apply({ op, inputs: [a, b], outputs: [{ type: "bool", shape }] }, null);
}

/** Element type conversion; between floating-point types x̄ = cast(ȳ). */
export function cast(x: Value, type: ElementType): Value {
  if (x.type === type) return x;
  const ids = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 };
  const floats = x.type.startsWith("float") && type.startsWith("float");
  return x.graph.apply(
    { op: "Cast", inputs: [x], outputs: [{ type, shape: x.shape }], attributes: { to: { int: ids[type] } } },
    floats ? (dy) => [() => cast(dy, x.type)] : null,
  );
}
