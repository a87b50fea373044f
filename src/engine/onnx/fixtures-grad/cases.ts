/**
 * @file Our side of `operators.json`: each case's operator, applied to the fixture's inputs. For tests only; the cases
 * run on every provider.
 */

import operators from "./operators.json" with { type: "json" };
import { gradients } from "../graph/autodiff.ts";
import { checkpoint } from "../graph/checkpointing.ts";
import { compile, float32, int32, int64, type Provider, type RunTensor } from "../graph/compile.ts";
import * as elementwise from "../graph/elementwise.ts";
import { Graph } from "../graph/graph.ts";
import * as indexing from "../graph/indexing.ts";
import * as layout from "../graph/layout.ts";
import * as products from "../graph/matmul.ts";
import * as nn from "../graph/nn.ts";
import * as reduction from "../graph/reduction.ts";
import type { Value } from "../graph/value.ts";

interface Fixture {
  inputs: Record<string, { shape: number[]; data: number[]; trained: boolean }>;
  cotangent: { shape: number[]; data: number[] };
  y: number[];
  gradients: Record<string, number[]>;
}

export const fixtures = operators as unknown as Record<string, Fixture>;

type Build = (v: Record<string, Value>) => Value;
const heads = { heads: 2, rotaryDim: 4, interleaved: false };

const builds: Record<string, Build> = {
  add: ({ a, b }) => elementwise.add(a!, b!),
  sub: ({ a, b }) => elementwise.sub(a!, b!),
  mul: ({ a, b }) => elementwise.mul(a!, b!),
  div: ({ a, b }) => elementwise.div(a!, b!),
  neg: ({ x }) => elementwise.neg(x!),
  exp: ({ x }) => elementwise.exp(x!),
  log: ({ x }) => elementwise.log(x!),
  sqrt: ({ x }) => elementwise.sqrt(x!),
  reciprocal: ({ x }) => elementwise.reciprocal(x!),
  sigmoid: ({ x }) => elementwise.sigmoid(x!),
  scale: ({ x }) => elementwise.scale(x!, 0.3),
  where: ({ c, a, b }) => elementwise.where(elementwise.cast(c!, "bool"), a!, b!),
  silu: ({ x }) => nn.silu(x!),
  reduceSum: ({ x }) => layout.reduceSum(x!, [0, 2], { keepDims: false }),
  softmax: ({ x }) => reduction.softmax(x!),
  reshape: ({ x }) => layout.reshape(x!, [3, 4]),
  transpose: ({ x }) => layout.transpose(x!, [2, 0, 1]),
  concat: ({ a, b }) => layout.concat([a!, b!], 1),
  split: ({ x }) => {
    const [first, second] = layout.split(x!, 1, [2, 2, 1]);
    return elementwise.mul(first!, second!);
  },
  splitEqual: ({ x }) => {
    const [first, second] = layout.splitEqual(x!, 0, 2);
    return elementwise.mul(first!, second!);
  },
  slice: ({ x }) => layout.slice(x!, 1, 1, 4),
  expand: ({ x }) => layout.expand(x!, [2, 4, 3]),
  gatherRows: ({ x, i }) => indexing.gatherRows(x!, i!),
  "gatherRows unique": ({ x, i }) => indexing.gatherRows(x!, i!, { unique: true }),
  scatterAddRows: ({ x, i, u }) => indexing.scatterAddRows(x!, i!, u!),
  matmul: ({ a, b }) => products.matmul(a!, b!),
  "matmul transposed a": ({ a, b }) => products.matmul(a!, b!, { transposeA: true }),
  "matmul transposed b": ({ a, b }) => products.matmul(a!, b!, { transposeB: true, alpha: 0.5 }),
  "matmul transposed both": ({ a, b }) => products.matmul(a!, b!, { transposeA: true, transposeB: true }),
  "matmul batched": ({ a, b }) => products.matmul(a!, b!, { transposeB: true }),
  "matmul by a weight": ({ a, b }) => products.matmul(a!, b!, { transposeB: true }),
  matmulAdd: ({ a, b, c }) => products.matmulAdd(a!, b!, c!, { transposeB: true }),
  "matmulAdd transposed a": ({ a, b, c }) => products.matmulAdd(a!, b!, c!, { transposeA: true }),
  rmsNorm: ({ x, w }) => nn.rmsNorm(x!, w!, 1e-5),
  "rmsNorm of heads": ({ x, w }) => nn.rmsNorm(x!, w!, 1e-5),
  rotary: ({ x, positions, cos, sin }) => nn.rotary(x!, positions!, cos!, sin!, heads),
  "rotary interleaved": ({ x, positions, cos, sin }) =>
    nn.rotary(x!, positions!, cos!, sin!, { ...heads, interleaved: true }),
  "rotary partial": ({ x, positions, cos, sin }) =>
    nn.rotary(x!, positions!, cos!, sin!, { ...heads, rotaryDim: 6 }),
  attention: ({ q, k, v, mask }) => nn.attention(q!, k!, v!, mask!, 0.5),
  "attention grouped": ({ q, k, v }) => nn.attention(q!, k!, v!, null, 0.5),
  tokenLogprobs: ({ h, w, rows, targets }) => nn.tokenLogprobs(h!, w!, rows!, targets!),
  checkpoint: ({ x, w }) =>
    checkpoint(
      [w!],
      (value) => elementwise.add(value, nn.silu(products.matmul(value, w!, { transposeB: true }))),
      x!,
    ),
};

