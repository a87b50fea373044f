/**
 * @file AdamW (Loshchilov & Hutter 2019): decoupled weight decay, bias-corrected moments, after clipping by the
 * global norm. Decay applies to matrices only, not to norms and biases.
 */

export interface AdamWOptions {
  learningRate: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** First and second moments by parameter name, and the number of steps taken. */
export interface AdamWState {
  step: number;
  moments: Map<string, { m: Float32Array; v: Float32Array }>;
}

export interface TrainedTensor {
  name: string;
  data: Float32Array;
  isMatrix: boolean;
}

/** √Σ g², in double precision. Not finite where any gradient is not. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients) {
    let part = 0;
    for (let i = 0; i < gradient.length; i++) part += gradient[i]! * gradient[i]!;
    sum += part;
  }
  return Math.sqrt(sum);
}

/**
 * One step, in place. `gradientFactor` scales every gradient first (clipping).
 * m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − η(m̂/(√v̂ + ε) + λw), with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ).
 */
export function adamwStep(
  tensors: readonly TrainedTensor[],
  gradients: ReadonlyMap<string, Float32Array>,
  state: AdamWState,
  options: AdamWOptions,
  gradientFactor: number,
): void {
  const { learningRate, weightDecay, beta1, beta2, epsilon } = options;
  state.step++;
  const correction1 = 1 - beta1 ** state.step;
  const inverseCorrection2 = 1 / Math.sqrt(1 - beta2 ** state.step);
  const rate = learningRate / correction1;
  for (const { name, data, isMatrix } of tensors) {
    const gradient = gradients.get(name);
    if (!gradient) continue;
    let moments = state.moments.get(name);
    if (!moments) {
      moments = { m: new Float32Array(data.length), v: new Float32Array(data.length) };
      state.moments.set(name, moments);
    }
    const { m, v } = moments;
    const keep = 1 - learningRate * (isMatrix ? weightDecay : 0);
    for (let i = 0; i < data.length; i++) {
      const g = gradient[i]! * gradientFactor;
      const mi = beta1 * m[i]! + (1 - beta1) * g;
      const vi = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = mi;
      v[i] = vi;
      data[i] = data[i]! * keep - (rate * mi) / (Math.sqrt(vi) * inverseCorrection2 + epsilon);
    }
  }
}
