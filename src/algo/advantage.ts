/**
 * @file Advantages of one trajectory's steps, from the critic's values and the outcome.
 * WebRL, arXiv:2411.02337, equation 9; DigiRL, arXiv:2406.11896, §4; and the form of WebRL's published code.
 *
 * | symbol | shape | meaning |
 * |---|---|---|
 * | values_S | S | V(s_t, I) in [0, 1], one per step |
 * | outcome | – | r_T, 1 if the trajectory succeeded, else 0; every other reward is 0 |
 */

import { invariant } from "../core/errors.ts";

/** r_T: 1 for a success, 0 for a failure. */
export type Outcome = 0 | 1;

/**
 * A_t = λ·(r_t + V(s_{t+1}) − V(s_t)) + (1 − λ)·(r_T − V(s_t)); the successor of the last step has V = 0 (equation 9).
 * λ = 1 trusts the critic's next value, λ = 0 the outcome.
 */
export function webrlAdvantages(values_S: readonly number[], outcome: Outcome, lambda = 0.5): number[] {
  checkValues(values_S);
  invariant(lambda >= 0 && lambda <= 1, `λ = ${lambda} is not in [0, 1]`);
  const last = values_S.length - 1;
  return values_S.map((value, t) => {
    const reward = t === last ? outcome : 0;
    const next = t === last ? 0 : values_S[t + 1]!;
    return lambda * (reward + next - value) + (1 - lambda) * (outcome - value);
  });
}

/** γ^{T−t}·r_T: the Monte-Carlo return of each of `steps` steps, with a reward only on the last one. */
export function returns(steps: number, outcome: Outcome, discount: number): number[] {
  return Array.from({ length: steps }, (_, t) => discount ** (steps - 1 - t) * outcome);
}

/**
 * A_t = γ^{T−t}·r_T − V(s_t): the advantage of AWR (Peng et al., arXiv:1910.00177, with a Monte-Carlo return), whose V
 * is that of the discounted return, too.
 */
export function monteCarloAdvantages(
  values_S: readonly number[],
  outcome: Outcome,
  discount: number,
): number[] {
  checkValues(values_S);
  return returns(values_S.length, outcome, discount).map((value, t) => value - values_S[t]!);
}

/**
 * DigiRL's doubly robust step advantage, H = number of steps, h counted from 1: A_h = λ^{H−h}·r_H + (1 −
 * λ^{H−h})·(V(s_{h+1}) + r_h − V(s_h)). Near the end the outcome dominates, far from it the critic.
 */
export function digirlAdvantages(values_S: readonly number[], outcome: Outcome, lambda = 0.5): number[] {
  checkValues(values_S);
  const last = values_S.length - 1;
  return values_S.map((value, t) => {
    const trust = lambda ** (last - t);
    const reward = t === last ? outcome : 0;
    const next = t === last ? 0 : values_S[t + 1]!;
    return trust * outcome + (1 - trust) * (next + reward - value);
  });
}

/** DigiRL's hard filter: a step is imitated iff A_h > 1/H. */
export function keepByDigirl(advantages_S: readonly number[]): boolean[] {
  return advantages_S.map((advantage) => advantage > 1 / advantages_S.length);
}

/**
 * WebRL's published code: A_t = clamp(V(s′) − V(s) − 0.05 + reward + mc_t, −1, 1), the outcome written on every step,
 * mc_t = Σ_{k≥t} γ^{k−t}·outcome. `lastValue` is V of the last page with the final action in the history.
 */
export function officialAdvantages(
  values_S: readonly number[],
  lastValue: number,
  outcome: Outcome,
  discount = 0.9,
): number[] {
  checkValues([...values_S, lastValue]);
  const count = values_S.length;
  return values_S.map((value, t) => {
    const next = t === count - 1 ? lastValue : values_S[t + 1]!;
    // Σ of a geometric series, whose closed form is 0/0 at γ = 1.
    const monteCarlo =
      outcome * (discount === 1 ? count - t : (1 - discount ** (count - t)) / (1 - discount));
    return Math.min(1, Math.max(-1, next - value - 0.05 + outcome + monteCarlo));
  });
}

function checkValues(values_S: readonly number[]): void {
  invariant(values_S.length > 0, "a trajectory without steps has no advantages");
  for (const value of values_S) invariant(value >= 0 && value <= 1, `V = ${value} is not in [0, 1]`);
}
