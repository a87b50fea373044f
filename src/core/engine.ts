/**
 * @file The contract of an engine: where models live. The verbs are those of the Tinker protocol, so that any
 * loss of the method runs on any engine: losses are given as their gradient with respect to token log-probabilities.
 *
 * Shapes: `_B` datums of a batch, `_T` tokens of a sequence, `_N` targets of a datum.
 */

/**
 * Text for a model. A string is our own (a template): special tokens written in it become tokens. `{ plain }` is
 * somebody else's (a page, an instruction, a reply): it never becomes a special token, whatever it says.
 */
export type PromptText = string | readonly (string | PlainText)[];

/** Other people's text in a prompt, encoded without special tokens. */
export interface PlainText {
  readonly plain: string;
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly vocabSize: number;
  /**
   * Special tokens written in our own text (`<|eot_id|>`) become their ids; nothing is added. What is between two of
   * them is encoded as one text, whatever its parts, so that harmless pieces give the same tokens as their joined text.
   */
  encode(text: PromptText): number[];
  /** Special tokens are printed literally. */
  decode(tokens: readonly number[]): string;
  /** Id of a token by its exact text, or `undefined`. */
  idOf(token: string): number | undefined;
  /** Tokens that end a reply, according to the model's files (`generation_config.json`, `eos_token`). */
  readonly endTokens?: readonly number[];
  /** The model's conversation format, if its files specify one. */
  readonly chatTemplate?: ChatTemplateSource | undefined;
  /** Whether `trainBpe` trained it, as it did those of the shipped models. */
  readonly madeHere?: boolean;
}

/** The chat template from a model's files. */
export interface ChatTemplateSource {
  /** Jinja. */
  source: string;
  /** Variables of every rendering: `bos_token` and the like. */
  variables: Readonly<Record<string, string>>;
  /** The template's file, for errors. */
  name: string;
}

/** A prompt, and how to sample a reply to it. */
export interface SampleRequest {
  prompt_T: readonly number[];
  /** The most tokens; ≥ 1. */
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  topP?: number;
  topK?: number;
  /** Generation ends after any of these tokens; the token is part of the result. */
  stopTokens?: readonly number[];
  /** Generation ends once the text contains one of these; the text is cut before it. */
  stopStrings?: readonly string[];
  /** The same seed gives the same tokens, whatever else is in the batch. */
  seed: number;
  signal?: AbortSignal;
}

/** A sampled reply: its tokens, their log-probabilities, its text, and why it ended. */
export interface SampleResult {
  tokens_T: number[];
  /** log π(token) at temperature 1 without top-p/top-k, nats: the value that `logprobs` would give. */
  logprobs_T: number[];
  /** The text without the stop token or string. */
  text: string;
  stop: "token" | "string" | "length";
}

/**
 * A sequence and the log-probabilities to compute of it: entry n is log P(targets_N[n] | tokens_T[0..=positions_N[n]]),
 * nats. One position may have several targets (YES and NO of a critic).
 */
export interface Datum {
  tokens_T: readonly number[];
  positions_N: readonly number[];
  targets_N: readonly number[];
  /** Weights of cross-entropy, default 1. Ignored by a custom loss. */
  weights_N?: readonly number[];
}

/** ∂L/∂logprob for every target, and the loss itself (for the record). */
export interface LossGradient {
  loss: number;
  gradients_BN: Float32Array[];
}

/** The loss to minimise: cross-entropy, or any function of the token log-probabilities that returns its gradient. */
export type Loss =
  /** L = −Σ weights·logprob, a sum over the batch: the caller normalises by its weights. */
  | "cross_entropy"
  /** Called once per batch with the current log-probabilities. */
  | ((logprobs_BN: Float32Array[]) => LossGradient);

/** The loss of a batch before the step, and the log-probabilities that it was computed from. */
export interface ForwardBackwardResult {
  loss: number;
  logprobs_BN: Float32Array[];
  /** Tokens that went through the network, and how many of them were padding. */
  tokens: number;
  paddingTokens: number;
}

/** Settings of one AdamW step. */
export interface OptimStep {
  learningRate: number;
  /** Decoupled weight decay, default 0. */
  weightDecay?: number;
  /** Global-norm clipping, default 1; `Infinity` switches it off. */
  clipNorm?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** Something that samples: enough for rollouts and agents. */
export interface Sampler {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  /** Longest sequence, prompt and generation together. */
  readonly contextTokens: number;
  /** Concurrent calls are batched. Rejects with `signal.reason` when aborted. */
  sample(request: SampleRequest): Promise<SampleResult>;
}

/** For a model whose samples and log-probabilities come from different programs, which are then compared. */
export interface Sampling {
  /** A name of the sampler, for people. */
  readonly by: string;
  /** The most optimiser steps by which a sample's weights have lagged behind the model's. */
  staleness(): number;
}

/** A frozen set of weights. */
export interface FrozenModel extends Sampler, AsyncDisposable {
  /** Absent if one program both samples and computes log-probabilities. */
  readonly sampling?: Sampling;
  logprobs(datums_B: readonly Datum[]): Promise<Float32Array[]>;
}

export interface Model extends FrozenModel {
  /** Accumulates gradients. A non-finite loss or gradient throws and leaves weights and accumulator as they were. */
  forwardBackward(datums_B: readonly Datum[], loss: Loss): Promise<ForwardBackwardResult>;
  /** AdamW on the accumulated gradients, then clears them. Throws if nothing was accumulated. */
  optimStep(step: OptimStep): Promise<{ gradientNorm: number }>;
  /** Writes the weights, and the optimiser's state if requested, into a new directory; the manifest is written last. */
  save(directory: string, options?: { optimizer?: boolean }): Promise<void>;
  /** Restores exactly what `save` wrote, into this model. */
  load(directory: string): Promise<void>;
  /** A frozen copy that further training does not change. */
  fork(): Promise<FrozenModel>;
}

/** A LoRA adapter (Hu et al. 2021): y = x·Wᵀ + (alpha/rank)·(x·Aᵀ)·Bᵀ. */
export interface LoraSettings {
  rank: number;
  alpha: number;
  /** Last parts of module names, e.g. `q_proj`; default: every linear module. */
  targetModules?: readonly string[] | undefined;
  /** Layers that get adapters: the last n, or a list counted from 0; default: all. */
  layers?: number | readonly number[] | undefined;
}

/** Which model an engine opens, and which part of it to train. */
export interface OpenOptions {
  /** Directory of a model in Hugging Face's layout, of an adapter in PEFT's, or of one that `save` wrote. */
  path: string;
  /**
   * Train an adapter on the frozen base instead of all weights. An adapter's directory has its own settings: `lora` may
   * then be omitted or be the same; anything else throws.
   */
  lora?: (LoraSettings & { seed: number }) | undefined;
}

/** Runs language models: opens them for sampling, log-probabilities and training. */
export interface Engine extends AsyncDisposable {
  readonly name: string;
  /**
   * Adapters on one base share its memory, whoever opened them. The base stays in memory until the engine ends or
   * another base replaces it.
   */
  open(options: OpenOptions): Promise<Model>;
}
