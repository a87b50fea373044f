/**
 * @file The method's losses, each with its gradient with respect to token log-probabilities in closed form. They are
 * `Loss` callbacks for any engine. WebRL, arXiv:2411.02337, equations 6–8; §7 of its published code.
 *
 * | symbol | shape | meaning |
 * |---|---|---|
 * | logprobs_BN | B × N_b | log π_θ of each action token, nats |
 * | ref_BN | B × N_b | log π_ref of the same tokens, constants |
 * | advantages_B | B | A*(s, a, I), constants |
 * | x_b | – | Σ_n (logprobs − ref): log π_θ(a|s,I) − log π_ref(a|s,I) |
 *
 * Every loss is divided by `normalizer` (default: the batch's size). To accumulate a batch over several calls, pass the
 * whole batch's size to each; the sum of the calls is then the loss of the batch.
 */

import type { Loss } from "../core/engine.ts";
import { invariant } from "../core/errors.ts";

/** Of an action's tokens, nats. */
export type Logprobs = Float32Array | readonly number[];

/** What equation 6 needs besides the current log-probabilities: the reference's, advantages, and β. */
export interface WebrlLossInput {
  ref_BN: readonly Logprobs[];
  advantages_B: readonly number[];
  /** Strength of the KL constraint; > 0. */
  beta: number;
  normalizer?: number;
}

/**
 * Equation 6: L = 1/B Σ_b (β·x_b − A_b)².
 * Equation 7: ∂L/∂logprob_bn = 2β/B·(β·x_b − A_b), the same for every token of an action.
 */
export function webrlLoss({ ref_BN, advantages_B, beta, normalizer }: WebrlLossInput): Loss {
  invariant(beta > 0, `β = ${beta} must be positive`);
  return perSample(normalizer, (logprobs_N, b) => {
    const error = beta * logRatio(logprobs_N, ref_BN[b]!) - advantages_B[b]!;
    return { loss: error * error, gradient: 2 * beta * error };
  });
}

/**
 * WebRL's published code: with x̄ the mean log-ratio of the action's tokens, for A ≥ 0 only (a negative advantage
 * contributes nothing): L = 1/B Σ_b SmoothL1(β·x̄_b − 1)/β, β = min(β₀, |1/x̄_b|) without gradient through β, β₀ = 5
 * where the geometric mean token probability under π_ref is at least 0.8, else 1.
 * ∂L/∂logprob_bn = 1/(B·N_b)·clamp(β·x̄_b − 1, −1, 1).
 *
 * Deviation: x̄ is the mean over the sample's own tokens (the code's behaviour with its micro-batch of 1).
 */
export function officialLoss({
  ref_BN,
  advantages_B,
  normalizer,
}: {
  ref_BN: readonly Logprobs[];
  /** Only the sign is used; A ≥ 0 counts as +1. */
  advantages_B: readonly number[];
  normalizer?: number;
}): Loss {
  return perSample(normalizer, (logprobs_N, b) => {
    const count = logprobs_N.length;
    if (advantages_B[b]! < 0 || count === 0) return { loss: 0, gradient: 0 };
    const ratio = logRatio(logprobs_N, ref_BN[b]!) / count;
    const confidence = Math.exp(sum(ref_BN[b]!) / count);
    const beta = Math.min(confidence >= 0.8 ? 5 : 1, Math.abs(1 / ratio));
    const error = beta * ratio - 1;
    const smooth = Math.abs(error) < 1 ? 0.5 * error * error : Math.abs(error) - 0.5;
    return { loss: smooth / beta, gradient: Math.max(-1, Math.min(1, error)) / count };
  });
}

/**
 * Weighted maximum likelihood: L = −1/B Σ_b w_b·Σ_n logprob_bn; ∂L/∂logprob_bn = −w_b/B.
 * Weight 1 is SFT; 0/1 is filtered behaviour cloning and DigiRL; exp(A/τ) is AWR.
 */
export function weightedSftLoss({
  weights_B,
  normalizer,
}: {
  weights_B: readonly number[];
  normalizer?: number;
}): Loss {
  return perSample(normalizer, (logprobs_N, b) => {
    const weight = weights_B[b]!;
    return weight === 0 ? { loss: 0, gradient: 0 } : { loss: -weight * sum(logprobs_N), gradient: -weight };
  });
}

/** The largest weight of a sample in AWR, as in its published code. */
const MAX_WEIGHT = 20;

/** w = min(exp(A/τ), 20): advantage-weighted regression (arXiv:1910.00177). */
export function awrWeights(advantages_B: readonly number[], temperature: number): number[] {
  invariant(temperature > 0, `temperature = ${temperature} must be positive`);
  return advantages_B.map((advantage) => Math.min(Math.exp(advantage / temperature), MAX_WEIGHT));
}

