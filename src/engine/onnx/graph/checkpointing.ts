/**
 * @file Gradient checkpointing (Chen et al. 2016): keeps only a block's input, and computes the block again when its
 * gradient is wanted. One more forward pass for memory that no longer grows with the block's inside.
 */

import { add, scale } from "./elementwise.ts";
import { gradients } from "./autodiff.ts";
import { gatherRows } from "./indexing.ts";
import type { Value } from "./value.ts";

/**
 * y = block(x). `parameters` are all values besides x that the block reads and that may need a gradient.
 * The second pass starts from x + 0·ȳ[0]: without this dependency on ȳ, ONNX Runtime would find both passes to be
 * the same computation and keep the first one's memory.
 */
export function checkpoint(parameters: readonly Value[], block: (x: Value) => Value, x: Value): Value {
  const g = x.graph;
  const [y] = g.fused(
    [x, ...parameters],
    () => [block(x)] as const,
    ([dy]) => {
      let computed: (Value | undefined)[] | undefined;
      const compute = () => {
        if (computed) return computed;
        const after = add(x, scale(gatherRows(dy!, g.constant(Int32Array.of(0), [1])), 0));
        const again = g.recorded(() => block(after));
        computed = gradients(g, [{ value: again.result, gradient: dy! }], [after, ...parameters], again.tape);
        return computed;
      };
      return [x, ...parameters].map((input, i) => () => compute()[i] ?? scale(input, 0));
    },
  );
  return y;
}
