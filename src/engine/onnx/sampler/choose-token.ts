/**
 * @file From a distribution to a token: temperature, then top-k, then top-p (Holtzman et al., arXiv:1904.09751), then
 * one uniform draw on the cumulative probabilities. Pure but for the draw.
 */

export interface Choice {
  token: number;
  /** log P(token) at temperature 1 over the whole vocabulary, nats. */
  logprob: number;
}

export interface ChoiceOptions {
  /** 0 is greedy; ties go to the lower id. */
  temperature: number;
  topP?: number;
  topK?: number;
}

/** One row of what the sampler's graphs give. */
export interface Distribution {
  logits_V: Float32Array;
  /** softmax(logits / temperature); not read where the temperature is 0. */
  probabilities_V: Float32Array;
  /** ln Σ e^logit. */
  logSum: number;
}

/**
 * What the graphs multiply logits with; at temperature 0 the probabilities are not used. The limit keeps f32 finite.
 */
export const inverseTemperature = (temperature: number): number =>
  temperature === 0 ? 1 : Math.min(1 / temperature, 1e30);

/**
 * `draw` is uniform in [0, 1) and is called exactly once unless greedy. Throws `RangeError` where no logit is finite.
 */
export function chooseToken(
  { logits_V, probabilities_V, logSum }: Distribution,
  options: ChoiceOptions,
  draw: () => number,
): Choice {
  // NaN anywhere and an infinite maximum both end here.
  if (!Number.isFinite(logSum)) throw new RangeError("the logits hold NaN or infinity");
  const token = options.temperature === 0 ? largest(logits_V) : drawToken(probabilities_V, options, draw());
  return { token, logprob: logits_V[token]! - logSum };
}

function largest(logits_V: Float32Array): number {
  let best = 0;
  for (let v = 1; v < logits_V.length; v++) if (logits_V[v]! > logits_V[best]!) best = v;
  return best;
}

function drawToken(weights_V: Float32Array, { topP = 1, topK = 0 }: ChoiceOptions, uniform: number): number {
  const cutsK = topK > 0 && topK < weights_V.length;
  if (!cutsK && topP >= 1) return inverse(weights_V, null, uniform);
  // Most likely first, lower id first among equals; tokens too unlikely to matter are left out of the sort.
  const smallest = cutsK ? 0 : smallestThatCounts(weights_V, topP);
  const order: number[] = [];
  for (let v = 0; v < weights_V.length; v++) if (weights_V[v]! >= smallest) order.push(v);
  order.sort((a, b) => weights_V[b]! - weights_V[a]! || a - b);
  const kept = cutsK ? order.slice(0, topK) : order;
  if (topP < 1) {
    let total = 0;
    if (cutsK) for (const v of kept) total += weights_V[v]!;
    else for (let v = 0; v < weights_V.length; v++) total += weights_V[v]!;
    let cumulative = 0;
    let count = 0;
    while (count < kept.length && cumulative < topP * total) cumulative += weights_V[kept[count++]!]!;
    kept.length = Math.max(1, count);
  }
  // In order of id, so that a tiny difference of two weights cannot swap their places in the draw.
  return inverse(
    weights_V,
    kept.toSorted((a, b) => a - b),
    uniform,
  );
}

/** Tokens below this weight hold less than 1 − topP together, so the nucleus does not reach them. */
function smallestThatCounts(weights_V: Float32Array, topP: number): number {
  let total = 0;
  for (const weight of weights_V) total += weight;
  return ((1 - topP) * total * 0.5) / weights_V.length;
}

/** Smallest candidate whose cumulative weight exceeds `uniform` of the whole. */
function inverse(weights_V: Float32Array, candidates: readonly number[] | null, uniform: number): number {
  let total = 0;
  const count = candidates?.length ?? weights_V.length;
  for (let i = 0; i < count; i++) total += weights_V[candidates ? candidates[i]! : i]!;
  let left = uniform * total;
  let chosen = 0;
  for (let i = 0; i < count; i++) {
    const v = candidates ? candidates[i]! : i;
    const weight = weights_V[v]!;
    if (weight === 0) continue;
    chosen = v;
    left -= weight;
    if (left < 0) break;
  }
  return chosen;
}
