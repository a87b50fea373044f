import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { gradients } from "./autodiff.ts";
import { compile, float32, int32 } from "./compile.ts";
import { add, mul } from "./elementwise.ts";
import { Graph } from "./graph.ts";
import { scatterAddRows } from "./indexing.ts";
import { concat, reshape, splitEqual, sumTo } from "./layout.ts";
import { matmul, matmulAdd } from "./matmul.ts";
import { rmsNorm } from "./nn.ts";
import { broadcastShapes } from "./value.ts";

describe("a shape that an operator cannot take is refused while building, naming both shapes", () => {
  const g = new Graph("shapes");
  const a = g.input("a", "float32", ["N", 3]);
  const b = g.input("b", "float32", [4, 5]);
  const i = g.input("i", "int32", ["N"]);
  test.each([
    ["Add", () => add(a, b), /Add: \[N, 3\] and \[4, 5\] do not broadcast/],
    [
      "MatMul",
      () => matmul(a, b),
      /MatMul: \[N, 3\] and \[4, 5\] differ in the summed axis \(a·b\): 3 and 4/,
    ],
    ["Gemm", () => matmulAdd(a, b, b, { transposeB: true }), /MatMul: \[N, 3\] and \[4, 5\]/],
    ["Reshape", () => reshape(a, ["N", 4]), /Reshape: \[N, 3\] and \[N, 4\] differ in size/],
    ["Concat", () => concat([a, b], 0), /Concat: \[N, 3\] and \[4, 5\]/],
    ["Split", () => splitEqual(b, 1, 2), /Split: \[4, 5\] and \[2\]/],
    ["rmsNorm", () => rmsNorm(a, b, 1e-5), /SimplifiedLayerNormalization: \[N, 3\] and \[4, 5\]/],
    ["scatter", () => scatterAddRows(b, i, a), /ScatterElements: \[4, 5\] and \[N, 3\]/],
    ["types", () => add(a, i), /Add: element types differ: a float32 \[N, 3\], i int32 \[N\]/],
  ])("%s", (_, build, message) => expect(build).toThrow(message));
});

test("broadcasting is symmetric and keeps a shape that it meets twice", () => {
  const dim = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom("N", "T"));
  fc.assert(
    fc.property(fc.array(dim, { maxLength: 4 }), (shape) => {
      expect(broadcastShapes("Add", shape, shape)).toEqual(shape);
      expect(broadcastShapes("Add", shape, [1])).toEqual(broadcastShapes("Add", [1], shape));
    }),
  );
});

test("a gradient is summed over the axes that were stretched", async () => {
  const g = new Graph("sumTo");
  const x = g.input("x", "float32", ["N", 2]);
  await using program = await compile(g, { y: sumTo(x, [1, 2]) });
  const { y } = await program.run({ x: float32(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]) });
  expect(y!.dims).toEqual([1, 2]);
  expect([...(y!.data as Float32Array)]).toEqual([9, 12]);
});

test("a value used twice gets the sum of both gradients", async () => {
  const g = new Graph("twice");
  const x = g.input("x", "float32", ["N"]);
  // d/dx (x·x + x) = 2x + 1
  const [dx] = gradients(g, [{ value: add(mul(x, x), x) }], [x]);
  await using program = await compile(g, { dx: dx! });
  const { dx: result } = await program.run({ x: float32(Float32Array.of(1, -2), [2]) });
  expect([...(result!.data as Float32Array)]).toEqual([3, -3]);
});

test("what the loss does not depend on has no gradient", () => {
  const g = new Graph("independent");
  const x = g.input("x", "float32", [2]);
  const z = g.input("z", "float32", [2]);
  expect(gradients(g, [{ value: mul(x, x) }], [z])).toEqual([undefined]);
});

test("rows that are added to often are not lost", async () => {
  const g = new Graph("scatter");
  const x = g.input("x", "float32", [2, 4]);
  const i = g.input("i", "int32", ["N"]);
  const u = g.input("u", "float32", ["N", 4]);
  await using program = await compile(g, { y: scatterAddRows(x, i, u) });
  const count = 10_000;
  const { y } = await program.run({
    x: float32(new Float32Array(8), [2, 4]),
    i: int32(new Int32Array(count).fill(1), [count]),
    u: float32(new Float32Array(4 * count).fill(1), [count, 4]),
  });
  expect([...(y!.data as Float32Array)]).toEqual([0, 0, 0, 0, count, count, count, count]);
});

test("outputs can be written into the caller's memory", async () => {
  const g = new Graph("into");
  const x = g.input("x", "float32", ["N"]);
  await using program = await compile(g, { y: mul(x, x) });
  const y = new Float32Array(3);
  await program.run({ x: float32(Float32Array.of(1, 2, 3), [3]) }, { y: float32(y, [3]) });
  expect([...y]).toEqual([1, 4, 9]);
  await expect(program.run({})).rejects.toThrow(/x was not fed/);
});

test("a graph can be cut: the second part takes what the first computed", async () => {
  const g = new Graph("cut");
  const x = g.input("x", "float32", ["N"]);
  const middle = mul(x, x);
  const y = add(middle, x);
  await using first = await compile(g, { middle });
  await using second = await compile(g, { y }, { given: [middle] });
  const feeds = { x: float32(Float32Array.of(2, 3), [2]) };
  const handed = (await first.run(feeds))["middle"]!;
  expect(second.inputNames).toContain(middle.name);
  const result = await second.run({ ...feeds, [middle.name]: handed });
  expect([...(result["y"]!.data as Float32Array)]).toEqual([6, 12]);
});

test("a large model names the dimensions of what its nodes compute, so that buffers of one size are known as such", () => {
  const named = (nodes: number) => {
    const g = new Graph("named");
    const x = g.input("x", "float32", ["rowsOfX", 2]);
    let y = x;
    for (let n = 0; n < nodes; n++) y = add(y, x);
    return Buffer.from(g.serialize({ y })).toString("latin1").split("rowsOfX").length - 1;
  };
  // The name of input and output; in a large graph also that of every other node.
  expect(named(3)).toBe(2);
  expect(named(2000)).toBe(2001);
});
