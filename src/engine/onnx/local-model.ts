/** @file One open model in this thread: its weights, trainer and sampler. Verbs of one model run one after another. */

import { ConfigError } from "../../core/errors.ts";
import { float32, type RunTensor } from "./graph/compile.ts";
import { readOptimizer, readTrained, writeModel, type BaseModel } from "./model-files.ts";
import { createSampler, type OnnxSampler } from "./sampler/sampler.ts";
import { Trainer } from "./train/trainer.ts";
import { TrunkCache } from "./train/trunk-cache.ts";
import type {
  Datum,
  ForwardBackwardResult,
  FrozenModel,
  Model,
  OptimStep,
  SampleRequest,
  SampleResult,
  Tokenizer,
} from "../../core/engine.ts";
import type { LocalEngineOptions } from "./local-engine-options.ts";
import type { DecoderConfig } from "./models/config.ts";
import type { LoraOptions, LoraSpec } from "./models/parameters.ts";
import type { SamplerPrograms } from "./sampler/programs.ts";
import type { SharedBase } from "./shared-bases.ts";
import type { TrainedTensor } from "./train/adamw.ts";
import type { LossPrograms } from "./train/loss-programs.ts";
import type { AsyncLoss } from "./train/trainer.ts";

export interface LocalModelParts {
  base: BaseModel;
  /** Tensors that training changes: all parameters, or the adapters. */
  trained: ReadonlyMap<string, RunTensor>;
  tensors: readonly TrainedTensor[];
  lora: { options: LoraOptions; specs: readonly LoraSpec[] } | null;
  programs: LossPrograms;
  /** Compiled on first use. */
  samplerPrograms: () => Promise<SamplerPrograms>;
  engine: LocalEngineOptions;
  /** The frozen base of adapters, released when the model is closed. */
  shared: SharedBase | null;
  onClose: (model: LocalModel) => void;
  adopt: (copy: LocalModel) => void;
}

const trunkCaches = new WeakMap<ReadonlyMap<string, RunTensor>, TrunkCache>();

/** One for all models on the same weights. */
function trunkCacheOf({ tensors }: BaseModel): TrunkCache {
  let cache = trunkCaches.get(tensors);
  if (!cache) trunkCaches.set(tensors, (cache = new TrunkCache()));
  return cache;
}

export class LocalModel implements Model {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly contextTokens: number;
  readonly lora: LocalModelParts["lora"];
  readonly #parts: LocalModelParts;
  readonly #trainer: Trainer;
  readonly #weights: ReadonlyMap<string, RunTensor>;
  /** Made on first sampling: most forks only compute log-probabilities. */
  #sampler: Promise<OnnxSampler> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: LocalModelParts) {
    const { base, trained, lora, engine } = parts;
    this.#parts = parts;
    this.name = base.directory;
    this.tokenizer = base.tokenizer;
    this.contextTokens = base.config.contextTokens;
    this.lora = lora;
    this.#weights = new Map([...base.tensors, ...trained]);
    this.#trainer = new Trainer(base.config, this.#weights, parts.tensors, parts.programs, {
      ...engine,
      trunkCache: trunkCacheOf(base),
    });
  }

  get directory(): string {
    return this.#parts.base.directory;
  }

  get config(): DecoderConfig {
    return this.#parts.base.config;
  }

  async sample(request: SampleRequest): Promise<SampleResult> {
    this.#open();
    this.#sampler ??= this.#createSampler();
    return (await this.#sampler).sample(request);
  }

  logprobs(datums_B: readonly Datum[]): Promise<Float32Array[]> {
    return this.#inTurn(() => this.#trainer.logprobs(datums_B));
  }

  forwardBackward(datums_B: readonly Datum[], loss: AsyncLoss): Promise<ForwardBackwardResult> {
    return this.#inTurn(() => this.#trainer.forwardBackward(datums_B, loss));
  }

  optimStep(step: OptimStep): Promise<{ gradientNorm: number }> {
    return this.#inTurn(() => this.#change(() => this.#trainer.optimStep(step)));
  }

  save(directory: string, options: { optimizer?: boolean } = {}): Promise<void> {
    return this.#inTurn(() =>
      writeModel(directory, {
        base: this.#parts.base,
        trained: this.#parts.trained,
        lora: this.lora,
        optimizer: options.optimizer ? this.#trainer.state : null,
      }),
    );
  }

  load(directory: string): Promise<void> {
    return this.#inTurn(async () => {
      const { base, tensors } = this.#parts;
      // Everything is read before anything changes.
      const values = await readTrained(directory, base, this.lora);
      const state = await readOptimizer(
        directory,
        new Map(tensors.map(({ name, data }) => [name, data.length])),
      );
      await this.#change(() => {
        for (const { name, data } of tensors) data.set(values.get(name)!);
        this.#trainer.state = state;
        this.#trainer.clearGradients();
      });
    });
  }

  fork(): Promise<FrozenModel> {
    return this.#inTurn(async () => {
      const trained = new Map(
        [...this.#parts.trained].map(([name, { data, dims }]) => [
          name,
          float32((data as Float32Array).slice(), dims),
        ]),
      );
      const { shared } = this.#parts;
      const copy = new LocalModel({ ...this.#parts, trained, tensors: [], shared: shared && shared.share() });
      this.#parts.adopt(copy);
      return copy;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#queue;
    await (await this.#sampler)?.[Symbol.asyncDispose]();
    this.#parts.shared?.release();
    this.#parts.onClose(this);
  }

  async #createSampler(): Promise<OnnxSampler> {
    const { base, samplerPrograms } = this.#parts;
    return createSampler({
      name: this.name,
      config: base.config,
      tokenizer: base.tokenizer,
      weights: this.#weights,
      programs: await samplerPrograms(),
    });
  }

  #open(): void {
    if (this.#closed) throw new ConfigError(`model ${this.name} was closed`, "Open it again.");
  }

  /** Changes weights between requests of the sampler, which then drops what it cached for the old ones. */
  async #change<T>(change: () => T | Promise<T>): Promise<T> {
    const sampler = await this.#sampler;
    return sampler ? sampler.update(change) : change();
  }

  #inTurn<T>(verb: () => Promise<T>): Promise<T> {
    this.#open();
    const result = this.#queue.then(verb);
    this.#queue = result.catch(() => undefined);
    return result;
  }
}
