/** @file Perplexity of an action under a policy: exp of the negative mean log-probability of its tokens. */

import { invariant } from "../core/errors.ts";

/**
 * Works on the mean, so that long actions do not underflow (the published code's exp(Σ log p)^(1/N) does below
 * Σ = −103). Callers leave out the final end token.
 */
export function perplexity(logprobs_T: Float32Array | readonly number[]): number {
  invariant(logprobs_T.length > 0, "an action without tokens has no perplexity");
  let total = 0;
  for (const logprob of logprobs_T) total += logprob;
  return Math.exp(-total / logprobs_T.length);
}
