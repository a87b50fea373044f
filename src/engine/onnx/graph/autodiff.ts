/**
 * @file Reverse-mode differentiation over a graph's tape. The rules themselves stand with their operators.
 */

import { invariant } from "../../../core/errors.ts";
import { assertShape, type Graph, type TapeEntry } from "./graph.ts";
import { add } from "./elementwise.ts";
import { ones } from "./indexing.ts";
import type { Value } from "./value.ts";

export interface Seed {
  value: Value;
  /** ∂L/∂value; 1 everywhere if left out. */
  gradient?: Value;
}

/**
 * ∂L/∂w for every w of `wrt`, where L is what the seeds say. `undefined` where L does not depend on w. Nodes are
 * appended to the graph; nothing is recorded, so gradients of gradients are not available.
 */
export function gradients(
  graph: Graph,
  seeds: readonly Seed[],
  wrt: readonly Value[],
  tape: readonly TapeEntry[] = graph.tape,
): (Value | undefined)[] {
  const depends = new Set(wrt.map((value) => value.name));
  for (const entry of tape)
    if (entry.inputs.some((input) => depends.has(input.name)))
      for (const output of entry.outputs) depends.add(output.name);

  const accumulated = new Map<string, Value>();
  const accumulate = (value: Value, gradient: Value) => {
    assertShape(`gradient of ${value.name}`, gradient, value.shape);
    const before = accumulated.get(value.name);
    accumulated.set(value.name, before ? add(before, gradient) : gradient);
  };
  return graph.pauseTape(() => {
    for (const { value, gradient } of seeds) accumulate(value, gradient ?? ones(value));
    for (let i = tape.length - 1; i >= 0; i--) {
      const entry = tape[i]!;
      if (!entry.inputs.some((input) => depends.has(input.name))) continue;
      const dOutputs = entry.outputs.map((output) => accumulated.get(output.name));
      if (dOutputs.every((gradient) => gradient === undefined)) continue;
      const rules = entry.rule(dOutputs);
      invariant(
        rules.length === entry.inputs.length,
        `a gradient rule has one entry per input (${rules.length})`,
      );
      entry.inputs.forEach((input, n) => {
        const rule = rules[n];
        if (rule && depends.has(input.name)) accumulate(input, rule());
      });
    }
    return wrt.map((value) => accumulated.get(value.name));
  });
}
