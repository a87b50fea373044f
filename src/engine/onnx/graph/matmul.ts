/**
 * @file Matrix products. `FusedMatMul` (com.microsoft) reads its operands transposed, which saves every
 * transposition of a backward pass.
 */

import { reshape, sumTo, transpose } from "./layout.ts";
import { broadcastShapes, sameType, ShapeError, type Shape, type Value } from "./value.ts";

export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
  /** Factor of the product, default 1. */
  alpha?: number;
}

/**
 * y = α·op(a)·op(b) over the last two axes, leading axes broadcast; op transposes where asked.
 * ā = α·ȳ·op(b)ᵀ and b̄ = α·op(a)ᵀ·ȳ, transposed again where the operand was.
 */
export function matmul(a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const type = sameType("MatMul", a, b);
  const shape = productShape(a.shape, b.shape, transposeA, transposeB);
  const plain = !transposeA && !transposeB && alpha === 1;
  return a.graph.apply(
    plain
      ? { op: "MatMul", inputs: [a, b], outputs: [{ type, shape }] }
      : {
          op: "FusedMatMul",
          domain: "com.microsoft",
          inputs: [a, b],
          outputs: [{ type, shape }],
          attributes: {
            transA: { int: transposeA ? 1 : 0 },
            transB: { int: transposeB ? 1 : 0 },
            alpha: { float: alpha },
          },
        },
    (dy) => [
      () =>
        sumTo(
          transposeA
            ? matmul(b, dy, { transposeA: transposeB, transposeB: true, alpha })
            : matmul(dy, b, { transposeB: !transposeB, alpha }),
          a.shape,
        ),
      () => {
        // A weight used by all leading axes: one product over the flattened rows instead of a sum of products.
        const flat = b.shape.length === 2 && a.shape.length > 2 && !transposeA;
        const [x, d] = flat ? [rows(a), rows(dy)] : [a, dy];
        return sumTo(
          transposeB
            ? transposeA
              ? matmul(d, x, { transposeA: true, transposeB: true, alpha })
              : contractRows(d, x, alpha)
            : transposeA
              ? matmul(x, d, { alpha })
              : contractRows(x, d, alpha),
          b.shape,
        );
      },
    ],
  );
}

/**
 * α·aᵀ·b, summed over rows, as the gradients of weights and keys are. ONNX Runtime's CPU kernel is half as fast with a
 * transposed first operand, so the narrower operand is transposed beforehand (once, however many products it
 * meets), and the result afterwards where that was b.
 */
export function contractRows(a: Value, b: Value, alpha = 1): Value {
  const [widthA, widthB] = [a.shape.at(-1)!, b.shape.at(-1)!];
  const narrowB = typeof widthB === "number" && (typeof widthA !== "number" || widthB <= widthA);
  return narrowB ? swapLast(matmul(swapLast(b), a, { alpha })) : matmul(swapLast(a), b, { alpha });
}

const swapped = new WeakMap<Value, Value>();

/** The last two axes exchanged; the same value for the same operand. No gradient. */
function swapLast(x: Value): Value {
  let result = swapped.get(x);
  if (!result) {
    const rank = x.shape.length;
    const permutation = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
    result = x.graph.pauseTape(() => transpose(x, permutation));
    swapped.set(x, result);
  }
  return result;
}

function productShape(a: Shape, b: Shape, transposeA: boolean, transposeB: boolean): Shape {
  if (a.length < 2 || b.length < 2) throw new ShapeError("MatMul", [a, b], "need at least two axes each");
  const [m, k] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [k2, n] = transposeB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  const how = `(${transposeA ? "aᵀ" : "a"}·${transposeB ? "bᵀ" : "b"})`;
  if (k !== k2) throw new ShapeError("MatMul", [a, b], `differ in the summed axis ${how}: ${k} and ${k2}`);
  return [...broadcastShapes("MatMul", a.slice(0, -2), b.slice(0, -2)), m, n];
}

/** All leading axes as one. */
function rows(x: Value): Value {
  const leading = x.shape.slice(0, -1);
  const known = leading.every((dim) => typeof dim === "number");
  const name = known ? leading.reduce((p: number, d) => p * (d as number), 1) : leading.join("·");
  if (typeof name === "string" && leading.length > 1) x.graph.relate(name, leading);
  return reshape(x, [name, x.shape.at(-1)!]);
}

/**
 * y = a·op(b) + c for matrices, `c` of y's shape: a product added onto what is already there (a residual, a sum of
 * gradients) without a pass of its own. ā, b̄ as in {@link matmul}; c̄ = ȳ.
 */
export function matmulAdd(
  a: Value,
  b: Value,
  c: Value,
  options: { transposeA?: boolean; transposeB?: boolean } = {},
): Value {
  const { transposeA = false, transposeB = false } = options;
  const type = sameType("Gemm", a, b, c);
  if (a.shape.length !== 2 || b.shape.length !== 2)
    throw new ShapeError("Gemm", [a.shape, b.shape], "need two axes each");
  const shape = productShape(a.shape, b.shape, transposeA, transposeB);
  broadcastShapes("Gemm", shape, c.shape);
  return a.graph.apply(
    {
      op: "Gemm",
      inputs: [a, b, c],
      outputs: [{ type, shape }],
      attributes: { transA: { int: transposeA ? 1 : 0 }, transB: { int: transposeB ? 1 : 0 } },
    },
    (dy) => [
      () =>
        transposeA
          ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
          : matmul(dy, b, { transposeB: !transposeB }),
      () =>
        transposeB
          ? transposeA
            ? matmul(dy, a, { transposeA: true, transposeB: true })
            : contractRows(dy, a)
          : transposeA
            ? matmul(a, dy)
            : contractRows(a, dy),
      () => sumTo(dy, c.shape),
    ],
  );
}