/**
 * WebRL without the KL constraint: REINFORCE with the critic as baseline, L = −1/B Σ_b A_b·Σ_n logprob_bn.
 * It is the gradient of equation 6 at π_θ = π_ref up to the factor 2β. Written apart because weights may be negative.
 */
export function reinforceLoss(input: { advantages_B: readonly number[]; normalizer?: number }): Loss {
  return weightedSftLoss({ weights_B: input.advantages_B, normalizer: input.normalizer });
}

/**
 * Critic, equation 8, on rows [log P(YES), log P(NO)]: V = P(YES)/(P(YES)+P(NO)) = σ(z), z = log P(YES) − log P(NO),
 * L = −1/B Σ_b [r_b log V_b + (1 − r_b) log(1 − V_b)].
 * ∂L/∂log P(YES) = (V − r)/B and ∂L/∂log P(NO) = −(V − r)/B.
 */
export function criticLoss({
  outcomes_B,
  weights_B,
  normalizer,
}: {
  /** 0, 1, or a probability. */
  outcomes_B: readonly number[];
  weights_B?: readonly number[];
  normalizer?: number;
}): Loss {
  return (logprobs_BN) => {
    const divisor = normalizer ?? logprobs_BN.length;
    let loss = 0;
    const gradients_BN = logprobs_BN.map((row_N, b) => {
      const outcome = outcomes_B[b]!;
      const weight = weights_B?.[b] ?? 1;
      const z = logit(row_N);
      // −log σ(z) = softplus(−z), −log(1 − σ(z)) = softplus(z)
      loss += (weight * (outcome * softplus(-z) + (1 - outcome) * softplus(z))) / divisor;
      const slope = (weight * (sigmoid(z) - outcome)) / divisor;
      return Float32Array.of(slope, -slope);
    });
    return { loss, gradients_BN };
  };
}

/** V, or the ORM's probability, from [log P(YES), log P(NO)]. Overflow-safe. */
export function answerProbability(logprobs_N: Logprobs): number {
  return sigmoid(logit(logprobs_N));
}

function logit(row_N: Logprobs): number {
  invariant(row_N.length === 2, "an answer has exactly the log-probabilities of YES and NO");
  const [yes, no] = [row_N[0]!, row_N[1]!];
  invariant(!Number.isNaN(yes) && !Number.isNaN(no), "an answer's log-probability is not a number");
  if (yes === no) return 0;
  return yes - no;
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/**
 * Estimate of KL(π_ref ‖ π_θ), nats per action, from the log-probabilities of B actions that π_ref sampled at
 * temperature 1: the mean over actions of Σ_n (eˣ − 1 − x), x = log π_θ − log π_ref of a token given those before it.
 * Unbiased, never negative, and with less spread than the mean of −Σx near 0 (Schulman, Approximating KL Divergence,
 * 2020: "k3"). Token by token, because e to an action's whole Σx lets a single action decide.
 */
export function klEstimate(logprobs_BN: readonly Logprobs[], ref_BN: readonly Logprobs[]): number {
  invariant(logprobs_BN.length > 0, "a KL estimate needs actions");
  let total = 0;
  logprobs_BN.forEach((logprobs_N, b) => {
    for (const x of logRatios(logprobs_N, ref_BN[b]!)) total += Math.expm1(x) - x;
  });
  return total / logprobs_BN.length;
}

/** Sum over an action's tokens of log π_θ − log π_ref. */
export function logRatio(logprobs_N: Logprobs, ref_N: Logprobs): number {
  return sum(logRatios(logprobs_N, ref_N));
}

/** Of each token of an action. */
function logRatios(logprobs_N: Logprobs, ref_N: Logprobs): number[] {
  invariant(
    logprobs_N.length === ref_N.length,
    `${logprobs_N.length} log-probabilities, ${ref_N.length} of the reference`,
  );
  return Array.from(logprobs_N, (logprob, n) => logprob - ref_N[n]!);
}

const sum = (row_N: Logprobs) => {
  let total = 0;
  for (const value of row_N) total += value;
  return total;
};

/** A loss whose gradient is the same for every token of a sample. */
function perSample(
  normalizer: number | undefined,
  sample: (logprobs_N: Float32Array, b: number) => { loss: number; gradient: number },
): (logprobs_BN: Float32Array[]) => { loss: number; gradients_BN: Float32Array[] } {
  return (logprobs_BN) => {
    const divisor = normalizer ?? logprobs_BN.length;
    invariant(divisor > 0, "a loss needs a positive normalizer");
    let total = 0;
    const gradients_BN = logprobs_BN.map((logprobs_N, b) => {
      const { loss, gradient } = sample(logprobs_N, b);
      total += loss / divisor;
      return new Float32Array(logprobs_N.length).fill(gradient / divisor);
    });
    return { loss: total, gradients_BN };
  };
}
