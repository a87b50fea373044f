/**
 * @file A graph of ONNX operators under construction.
 *
 * How to use it:
 * ```ts
 * const g = new Graph("mlp");
 * const x = g.input("x", "float32", ["N", 8]);          // "N" is symbolic: known when the graph runs
 * const w = g.input("w", "float32", [4, 8]);
 * const y = silu(matmul(x, w, { transposeB: true }));   // operators are functions of values (elementwise.ts, …)
 * const loss = reduceSum(y, [0, 1], { keepDims: false });
 * const [dw] = gradients(g, [{ value: loss }], [w]);    // autodiff.ts; undefined where loss ignores w
 * const program = await compile(g, { loss, dw: dw! });  // compile.ts; run({ x: tensor, … }) → { loss, dw }
 * ```
 * Shapes are checked while building: a {@link ShapeError} names the operator and both shapes. Every operator
 * records its gradient rule on the tape at the moment it is applied, next to its equation; `fused` records one
 * rule for several nodes and `pauseTape` none. Products of symbolic dimensions are made known with `relate`.
 */

import { invariant } from "../../../core/errors.ts";
import { encodeAttribute, encodeModel, type AttributeValue } from "./onnx-proto.ts";
import {
  dataTypeId,
  sameShape,
  ShapeError,
  type Dim,
  type ElementType,
  type Shape,
  type Value,
} from "./value.ts";

export interface NodeSpec {
  op: string;
  /** Operator domain; the default is ONNX's own. */
  domain?: "" | "com.microsoft";
  /** `null` leaves out an optional input. */
  inputs: readonly (Value | null)[];
  outputs: readonly { type: ElementType; shape: Shape }[];
  attributes?: Record<string, AttributeValue>;
}

export interface GraphNode {
  op: string;
  domain: "" | "com.microsoft";
  inputs: readonly (Value | null)[];
  outputs: readonly Value[];
  attributes: Record<string, AttributeValue>;
}

/**
 * Gives ∂L/∂input from ∂L/∂output, one function per input so that only what is wanted is computed; `null` for
 * inputs without a gradient (indices). An output that L does not depend on has `undefined`.
 */
export type GradientRule = (dOutputs: readonly (Value | undefined)[]) => readonly ((() => Value) | null)[];

export interface TapeEntry {
  inputs: readonly Value[];
  outputs: readonly Value[];
  rule: GradientRule;
}

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/**
 * From this many nodes on a model names the dimensions of all values. Without the names ONNX Runtime finds few buffers
 * to be of one size, and searches all of them for every node: the plan of a training graph of 30 layers (6,533 nodes)
 * took 10 s of processor time instead of 1. Smaller graphs are planned quickly, and the names do not make them run
 * faster.
 */
const manyNodes = 2000;

interface Initializer {
  value: Value;
  data: ConstantData;
}

export class Graph {
  readonly name: string;
  readonly portable: boolean;
  readonly #nodes: GraphNode[] = [];
  readonly #inputs: Value[] = [];
  readonly #initializers: Initializer[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #tape: TapeEntry[] = [];
  readonly #dims = new Map<string, { value: Value; axis: number }>();
  readonly #dimValues = new Map<string, Value>();
  readonly #products = new Map<string, readonly Dim[]>();
  #taping = true;
  #count = 0;

  /**
   * `portable` keeps to what every provider's kernels do right; without it, operators may use second outputs that only
   * the CPU provider computes.
   */
  constructor(name: string, options: { portable?: boolean } = {}) {
    this.name = name;
    this.portable = options.portable ?? false;
  }

  get nodes(): readonly GraphNode[] {
    return this.#nodes;
  }

  get inputs(): readonly Value[] {
    return this.#inputs;
  }

  get tape(): readonly TapeEntry[] {
    return this.#tape;
  }

