/**
 * @file Forward, backward and optimiser step over one set of weights, in this thread. The weights belong to the
 * caller and are changed in place by `optimStep` alone.
 */

import { invariant } from "../../../core/errors.ts";
import { float32, int32, int64, type Program, type RunTensor } from "../graph/compile.ts";
import { ropeTables } from "../models/rope.ts";
import { adamwStep, globalNorm, type AdamWState, type TrainedTensor } from "./adamw.ts";
import { paddedLength, planMicroBatches, type MicroBatch } from "./batching.ts";
import { gradientName, trunkInput, type LossPrograms } from "./loss-programs.ts";
import { TrunkCache } from "./trunk-cache.ts";
import { activationBytes, chooseVariant } from "./memory.ts";
import { NonFiniteError } from "./non-finite.ts";
import type { Datum, ForwardBackwardResult, LossGradient, OptimStep } from "../../../core/engine.ts";
import type { DecoderConfig } from "../models/config.ts";

export interface TrainerOptions {
  /** Bytes that activations of one micro-batch may take. */
  memoryBudgetBytes: number;
  /** Tokens of a micro-batch, default 4096: more does not make a CPU faster. */
  maxTokens?: number;
  /** Shared by all models on one frozen base; default: one of its own. */
  trunkCache?: TrunkCache;
}

/** A loss that may be computed in another thread. */
export type AsyncLoss =
  | "cross_entropy"
  | ((logprobs_BN: Float32Array[]) => LossGradient | Promise<LossGradient>);

type Gradients = Map<string, Float32Array>;

export class Trainer {
  readonly #config: DecoderConfig;
  readonly #weights: ReadonlyMap<string, RunTensor>;
  readonly #trained: readonly TrainedTensor[];
  readonly #options: TrainerOptions;
  readonly #programs: LossPrograms;
  readonly #trunkCache: TrunkCache;
  /** The part of the model whose activations a micro-batch holds. */
  readonly #held: DecoderConfig;
  #accumulated: Gradients | null = null;
  #spare: Gradients[] = [];
  state: AdamWState = { step: 0, moments: new Map() };

  /**
   * `weights` by input name: parameters, and adapters as `<module>.lora_A`; `trained` are those that move.
   * `programs` belong to the caller: models of one shape share them.
   */
  constructor(
    config: DecoderConfig,
    weights: ReadonlyMap<string, RunTensor>,
    trained: readonly TrainedTensor[],
    programs: LossPrograms,
    options: TrainerOptions,
  ) {
    this.#config = config;
    this.#weights = weights;
    this.#trained = trained;
    this.#options = options;
    this.#programs = programs;
    this.#trunkCache = options.trunkCache ?? new TrunkCache();
    this.#held = { ...config, layers: config.layers - programs.trunkLayers };
  }

