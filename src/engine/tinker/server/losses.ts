/**
 * @file The losses that the protocol names, each as value and gradient with respect to the log-probabilities: plain
 * sums over tokens and datums. With r_t = exp(ℓ_t − old_t), A_t advantages, w_t weights (default 1):
 *
 * | loss                  | term                                        | ∂term/∂ℓ_t                      |
 * |-----------------------|---------------------------------------------|---------------------------------|
 * | cross_entropy         | −w_t ℓ_t                                    | −w_t                            |
 * | importance_sampling   | −w_t r_t A_t                                | −w_t r_t A_t                    |
 * | ppo                   | −w_t min(r_t A_t, clip(r_t, lo, hi) A_t)    | −w_t r_t A_t, 0 where clipped   |
 * | cispo                 | −w_t sg(clip(r_t, lo, hi)) ℓ_t A_t          | −w_t clip(r_t, lo, hi) A_t      |
 * | dro                   | −w_t (ℓ_t A_t − ½ β (ℓ_t − old_t)²)         | −w_t (A_t − β (ℓ_t − old_t))    |
 */

import type { LossGradient } from "../../../core/engine.ts";
import { Refusal } from "./refusal.ts";

/** Per target, besides the target itself. Shapes: `_B` datums, `_N` targets of a datum. */
export interface LossInputs {
  weights_BN: readonly ArrayLike<number>[];
  /** `logprobs` of the request: those of the sampler. */
  old_BN: readonly ArrayLike<number>[];
  advantages_BN: readonly ArrayLike<number>[];
}

type Term = (l: number, w: number, old: number, a: number) => [value: number, gradient: number];
type Config = Readonly<Record<string, number>>;

const clip = (r: number, low: number, high: number) => Math.min(Math.max(r, low), high);

interface LossRule {
  /** Whether `logprobs` and `advantages` are needed. */
  isPolicyLoss: boolean;
  /** Settings by name with their defaults; `null` for those that must be given. */
  settings: Readonly<Record<string, number | null>>;
  term(config: Config): Term;
}

export const LOSSES: Readonly<Record<string, LossRule>> = {
  cross_entropy: {
    isPolicyLoss: false,
    settings: {},
    term: () => (l, w) => [w === 0 ? 0 : -w * l, -w],
  },
  importance_sampling: {
    isPolicyLoss: true,
    settings: {},
    term: () => (l, w, old, a) => {
      const value = -w * Math.exp(l - old) * a;
      return [value, value];
    },
  },
  ppo: {
    isPolicyLoss: true,
    settings: { clip_low_threshold: 0.8, clip_high_threshold: 1.2 },
    term: (config) => (l, w, old, a) => {
      const r = Math.exp(l - old);
      const bounded = clip(r, config["clip_low_threshold"]!, config["clip_high_threshold"]!) * a;
      return r * a <= bounded ? [-w * r * a, -w * r * a] : [-w * bounded, 0];
    },
  },
  cispo: {
    isPolicyLoss: true,
    settings: { clip_low_threshold: 0, clip_high_threshold: 4 },
    term: (config) => (l, w, old, a) => {
      const r = clip(Math.exp(l - old), config["clip_low_threshold"]!, config["clip_high_threshold"]!);
      return [-w * r * l * a, -w * r * a];
    },
  },
  dro: {
    isPolicyLoss: true,
    settings: { beta: null },
    term: (config) => (l, w, old, a) => {
      const [beta, difference] = [config["beta"]!, l - old];
      return [-w * (l * a - 0.5 * beta * difference ** 2), -w * (a - beta * difference)];
    },
  },
};

/** The rule and its settings. @throws Refusal that names the loss or setting that does not exist here. */
export function chooseLoss(name: string, given: Config): { rule: LossRule; term: Term } {
  const rule = Object.hasOwn(LOSSES, name) ? LOSSES[name]! : undefined;
  if (!rule)
    throw new Refusal(422, `loss_fn ${JSON.stringify(name)} is not one of ${Object.keys(LOSSES).join(", ")}`);
  const config: Record<string, number> = {};
  for (const [key, fallback] of Object.entries(rule.settings)) {
    const value = given[key] ?? fallback;
    if (value === null) throw new Refusal(422, `loss_fn ${name} needs ${key} in loss_fn_config`);
    config[key] = value;
  }
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(config, key))
      throw new Refusal(422, `loss_fn ${name} has no setting ${JSON.stringify(key)}`);
    if (!Number.isFinite(value)) throw new Refusal(422, `${key} of loss_fn_config is ${value}`);
  }
  return { rule, term: rule.term(config) };
}

/** Value and gradient over a batch: what the engine asks a custom loss for. */
export function lossOf(term: Term, inputs: LossInputs): (logprobs_BN: Float32Array[]) => LossGradient {
  return (logprobs_BN) => {
    let loss = 0;
    const gradients_BN = logprobs_BN.map((row, b) => {
      const [w, old, a] = [inputs.weights_BN[b]!, inputs.old_BN[b]!, inputs.advantages_BN[b]!];
      return Float32Array.from(row, (l, n) => {
        const [value, gradient] = term(l, w[n]!, old[n]!, a[n]!);
        loss += value;
        return gradient;
      });
    });
    return { loss, gradients_BN };
  };
}