export interface CaseResult {
  y: Float32Array;
  gradients: Record<string, Float32Array>;
  /** y of other values of the inputs. */
  evaluate(changed: Record<string, Float32Array>): Promise<Float32Array>;
}

/** Computes one case. */
export async function runCase(name: string, provider: Provider): Promise<CaseResult> {
  const fixture = fixtures[name]!;
  const g = new Graph(name, { portable: provider !== "cpu" });
  const integers = (key: string, shape: number[]) =>
    key === "positions" && shape.length > 1 ? "int64" : "int32";
  const values: Record<string, Value> = {};
  const feeds: Record<string, RunTensor> = {};
  const indices = new Set(["c", "i", "positions", "rows", "targets"]);
  for (const [key, { shape, data, trained }] of Object.entries(fixture.inputs)) {
    const type = indices.has(key) && !trained ? integers(key, shape) : "float32";
    values[key] = g.input(key, type, shape);
    feeds[key] =
      type === "int64"
        ? int64(BigInt64Array.from(data, BigInt), shape)
        : type === "int32"
          ? int32(Int32Array.from(data), shape)
          : float32(Float32Array.from(data), shape);
  }
  const y = builds[name]!(values);
  const cotangent = g.input("cotangent", "float32", fixture.cotangent.shape);
  feeds["cotangent"] = float32(Float32Array.from(fixture.cotangent.data), fixture.cotangent.shape);
  const trained = Object.keys(fixture.gradients);
  const computed = gradients(
    g,
    [{ value: y, gradient: cotangent }],
    trained.map((key) => values[key]!),
  );
  const program = await compile(
    g,
    { y, ...Object.fromEntries(trained.map((key, i) => [`d_${key}`, computed[i]!])) },
    { provider, threads: 1 },
  );
  const results = await program.run(feeds);
  const data = (key: string) => results[key]!.data as Float32Array;
  return {
    y: data("y"),
    gradients: Object.fromEntries(trained.map((key) => [key, data(`d_${key}`)])),
    async evaluate(changed) {
      const inputs = Object.entries(changed).map(([key, x]) => [key, float32(x, fixture.inputs[key]!.shape)]);
      const again = await program.run({
        ...feeds,
        ...(Object.fromEntries(inputs) as Record<string, RunTensor>),
      });
      return again["y"]!.data as Float32Array;
    },
  };
}

export const caseNames = Object.keys(builds);

/** Largest difference, relative to the larger of 1 and the expected size. */
export function worstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < actual.length; i++)
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!)));
  return worst;
}
