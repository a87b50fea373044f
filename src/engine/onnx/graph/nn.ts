/**
 * @file The larger operators of language models, each one node or a few with a gradient rule of its own that reads
 * and writes as little memory as it can. ȳ is ∂L/∂y.
 */

import { invariant } from "../../../core/errors.ts";
import { add, cast, log, mul, reciprocal, scale, sqrt, sub } from "./elementwise.ts";
import { gatherND, gatherRows, scatterAddRows } from "./indexing.ts";
import { contractRows, matmul } from "./matmul.ts";
import { reduceMax } from "./reduction.ts";
import { concat, reduceSum, reshape, sumTo, zeros } from "./layout.ts";
import { sameType, ShapeError, type Dim, type Value } from "./value.ts";

function lazy<T>(compute: () => T): () => T {
  let value: { of: T } | undefined;
  return () => (value ??= { of: compute() }).of;
}

/**
 * RMS normalisation over the last axis (Zhang & Sennrich 2019): with r = (mean x² + ε)^(−½), n = x·r:
 * y = n·w;  w̄ = Σ_rows ȳ·n,  x̄ = r·(ȳ·w − n·mean(ȳ·w·n)).
 */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  const size = x.shape.at(-1);
  if (typeof size !== "number" || weight.shape.length !== 1 || weight.shape[0] !== size)
    throw new ShapeError("SimplifiedLayerNormalization", [x.shape, weight.shape], "differ in the last axis");
  const type = sameType("SimplifiedLayerNormalization", x, weight);
  const g = x.graph;
  let inverse: Value;
  const [y]: readonly [Value] = g.fused(
    [x, weight],
    () => {
      const [out, r] = g.emit({
        op: "SimplifiedLayerNormalization",
        inputs: [x, weight],
        outputs: [
          { type, shape: x.shape },
          ...(g.portable ? [] : [{ type: "float32" as const, shape: x.shape.with(-1, 1) }]),
        ],
        attributes: { axis: { int: -1 }, epsilon: { float: epsilon }, stash_type: { int: 1 } },
      });
      // WebGPU's kernel (1.30) gives a second output that lacks the inverse, so it is computed here. Delete this when
      // the kernel gives it.
      inverse = g.portable ? inverseRms(x, size, epsilon) : r!;
      return [out!] as const;
    },
    ([dy]): (() => Value)[] => {
      const normalized = lazy((): Value => mul(x, inverse));
      const product = lazy((): Value => mul(dy!, normalized()));
      return [
        () => {
          // mean(ȳ·w·n) = (ȳ·n)·w / size, a matrix-vector product instead of two more passes.
          const mean: Value = matmul(product(), reshape(weight, [size, 1]), { alpha: 1 / size });
          return mul(sub(mul(dy!, weight), mul(normalized(), mean)), inverse);
        },
        () => sumTo(product(), weight.shape),
      ];
    },
  );
  return y;
}

/** (mean x² + ε)^(−½) over the last axis. */
function inverseRms(x: Value, size: number, epsilon: number): Value {
  const squares = scale(reduceSum(mul(x, x), [-1]), 1 / size);
  return reciprocal(sqrt(add(squares, x.graph.scalar(epsilon))));
}

/** y = x·σ(x); x̄ = ȳ·(s + y·(1−s)) with s = σ(x). */
export function silu(x: Value): Value {
  const g = x.graph;
  let s: Value;
  const [y]: readonly [Value] = g.fused(
    [x],
    () => {
      [s] = g.emit({ op: "Sigmoid", inputs: [x], outputs: [{ type: x.type, shape: x.shape }] }) as [Value];
      return [mul(x, s)] as const;
    },
    ([dy]): (() => Value)[] => [() => mul(dy!, add(s, mul(y, sub(g.scalar(1), s))))],
  );
  return y;
}

export interface RotaryOptions {
  heads: number;
  /** Leading dimensions of a head that are turned; the rest pass unchanged. */
  rotaryDim: number;
  /** Pairs are neighbours (GLM) instead of halves (Llama, Qwen). */
  interleaved: boolean;
}

/**
 * Rotary position embedding (Su et al. 2021): every pair (a, b) of a head is turned by its position's angle θ:
 * (a·cos θ − b·sin θ, a·sin θ + b·cos θ); x̄ is ȳ turned by −θ.
 * `x` [B, T, heads·D] or [B, heads, T, D]; `positions` int64 [B, T]; `cos`, `sin` [positions, rotaryDim/2].
 */