  /** A tensor that is fed at every run. Its symbolic dimensions become known to the graph. */
  input(name: string, type: ElementType, shape: Shape): Value {
    invariant(!this.#inputs.some((input) => input.name === name), `graph input ${name} is declared once`);
    const value = this.#value(name, type, shape);
    this.#inputs.push(value);
    return value;
  }

  /** A tensor that is part of the graph. Small ones with the same content are stored once. */
  constant(data: ConstantData, shape: readonly number[], name?: string): Value {
    const type: ElementType =
      data instanceof Float32Array
        ? "float32"
        : data instanceof Int32Array
          ? "int32"
          : data instanceof BigInt64Array
            ? "int64"
            : "bool";
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (size !== data.length) throw new ShapeError("constant", [shape, [data.length]], "differ in size");
    const key = data.length <= 64 && !name ? `${type}[${shape.join()}]${data.join()}` : null;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known) return known;
    const value = this.#value(name ?? `const_${this.#initializers.length}`, type, shape);
    this.#initializers.push({ value, data });
    if (key !== null) this.#constants.set(key, value);
    return value;
  }

  scalar(x: number): Value {
    return this.constant(Float32Array.of(x), []);
  }

  int64s(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Says that `name` stands for the product of `factors`, so that reshapes between them pass the shape check. */
  relate(name: string, factors: readonly Dim[]): void {
    this.#products.set(name, factors);
  }

  /** Appends a node; operators call this. Records nothing on the tape. */
  emit(spec: NodeSpec): Value[] {
    const prefix = `${spec.op}_${this.#count++}`;
    const outputs = spec.outputs.map((out, i) =>
      this.#value(i ? `${prefix}_${i}` : prefix, out.type, out.shape),
    );
    for (const input of spec.inputs)
      invariant(
        input === null || input.graph === this,
        `${spec.op}: input ${input?.name} belongs to another graph`,
      );
    this.#nodes.push({
      op: spec.op,
      domain: spec.domain ?? "",
      inputs: spec.inputs,
      outputs,
      attributes: spec.attributes ?? {},
    });
    return outputs;
  }

  /** Appends a node with one output and its gradient rule. */
  apply(spec: NodeSpec, rule: ((dy: Value, y: Value) => ReturnType<GradientRule>) | null): Value {
    const [y] = this.emit(spec);
    if (rule && this.#taping) {
      const inputs = spec.inputs.map((input) => input ?? y!);
      this.#tape.push({ inputs, outputs: [y!], rule: ([dy]) => rule(dy!, y!) });
    }
    return y!;
  }

  /** Applies the operators in `build` under one gradient rule of their own instead of each one's. */
  fused<Outputs extends readonly Value[]>(
    inputs: readonly Value[],
    build: () => Outputs,
    rule: GradientRule,
  ): Outputs {
    const outputs = this.pauseTape(build);
    if (this.#taping) this.#tape.push({ inputs, outputs, rule });
    return outputs;
  }

  /** Applies the operators in `build` without recording gradient rules. */
  pauseTape<T>(build: () => T): T {
    const before = this.#taping;
    this.#taping = false;
    try {
      return build();
    } finally {
      this.#taping = before;
    }
  }

  /** Runs `build` with a tape of its own and gives what it recorded: for recomputation in a backward pass. */
  recorded<T>(build: () => T): { result: T; tape: TapeEntry[] } {
    const [before, start] = [this.#taping, this.#tape.length];
    this.#taping = true;
    try {
      const result = build();
      return { result, tape: this.#tape.splice(start) };
    } finally {
      this.#taping = before;
    }
  }

  /** The run-time size of a symbolic dimension, or a constant, as an int64 tensor of shape [1]. */
  dimValue(dim: Dim): Value {
    if (typeof dim === "number") return this.int64s([dim]);
    const cached = this.#dimValues.get(dim);
    if (cached) return cached;
    const source = this.#dims.get(dim);
    invariant(source, `dimension ${dim} is not the dimension of any value of graph ${this.name}`);
    const [size] = this.emit({
      op: "Shape",
      inputs: [source.value],
      outputs: [{ type: "int64", shape: [1] }],
      attributes: { start: { int: source.axis }, end: { int: source.axis + 1 } },
    });
    this.#dimValues.set(dim, size!);
    return size!;
  }

  /** A shape as an int64 tensor: constant where all is known. */
  shapeValue(shape: Shape): Value {
    if (shape.every((dim) => typeof dim === "number")) return this.int64s(shape);
    const key = `shape:${shape.join()}`;
    const cached = this.#dimValues.get(key);
    if (cached) return cached;
    const [value] = this.emit({
      op: "Concat",
      inputs: shape.map((dim) => this.dimValue(dim)),
      outputs: [{ type: "int64", shape: [shape.length] }],
      attributes: { axis: { int: 0 } },
    });
    this.#dimValues.set(key, value!);
    return value!;
  }

  /** A shape's number of elements in a canonical form: a coefficient and its sorted symbols. */
  sizeOf(shape: Shape): { coefficient: number; symbols: string } {
    let coefficient = 1;
    const symbols: string[] = [];
    const expand = (dim: Dim): void => {
      if (typeof dim === "number") coefficient *= dim;
      else if (this.#products.has(dim)) this.#products.get(dim)!.forEach(expand);
      else symbols.push(dim);
    };
    shape.forEach(expand);
    return { coefficient, symbols: symbols.toSorted().join("·") };
  }

  /** Serialises what `outputs` need, as an ONNX model. Nodes that no output depends on are left out. */
  serialize(outputs: Record<string, Value>, extraInputs: readonly Value[] = []): Uint8Array {
    const needed = reachable(this.#nodes, Object.values(outputs), extraInputs);
    const cut = new Set(extraInputs.map((value) => value.name));
    const used = new Set<string>();
    for (const node of needed) for (const input of node.inputs) if (input) used.add(input.name);
    const inputs = [
      ...this.#inputs.filter((input) => used.has(input.name) && !cut.has(input.name)),
      ...extraInputs,
    ];
    const produced = new Set(needed.flatMap((node) => node.outputs.map((output) => output.name)));
    // An output takes the name of the value that a node produces; only a second name, or an input, is copied.
    const names = new Map<string, string>();
    const copies: { from: string; to: string }[] = [];
    for (const [name, value] of Object.entries(outputs)) {
      if (produced.has(value.name) && !cut.has(value.name) && !names.has(value.name))
        names.set(value.name, name);
      else copies.push({ from: value.name, to: name });
    }
    const nameOf = (value: Value | null) => (value ? (names.get(value.name) ?? value.name) : "");
    return encodeModel({
      irVersion: 10,
      producerName: "webrl",
      opsetImport: [
        { domain: "", version: 20 },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: this.name,
        node: [
          ...needed.map((node) => ({
            opType: node.op,
            domain: node.domain,
            name: node.outputs[0]!.name,
            input: node.inputs.map(nameOf),
            output: node.outputs.map(nameOf),
            attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
          })),
          ...copies.map(({ from, to }) => ({
            opType: "Identity",
            name: to,
            input: [names.get(from) ?? from],
            output: [to],
          })),
        ],
        initializer: this.#initializers
          .filter(({ value }) => used.has(value.name))
          .map(({ value, data }) => ({
            name: value.name,
            dims: value.shape,
            dataType: dataTypeId[value.type],
            rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
          })),
        input: inputs.map((value) => valueInfo(value.name, value)),
        output: Object.entries(outputs).map(([name, value]) => valueInfo(name, value)),
        valueInfo: (needed.length < manyNodes ? [] : needed).flatMap((node) =>
          node.outputs.filter((value) => !names.has(value.name)).map((value) => valueInfo(value.name, value)),
        ),
      },
    });
  }

  #value(name: string, type: ElementType, shape: Shape): Value {
    const value: Value = { graph: this, name, type, shape };
    shape.forEach((dim, axis) => {
      if (typeof dim === "string" && !this.#dims.has(dim)) this.#dims.set(dim, { value, axis });
    });
    return value;
  }
}

/** The nodes that `outputs` depend on, in order; what is in `given` is not computed. */
export function reachable(
  nodes: readonly GraphNode[],
  outputs: readonly Value[],
  given: readonly Value[] = [],
): GraphNode[] {
  const have = new Set(given.map((value) => value.name));
  const wanted = new Set(outputs.map((value) => value.name));
  const kept: GraphNode[] = [];
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]!;
    if (!node.outputs.some((output) => wanted.has(output.name) && !have.has(output.name))) continue;
    kept.push(node);
    for (const input of node.inputs) if (input) wanted.add(input.name);
  }
  return kept.reverse();
}

function valueInfo(name: string, value: Value): object {
  const dim = value.shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: dataTypeId[value.type], shape: { dim } } } };
}

/** Whether a value has exactly this shape; operators use it to check what a rule produced. */
export function assertShape(op: string, value: Value, shape: Shape): void {
  if (!sameShape(value.shape, shape))
    throw new ShapeError(op, [value.shape, shape], "should be the same shape");
}