  async logprobs(datums_B: readonly Datum[]): Promise<Float32Array[]> {
    const results = emptyLogprobs(datums_B);
    for (const batch of this.#plan(datums_B)) {
      const program = await this.#programs.logprobs({ ...this.#variant(batch), recompute: false });
      const { logprobs } = await program.run(await this.#feeds(batch));
      spread(batch, datums_B, logprobs!.data as Float32Array, results);
    }
    return results;
  }

  async forwardBackward(datums_B: readonly Datum[], loss: AsyncLoss): Promise<ForwardBackwardResult> {
    const batches = this.#plan(datums_B);
    const result: ForwardBackwardResult = {
      loss: 0,
      logprobs_BN: emptyLogprobs(datums_B),
      tokens: batches.reduce((sum, { tokens_M }) => sum + tokens_M.length, 0),
      paddingTokens: batches.reduce((sum, { paddingTokens }) => sum + paddingTokens, 0),
    };
    const gradients =
      loss === "cross_entropy"
        ? await this.#crossEntropy(datums_B, batches, result)
        : await this.#customLoss(datums_B, batches, loss, result);
    if (!Number.isFinite(result.loss)) {
      this.#spare.push(gradients);
      throw new NonFiniteError(`the loss is ${result.loss}; the gradients of this call were dropped`);
    }
    for (const [name, gradient] of gradients) {
      if (!isFinite(gradient)) {
        this.#spare.push(gradients);
        throw new NonFiniteError(
          `the gradient of ${name} is not finite; the gradients of this call were dropped`,
        );
      }
    }
    if (this.#accumulated) {
      addInto(this.#accumulated, gradients);
      this.#spare.push(gradients);
    } else this.#accumulated = gradients;
    return result;
  }

  async optimStep(step: OptimStep): Promise<{ gradientNorm: number }> {
    const gradients = this.#accumulated;
    if (!gradients) throw new Error("optimStep without accumulated gradients: call forwardBackward first");
    const gradientNorm = globalNorm(gradients.values());
    if (!Number.isFinite(gradientNorm))
      throw new NonFiniteError("the global norm of the gradients is not finite; the step was refused");
    const clip = step.clipNorm ?? 1;
    const { learningRate, weightDecay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = step;
    invariant(Number.isFinite(learningRate) && clip > 0, `learning rate ${learningRate}, clip norm ${clip}`);
    const factor = gradientNorm > clip ? clip / gradientNorm : 1;
    adamwStep(
      this.#trained,
      gradients,
      this.state,
      { learningRate, weightDecay, beta1, beta2, epsilon },
      factor,
    );
    this.#accumulated = null;
    this.#spare.push(gradients);
    return { gradientNorm };
  }

  /** Drops accumulated gradients, after other weights were loaded. */
  clearGradients(): void {
    if (this.#accumulated) this.#spare.push(this.#accumulated);
    this.#accumulated = null;
  }

  async #crossEntropy(
    datums_B: readonly Datum[],
    batches: readonly MicroBatch[],
    result: ForwardBackwardResult,
  ): Promise<Gradients> {
    const call = new CallGradients(this.#trained, this.#spare);
    for (const batch of batches) {
      const weights = gather(
        batch,
        (b) => datums_B[b]!.weights_N ?? new Float32Array(datums_B[b]!.targets_N.length).fill(1),
      );
      const program = await this.#programs.buildFused(this.#variant(batch));
      const { logprobs } = await call.run(
        program,
        await this.#feeds(
          batch,
          weights.map((w) => -w),
        ),
      );
      const data = logprobs!.data as Float32Array;
      // A target without weight contributes nothing, even if its probability is 0.
      weights.forEach((weight, n) => {
        if (weight !== 0) result.loss -= weight * data[n]!;
      });
      spread(batch, datums_B, data, result.logprobs_BN);
    }
    return call.done();
  }

  async #customLoss(
    datums_B: readonly Datum[],
    batches: readonly MicroBatch[],
    loss: Exclude<AsyncLoss, string>,
    result: ForwardBackwardResult,
  ): Promise<Gradients> {
    const { memoryBudgetBytes } = this.#options;
    const bytes = batches.reduce(
      (sum, { sequences, time, rows_R }) =>
        sum +
        activationBytes(
          this.#held,
          sequences,
          time,
          rows_R.length,
          this.#variantOf(time, rows_R.length).recompute,
        ),
      0,
    );
    const hold = bytes <= memoryBudgetBytes;
    const held: Record<string, RunTensor>[] = [];
    for (const batch of batches) {
      const variant = this.#variant(batch);
      const forward = hold
        ? (await this.#programs.split(variant)).forward
        : await this.#programs.logprobs({ ...variant, recompute: false });
      const { logprobs, ...activations } = await forward.run(await this.#feeds(batch));
      if (hold) held.push(activations);
      spread(batch, datums_B, logprobs!.data as Float32Array, result.logprobs_BN);
    }
    const { loss: value, gradients_BN } = await loss(result.logprobs_BN.map((row) => row.slice()));
    result.loss = value;
    invariant(
      gradients_BN.length === datums_B.length &&
        gradients_BN.every((row, b) => row.length === datums_B[b]!.targets_N.length),
      "a loss gives one gradient per log-probability",
    );
    const call = new CallGradients(this.#trained, this.#spare);
    for (const [i, batch] of batches.entries()) {
      const variant = this.#variant(batch);
      const feeds = await this.#feeds(
        batch,
        gather(batch, (b) => gradients_BN[b]!),
      );
      if (hold) {
        await call.run((await this.#programs.split(variant)).backward, { ...feeds, ...held[i] });
        held[i] = {};
      } else await call.run(await this.#programs.buildFused(variant), feeds);
    }
    return call.done();
  }

  #plan(datums_B: readonly Datum[]): MicroBatch[] {
    return planMicroBatches(datums_B, this.#config, {
      maxTokens: this.#options.maxTokens ?? 4096,
      memoryBudgetBytes: this.#options.memoryBudgetBytes,
      activationBytes: (sequences, time, rows) =>
        activationBytes(this.#held, sequences, time, rows, this.#variantOf(time, rows).recompute),
    });
  }

  #variant(batch: MicroBatch) {
    return this.#variantOf(batch.time, batch.rows_R.length / batch.sequences);
  }

  #variantOf(time: number, rows: number) {
    return chooseVariant(this.#held, time, Math.min(rows, time), this.#options.memoryBudgetBytes);
  }

  async #feeds(batch: MicroBatch, dLogprobs_N?: Float32Array): Promise<Record<string, RunTensor>> {
    const feeds = lossFeeds(this.#config, this.#weights, batch, dLogprobs_N);
    return this.#programs.trunkLayers > 0
      ? { ...feeds, [trunkInput]: await this.#trunk(batch, feeds) }
      : feeds;
  }

  /** What the layers below the adapters give: from the cache, and computed for the sequences that are not in it. */
  async #trunk(
    { time, lengths, tokens_M }: MicroBatch,
    feeds: Record<string, RunTensor>,
  ): Promise<RunTensor> {
    const width = this.#config.hiddenSize;
    const layers = this.#programs.trunkLayers;
    const tokensOf = (s: number) => tokens_M.subarray(s * time, s * time + lengths[s]!);
    // Rows of padding stay 0: nothing reads them.
    const hidden_M = new Float32Array(tokens_M.length * width);
    // By their own padded lengths: what is kept depends on a sequence's tokens alone, to the last bit, not on its first
    // batch.
    const missing = new Map<number, number[]>();
    lengths.forEach((length, s) => {
      const known = this.#trunkCache.get(layers, tokensOf(s));
      if (known) hidden_M.set(known, s * time * width);
      else missing.set(paddedLength(length), [...(missing.get(paddedLength(length)) ?? []), s]);
    });
    for (const [padded, members] of missing) {
      const tokens = new Int32Array(members.length * padded);
      members.forEach((s, i) => tokens.set(tokensOf(s), i * padded));
      const positions = BigInt64Array.from(tokens, (_, m) => BigInt(m % padded));
      const program = await this.#programs.trunk(this.#variantOf(padded, 1));
      const { hidden } = await program.run({
        ...feeds,
        tokens: int32(tokens, [tokens.length]),
        positions: int64(positions, [members.length, padded]),
      });
      members.forEach((s, i) => {
        const from = i * padded * width;
        const rows = (hidden!.data as Float32Array).slice(from, from + lengths[s]! * width);
        hidden_M.set(rows, s * time * width);
        this.#trunkCache.put(layers, tokensOf(s), rows);
      });
    }
    return float32(hidden_M, [tokens_M.length, width]);
  }
}

const ropeOf = new WeakMap<DecoderConfig, Record<string, RunTensor>>();

/** The inputs of every program of `LossPrograms`; `dLogprobs_N` is ∂L/∂logprob, in the order of the micro-batch. */
export function lossFeeds(
  config: DecoderConfig,
  weights: ReadonlyMap<string, RunTensor>,
  batch: MicroBatch,
  dLogprobs_N?: Float32Array,
): Record<string, RunTensor> {
  let rope = ropeOf.get(config);
  if (!rope) {
    // Padding may reach beyond a context that is not a multiple of its step.
    const length = paddedLength(config.contextTokens);
    const { cos, sin } = ropeTables(config, length);
    const dims = [length, config.rope.dim / 2];
    ropeOf.set(config, (rope = { rope_cos: float32(cos, dims), rope_sin: float32(sin, dims) }));
  }
  const n = batch.targets_N.length;
  return {
    ...Object.fromEntries(weights),
    ...rope,
    tokens: int32(batch.tokens_M, [batch.tokens_M.length]),
    positions: int64(batch.positions_M, [batch.sequences, batch.time]),
    rows: int32(batch.rows_R, [batch.rows_R.length]),
    target_rows: int32(batch.targetRows_N, [n]),
    targets: int32(batch.targets_N, [n]),
    ...(dLogprobs_N ? { d_logprobs: float32(dLogprobs_N, [n]) } : {}),
  };
}

/** Gradients of one call: the first micro-batch writes them, the others are added. */
class CallGradients {
  readonly #trained: readonly TrainedTensor[];
  readonly #spare: Gradients[];
  #sum: Gradients | null = null;

  constructor(trained: readonly TrainedTensor[], spare: Gradients[]) {
    this.#trained = trained;
    this.#spare = spare;
  }

  async run(program: Program, feeds: Record<string, RunTensor>): Promise<Record<string, RunTensor>> {
    const into = this.#take();
    const outputs = Object.fromEntries(
      this.#trained.map(({ name }) => [gradientName(name), float32(into.get(name)!, feeds[name]!.dims)]),
    );
    const results = await program.run(feeds, outputs);
    if (this.#sum) {
      addInto(this.#sum, into);
      this.#spare.push(into);
    } else this.#sum = into;
    return results;
  }

  done(): Gradients {
    if (this.#sum) return this.#sum;
    const zeros = this.#take();
    for (const data of zeros.values()) data.fill(0);
    return zeros;
  }

  #take(): Gradients {
    return (
      this.#spare.pop() ??
      new Map(this.#trained.map(({ name, data }) => [name, new Float32Array(data.length)]))
    );
  }
}

function addInto(sum: Gradients, more: Gradients): void {
  for (const [name, target] of sum) {
    const source = more.get(name)!;
    for (let i = 0; i < target.length; i++) target[i]! += source[i]!;
  }
}

/** x·0 is NaN exactly where x is not finite. */
function isFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
  return sum === 0;
}

const emptyLogprobs = (datums_B: readonly Datum[]): Float32Array[] =>
  datums_B.map(({ targets_N }) => new Float32Array(targets_N.length));

/** One number per target of the micro-batch, in its order. */
function gather(batch: MicroBatch, of: (b: number) => ArrayLike<number>): Float32Array {
  const values = new Float32Array(batch.targets_N.length);
  let at = 0;
  for (const b of batch.members) {
    const row = of(b);
    values.set(row, at);
    at += row.length;
  }
  return values;
}

/** Puts the micro-batch's log-probabilities where they belong. */
function spread(
  batch: MicroBatch,
  datums_B: readonly Datum[],
  data: Float32Array,
  into: Float32Array[],
): void {
  let at = 0;
  for (const b of batch.members) {
    const count = datums_B[b]!.targets_N.length;
    into[b]!.set(data.subarray(at, at + count));
    at += count;
  }
}