export function rotary(x: Value, positions: Value, cos: Value, sin: Value, options: RotaryOptions): Value {
  const { heads, rotaryDim, interleaved } = options;
  const headDim = x.shape.length === 4 ? x.shape[3]! : Number(x.shape[2]) / heads;
  if (x.shape.length < 3 || x.shape.length > 4 || (x.shape.length === 4 && x.shape[1] !== heads))
    throw new ShapeError("RotaryEmbedding", [x.shape, [heads]], "is not [B, T, heads·D] or [B, heads, T, D]");
  if (cos.shape[1] !== rotaryDim / 2 || sin.shape[1] !== rotaryDim / 2 || Number(headDim) < rotaryDim)
    throw new ShapeError(
      "RotaryEmbedding",
      [x.shape, cos.shape],
      `do not fit ${rotaryDim} turned dimensions`,
    );
  const turn = (value: Value, sine: Value): Value => {
    const partial = headDim !== rotaryDim;
    const [out] = x.graph.emit({
      op: "RotaryEmbedding",
      domain: "com.microsoft",
      inputs: [value, positions, cos, sine],
      outputs: [{ type: x.type, shape: x.shape }],
      attributes: {
        interleaved: { int: interleaved ? 1 : 0 },
        num_heads: { int: heads },
        ...(partial ? { rotary_embedding_dim: { int: rotaryDim } } : {}),
      },
    });
    return out!;
  };
  const negative = lazy(() => {
    const [out] = x.graph.emit({ op: "Neg", inputs: [sin], outputs: [{ type: sin.type, shape: sin.shape }] });
    return out!;
  });
  const [y] = x.graph.fused(
    [x],
    () => [turn(x, sin)] as const,
    ([dy]) => [() => turn(dy!, negative())],
  );
  return y;
}

/**
 * Scaled dot-product attention of one block of queries: S = α·q·kᵀ + mask, P = softmax S, o = P·v.
 * With D = Σ_features ō·o:  v̄ = Pᵀ·ō,  S̄ = P·(ō·vᵀ − D),  q̄ = α·S̄·k,  k̄ = α·S̄ᵀ·q.
 * (D replaces the row sums of P·P̄, as in FlashAttention, Dao et al. 2022: it is T/headDim times smaller.)
 * `q` [..., Tq, D], `k` and `v` [..., Tk, D], leading axes broadcast; `mask` is added to the scores.
 */
export function attention(q: Value, k: Value, v: Value, mask: Value | null, alpha: number): Value {
  const g = q.graph;
  let p: Value;
  const [o]: readonly [Value] = g.fused(
    [q, k, v],
    () => {
      const scores = matmul(q, k, { transposeB: true, alpha });
      const masked = mask ? add(scores, mask) : scores;
      [p] = g.emit({
        op: "Softmax",
        inputs: [masked],
        outputs: [{ type: q.type, shape: masked.shape }],
        attributes: { axis: { int: -1 } },
      }) as [Value];
      return [matmul(p, v)] as const;
    },
    ([dy]): (() => Value)[] => {
      const dScores = lazy((): Value =>
        mul(p, sub(matmul(dy!, v, { transposeB: true }), reduceSum(mul(dy!, o), [-1]))),
      );
      return [
        () => sumTo(matmul(dScores(), k, { alpha }), q.shape),
        () => sumTo(contractRows(dScores(), q, alpha), k.shape),
        () => sumTo(contractRows(p, dy!), v.shape),
      ];
    },
  );
  return o;
}

/**
 * Log-probabilities of chosen tokens: ℓ_n = z[r_n, t_n] − ln Σ_v e^z[r_n, v] with logits z = h·Wᵀ. With P = softmax z
 * and G[r] = Σ_{n: r_n = r} ℓ̄_n:
 *   h̄ = −G·(P·W) + Σ_n ℓ̄_n·W[t_n] at row r_n,   W̄ = −Pᵀ·(G·h) + Σ_n ℓ̄_n·h[r_n] at row t_n.
 * So the gradient of the logits, as large as the logits, is never formed.
 * `hidden` [R, d]; `weight` [V, d]; `rows` int32 [N] (r_n) and `targets` int32 [N] (t_n).
 */
export function tokenLogprobs(hidden: Value, weight: Value, rows: Value, targets: Value): Value {
  const g = hidden.graph;
  const [r, d] = hidden.shape as [Dim, number];
  const [n] = rows.shape as [Dim];
  let p: Value;
  const [y]: readonly [Value] = g.fused(
    [hidden, weight],
    () => {
      const logits = matmul(hidden, weight, { transposeB: true });
      [p] = g.emit({
        op: "Softmax",
        inputs: [logits],
        outputs: [{ type: logits.type, shape: logits.shape }],
        attributes: { axis: { int: -1 } },
      }) as [Value];
      // ln Σ eᶻ = max z − ln max P: exact, and it only reads.
      const logSum = sub(reduceMax(logits, [-1]), log(reduceMax(p, [-1])));
      const index = concat(
        [reshape(cast(rows, "int64"), [n, 1]), reshape(cast(targets, "int64"), [n, 1])],
        1,
      );
      return [sub(gatherND(logits, index), reshape(gatherRows(logSum, rows), [n]))] as const;
    },
    ([dy]): (() => Value)[] => {
      const perTarget = lazy((): Value => reshape(dy!, [n, 1]));
      const perRow = lazy((): Value => scatterAddRows(zeros(hidden, [r, 1]), rows, perTarget()));
      return [
        () => {
          const spread = mul(matmul(p, weight, { alpha: -1 }), perRow());
          return scatterAddRows(spread, rows, mul(gatherRows(weight, targets), perTarget()));
        },
        () => {
          const spread = contractRows(p, mul(hidden, perRow()), -1);
          return scatterAddRows(spread, targets, mul(gatherRows(hidden, rows), perTarget()));
        },
      ];
    },
  );
  invariant(typeof d === "number", "the width of the hidden states is known");
  return y;
}
