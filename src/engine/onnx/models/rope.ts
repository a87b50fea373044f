/** @file Tables of the rotary position embedding (Su et al. 2021), with the scalings that checkpoints ask for. */

import type { DecoderConfig } from "./config.ts";

/** Angle per position of every pair: θ^(−2i/dim), scaled. */
function ropeFrequencies({ rope }: DecoderConfig): Float64Array {
  const frequencies = Float64Array.from(
    { length: rope.dim / 2 },
    (_, i) => rope.theta ** ((-2 * i) / rope.dim),
  );
  const { scaling } = rope;
  if (scaling.kind === "none") return frequencies;
  if (scaling.kind === "linear") return frequencies.map((f) => f / scaling.factor);
  // Llama 3.1: long wavelengths are stretched by `factor`, short ones stay, and between them it is interpolated.
  return frequencies.map((f) => {
    const turns = (scaling.originalContextTokens * f) / (2 * Math.PI);
    if (turns < scaling.lowFrequencyFactor) return f / scaling.factor;
    if (turns > scaling.highFrequencyFactor) return f;
    const smooth =
      (turns - scaling.lowFrequencyFactor) / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
    return (1 - smooth) * (f / scaling.factor) + smooth * f;
  });
}

/** cos and sin of positions 0…length−1, each [length, dim/2]. */
export function ropeTables(config: DecoderConfig, length: number): { cos: Float32Array; sin: Float32Array } {
  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let position = 0; position < length; position++)
    for (let i = 0; i < half; i++) {
      cos[position * half + i] = Math.cos(position * frequencies[i]!);
      sin[position * half + i] = Math.sin(position * frequencies[i]!);
    }
  return { cos, sin };
}
