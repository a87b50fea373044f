/**
 * @file How servers of one protocol differ where it matters to a gradient or to a repetition: measured by `probe.ts`.
 */

export interface ServerProfile {
  /** How `forward_backward` bodies travel. */
  codec: "protobuf" | "json";
  /**
   * `sum`: over tokens and datums. `per_sequence_mean`: over a datum's positions, then over all datums since the last
   * step.
   */
  reduction: "sum" | "per_sequence_mean";
  /**
   * The built-in loss that carries a gradient ∂L/∂ℓ: cross-entropy of weight −G, or importance sampling of advantage −G
   * at ratio 1.
   */
  surrogate: "cross_entropy" | "importance_sampling";
  /**
   * What a repeated request does. `dedup`: the same number and body is the same operation. `strict`: a number that was
   * used fails, so a failure tells that the first one was executed. `ignored`: executed twice.
   */
  seqId: "dedup" | "strict" | "ignored";
  /** Key of the gradient's norm in the metrics of `optim_step`; `null` where there is none. */
  gradientNormKey: string | null;
  /** Whether `forward_backward` answers with the log-probabilities that it computed. */
  trueBackwardLogprobs: boolean;
  /** Whether `create_model` takes our own fields: `lora_alpha`, `layers`, `target_modules`. */
  takesLoraSettings: boolean;
  /** Whether log-probabilities of samples are of the distribution after temperature, top-k and top-p. */
  scaledSampleLogprobs: boolean;
  /** Whether what a model saved outlives its unloading. Otherwise (TuFT 0.2.2) a model that was saved stays loaded. */
  keepsCheckpoints: boolean;
  /**
   * Whether a gradient that was never stepped goes to the next model that is made (SkyRL 0.4.0 on jax), whoever left
   * it: a client that was killed is enough. Each model is then made after another one that takes the gradient away.
   */
  leaksGradients: boolean;
}

/** Of `webrl engine serve`, and what the protocol's reference says. */
export const SUM_PROFILE: ServerProfile = {
  codec: "protobuf",
  reduction: "sum",
  surrogate: "cross_entropy",
  seqId: "dedup",
  gradientNormKey: "grad_norm:mean",
  trueBackwardLogprobs: true,
  takesLoraSettings: false,
  scaledSampleLogprobs: false,
  keepsCheckpoints: true,
  leaksGradients: false,
};
