/**
 * @file Samples from a decoder with continuous batching: requests join and leave the running batch at any token.
 *
 * ```
 * sample() ─► waiting ─► prefill (one prompt at a time, behind the longest known prefix) ─► running ─► result
 *                                                   decode: one token of every running request
 * ```
 *
 * Independence of the batch: every request has its own random stream; a prompt is read alone; attention is computed
 * row by row; and in the linear layers a row's sums do not depend on how many rows there are, as long as there
 * are two (one row takes another kernel, so a lone sequence is padded with a row that nobody reads). On the CPU
 * provider the same seed therefore gives the same tokens and the same log-probabilities to the last bit whatever else
 * runs, but for the softmax over a longer cache, which may round differently; other providers promise only their
 * rounding.
 */

import type { SampleRequest, SampleResult, Sampler, Tokenizer } from "../../../core/engine.ts";
import { ConfigError, Fault } from "../../../core/errors.ts";
import { createRng, type Rng } from "../../../core/rng.ts";
import { float32, int32, int64, type Provider, type RunTensor } from "../graph/compile.ts";
import type { DecoderConfig } from "../models/config.ts";
import { parameterCount, type LoraSpec } from "../models/parameters.ts";
import { ropeTables } from "../models/rope.ts";
import { chooseToken, inverseTemperature, type Distribution } from "./choose-token.ts";
import { cacheBytes, KvCache, type LayerState } from "./kv-cache.ts";
import { PrefixCache } from "./prefix-cache.ts";
import { compileSampler, pastNames, type SamplerPrograms } from "./programs.ts";
import { StopWatcher } from "./stop-watcher.ts";

export interface SamplerOptions {
  name: string;
  config: DecoderConfig;
  tokenizer: Tokenizer;
  /** By graph input name, as the trainer has them. Read at every run; change them within {@link OnnxSampler.update}. */
  weights: ReadonlyMap<string, RunTensor>;
  lora?: readonly LoraSpec[];
  provider?: Provider;
  threads?: number;
  /**
   * Compiled already, for this shape; they stay the caller's. Default: the sampler compiles its own and releases them.
   */
  programs?: SamplerPrograms;
  /** Longest sequence, default the model's. */
  contextTokens?: number;
}

export interface SamplerStatistics {
  /** Prompt tokens that went through the network, and those taken from the prefix cache instead. */
  prefillTokens: number;
  reusedTokens: number;
  decodeSteps: number;
  /** Tokens that decode steps gave; divided by `decodeSteps` this is the mean batch. */
  decodedTokens: number;
}

export interface OnnxSampler extends Sampler, AsyncDisposable {
  /**
   * Runs `change`, which may write to the weights: after the running requests have ended and before any waiting one
   * starts. What was cached of the old weights is dropped.
   */
  update<T>(change: () => T | Promise<T>): Promise<T>;
  readonly statistics: Readonly<SamplerStatistics>;
}

/**
 * Sequences that are decoded at once; fewer where their keys and values would need more memory when they are finished.
 */
const mostRunning = 32;
/** But one request may always run. */
export const mostCacheBytes = 2 ** 30;
/** For keys and values of recent prompts. */
export const prefixCacheBytes = 128 * 2 ** 20;
/** Shorter common beginnings are not worth a copy. */
const shortestPrefix = 16;
/**
 * Floating-point operations of one prefill run of a small model: about 20 ms on two cores, so that others get their
 * turn.
 */
const prefillOperations = 2e9;
/** A larger model reads this many tokens at once: each piece costs it all its weights again. */
const leastPiece = 512;

interface Running {
  request: SampleRequest;
  rng: Rng;
  stop: StopWatcher;
  tokens_T: number[];
  logprobs_T: number[];
  maxTokens: number;
  resolve: (result: SampleResult) => void;
  reject: (reason: unknown) => void;
  /** Removes the abort listener. */
  detach: () => void;
}

/** Weights are fed at every run, so samplers of one shape can share `options.programs`. */
export async function createSampler(options: SamplerOptions): Promise<OnnxSampler> {
  const { config, lora = [], provider = "cpu", threads, programs } = options;
  return new BatchingSampler(
    options,
    programs ?? (await compileSampler(config, lora, { provider, threads })),
    programs === undefined,
  );
}

class BatchingSampler implements OnnxSampler {
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly contextTokens: number;
  readonly statistics: SamplerStatistics = {
    prefillTokens: 0,
    reusedTokens: 0,
    decodeSteps: 0,
    decodedTokens: 0,
  };
  readonly #config: DecoderConfig;
  readonly #programs: SamplerPrograms;
  readonly #ownsPrograms: boolean;
  /** Weights and rotary tables: what every run is fed. */
  readonly #constants: Record<string, RunTensor>;
  readonly #chunkTokens: number;
  readonly #cache: KvCache;
  readonly #prefixes: PrefixCache;
  #waiting: Running[] = [];
  #running: Running[] = [];
  #updates: { run: () => Promise<void>; reject: (reason: unknown) => void }[] = [];
  #loop: Promise<void> | null = null;
  #disposed = false;

  constructor(options: SamplerOptions, programs: SamplerPrograms, ownsPrograms: boolean) {
    const { config } = options;
    this.name = options.name;
    this.tokenizer = options.tokenizer;
    this.contextTokens = Math.min(options.contextTokens ?? config.contextTokens, config.contextTokens);
    this.#config = config;
    this.#programs = programs;
    this.#ownsPrograms = ownsPrograms;
    this.#chunkTokens = Math.max(leastPiece, Math.floor(prefillOperations / (2 * parameterCount(config))));
    this.#cache = new KvCache(config, mostRunning);
    this.#prefixes = new PrefixCache(prefixCacheBytes);
    const { cos, sin } = ropeTables(config, this.contextTokens);
    const dims = [this.contextTokens, config.rope.dim / 2];
    this.#constants = {
      ...Object.fromEntries(options.weights),
      rope_cos: float32(cos, dims),
      rope_sin: float32(sin, dims),
    };
  }

  sample(request: SampleRequest): Promise<SampleResult> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) throw this.#makeDisposedFault();
      this.#check(request);
      request.signal?.throwIfAborted();
      const running: Running = {
        request,
        rng: createRng(`sample/${request.seed}`),
        stop: new StopWatcher(this.tokenizer, request),
        tokens_T: [],
        logprobs_T: [],
        maxTokens: Math.min(request.maxTokens, this.contextTokens - request.prompt_T.length),
        resolve,
        reject,
        detach: () => request.signal?.removeEventListener("abort", onAbort),
      };
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((other) => other !== running);
        const row = this.#running.indexOf(running);
        if (row >= 0) this.#release(row);
        reject(request.signal!.reason);
      };
      request.signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(running);
      this.#start();
    });
  }

  update<T>(change: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) throw this.#makeDisposedFault();
      const run = async () => {
        this.#prefixes.clear();
        try {
          resolve(await change());
        } catch (reason) {
          reject(reason);
        }
      };
      this.#updates.push({ run, reject });
      this.#start();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#failAll(this.#makeDisposedFault());
    for (const { reject } of this.#updates.splice(0)) reject(this.#makeDisposedFault());
    await this.#loop;
    this.#prefixes.clear();
    this.#cache.clear();
    if (this.#ownsPrograms) await this.#programs[Symbol.asyncDispose]();
  }

  #makeDisposedFault(): Fault {
    return new Fault("engine_failed", `${this.name} was disposed`, { retryable: false });
  }

  #check({ prompt_T, maxTokens, temperature, topP = 1, topK = 0 }: SampleRequest): void {
    const { vocabSize } = this.#config;
    const fail = (message: string, hint: string) => {
      throw new ConfigError(message, hint);
    };
    if (prompt_T.length === 0) fail("the prompt has no tokens", "Give at least one token.");
    if (prompt_T.length >= this.contextTokens)
      fail(
        `the prompt has ${prompt_T.length} tokens, the context of ${this.name} only ${this.contextTokens}`,
        "Shorten the prompt, or use a model with a longer context.",
      );
    const foreign = prompt_T.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize);
    if (foreign !== undefined)
      fail(
        `the prompt holds token ${foreign}, the vocabulary ends at ${vocabSize - 1}`,
        "Use this model's tokenizer.",
      );
    if (!(Number.isInteger(maxTokens) && maxTokens >= 1))
      fail(`maxTokens is ${maxTokens}`, "Use an integer of at least 1.");
    if (!(temperature >= 0 && temperature < Infinity))
      fail(`temperature is ${temperature}`, "Use 0 or more.");
    if (!(topP > 0 && topP <= 1)) fail(`topP is ${topP}`, "Use a number above 0 and at most 1.");
    if (!(Number.isInteger(topK) && topK >= 0))
      fail(`topK is ${topK}`, "Use a whole number; 0 switches it off.");
  }

  #start(): void {
    this.#loop ??= this.#work().finally(() => {
      this.#loop = null;
      if (this.#waiting.length > 0 || this.#updates.length > 0) this.#start();
    });
  }

  async #work(): Promise<void> {
    // A tick's grace, so that requests made together are seen together.
    await new Promise(setImmediate);
    for (;;) {
      if (this.#running.length === 0) {
        for (const { run } of this.#updates.splice(0)) await run();
      }
      try {
        while (this.#updates.length === 0 && this.#chooseFitting().length > 0) await this.#admit();
        if (this.#running.length > 0) await this.#decode();
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        this.#failAll(
          new Fault("engine_failed", `sampling from ${this.name}: ${message}`, { retryable: false, cause }),
        );
        // After NaN the buffers may hold it, and masked keys must be finite.
        this.#cache.clear();
        this.#prefixes.clear();
      }
      if (this.#running.length + this.#waiting.length + this.#updates.length === 0) return;
    }
  }

  #failAll(reason: unknown): void {
    const all = [...this.#running, ...this.#waiting];
    this.#running = [];
    this.#waiting = [];
    for (const { detach, reject } of all) {
      detach();
      reject(reason);
    }
  }

  /** Reads the oldest waiting prompt, takes its first token and gives the request a row. */
  async #admit(): Promise<void> {
    const running = this.#waiting[0]!;
    const prefill = await this.#prefill(running);
    // It stayed in the list meanwhile, where an abort or a disposal takes it out.
    if (this.#waiting[0] !== running || !prefill) return;
    this.#waiting.shift();
    const { distribution, layers } = prefill;
    const { prompt_T } = running.request;
    const row = this.#running.push(running) - 1;
    if (this.#takeToken(running, distribution)) {
      this.#running.pop();
      return;
    }
    this.#cache.reserve(Math.max(2, row + 1), this.#expectedLength(running), row);
    this.#cache.fill(row, layers, prompt_T.length);
  }

  /**
   * The oldest waiting requests, as many as can run beside the running ones. One that is too long for that holds up
   * those behind it.
   */
  #chooseFitting(): Running[] {
    const batch = [...this.#running];
    const longest = () =>
      Math.max(...batch.map(({ request, maxTokens }) => request.prompt_T.length + maxTokens));
    for (const running of this.#waiting) {
      batch.push(running);
      const fits =
        batch.length <= mostRunning && cacheBytes(this.#config, batch.length, longest()) <= mostCacheBytes;
      if (batch.length > 1 && !fits) {
        batch.pop();
        break;
      }
    }
    return batch.slice(this.#running.length);
  }

  /** Room to ask for at once, so that rows are not laid out anew for every prompt that is a little longer. */
  #expectedLength(running: Running): number {
    const soon = [running, ...this.#chooseFitting()];
    return Math.max(
      ...soon.map(({ request, maxTokens }) => request.prompt_T.length + Math.min(maxTokens, 64)),
    );
  }

  /** `null` where the request was aborted on the way. */
  async #prefill(
    running: Running,
  ): Promise<{ distribution: Distribution; layers: readonly LayerState[] } | null> {
    const { prompt_T } = running.request;
    const found = this.#prefixes.find(prompt_T);
    // The last two tokens are always read: the last for its logits, two because one row takes another kernel.
    const shared = found ? Math.max(0, Math.min(found.shared, prompt_T.length - 2)) : 0;
    let done = shared >= shortestPrefix ? shared : 0;
    let past = done > 0 ? found!.entry.layers : this.#nothing;
    this.statistics.reusedTokens += done;
    this.statistics.prefillTokens += prompt_T.length - done;
    for (;;) {
      const left = prompt_T.length - done;
      // Pieces of about one size; never a single token for the last one.
      const pieces = left <= this.#chunkTokens + 1 ? 1 : Math.ceil(left / this.#chunkTokens);
      const count = Math.ceil(left / pieces);
      const { program, blocks } = this.#programs.prefill(count);
      const results = await program.run({
        ...this.#constants,
        ...this.#pastFeeds(past),
        ...this.#temperatures([running]),
        tokens: int32(Int32Array.from(prompt_T.slice(done, done + count)), [count]),
        positions: int64(
          BigInt64Array.from({ length: count }, (_, t) => BigInt(done + t)),
          [1, count],
        ),
        rows: int32(Int32Array.of(count - 1), [1]),
        past: int64(BigInt64Array.of(BigInt(done)), [1]),
        ...blockFeeds(done, count, blocks),
      });
      past = this.#programs.prefillOutputs.map(({ keysTransposed, values }) => ({
        keysTransposed: results[keysTransposed]!.data as Float32Array,
        values: results[values]!.data as Float32Array,
      }));
      done += count;
      if (done < prompt_T.length) {
        if (this.#waiting[0] !== running) return null;
        continue;
      }
      if (shared < prompt_T.length - 2) this.#prefixes.add({ tokens_T: prompt_T, layers: past });
      return { distribution: this.#distribution(results, 0), layers: past };
    }
  }

  #pastFeeds(layers: readonly LayerState[]): Record<string, RunTensor> {
    const { kvHeads, headDim } = this.#config;
    return Object.fromEntries(
      layers.flatMap(({ keysTransposed, values }, layer) => {
        const tokens = values.length / (kvHeads * headDim);
        return [
          [pastNames(layer).keys, float32(keysTransposed, [kvHeads, 1, headDim, tokens])],
          [pastNames(layer).values, float32(values, [kvHeads, 1, tokens, headDim])],
        ];
      }),
    );
  }

  /** A past of one token that no run looks at: a graph input cannot be empty. */
  get #nothing(): LayerState[] {
    const empty = new Float32Array(this.#config.kvHeads * this.#config.headDim);
    return Array.from({ length: this.#config.layers }, () => ({ keysTransposed: empty, values: empty }));
  }

  #temperatures(rows: readonly Running[]): Record<string, RunTensor> {
    const values = rows.map(({ request }) => inverseTemperature(request.temperature));
    return { inverse_temperature: float32(Float32Array.from(values), [rows.length, 1]) };
  }

  #distribution({ logits, probabilities, log_sum }: Record<string, RunTensor>, row: number): Distribution {
    const [from, to] = [row * this.#config.vocabSize, (row + 1) * this.#config.vocabSize];
    return {
      logits_V: (logits!.data as Float32Array).subarray(from, to),
      probabilities_V: (probabilities!.data as Float32Array).subarray(from, to),
      logSum: (log_sum!.data as Float32Array)[row]!,
    };
  }

  /** One token of every running request. */
  async #decode(): Promise<void> {
    const batch = [...this.#running];
    const positions = batch.map(({ request, tokens_T }) => request.prompt_T.length + tokens_T.length - 1);
    const rows = Math.max(2, batch.length);
    this.#cache.reserve(rows, Math.max(...positions) + 1, batch.length);
    const padRows = <T>(values: T[]): T[] => Array.from({ length: rows }, (_, b) => values[b] ?? values[0]!);
    const results = await this.#programs.decode.run({
      ...this.#constants,
      ...this.#cache.feeds(rows),
      ...this.#temperatures(padRows(batch)),
      tokens: int32(Int32Array.from(padRows(batch.map(({ tokens_T }) => tokens_T.at(-1)!))), [rows]),
      positions: int64(BigInt64Array.from(padRows(positions), BigInt), [rows, 1]),
    });
    this.statistics.decodeSteps++;
    this.statistics.decodedTokens += batch.length;
    const state = results["states"]!.data as Float32Array;
    const stateSize = state.length / rows;
    batch.forEach((running, b) => {
      // An abort may have moved or removed rows while the step ran.
      const row = this.#running.indexOf(running);
      if (row < 0) return;
      this.#cache.append(row, positions[b]!, state.subarray(b * stateSize, (b + 1) * stateSize));
      if (this.#takeToken(running, this.#distribution(results, b))) this.#release(row);
    });
  }

  /** Adds a token; true once the request is finished and answered. */
  #takeToken(running: Running, distribution: Distribution): boolean {
    const { request, tokens_T, logprobs_T, rng } = running;
    const { token, logprob } = chooseToken(distribution, request, () => rng.next());
    tokens_T.push(token);
    logprobs_T.push(logprob);
    const ended = running.stop.after(tokens_T) ?? (tokens_T.length >= running.maxTokens ? "length" : null);
    if (ended === null) return false;
    running.detach();
    running.resolve({ tokens_T, logprobs_T, text: running.stop.text(tokens_T, ended), stop: ended });
    return true;
  }

  /** Frees a row; the last running request moves into it. */
  #release(row: number): void {
    const last = this.#running.pop()!;
    if (row === this.#running.length) return;
    this.#running[row] = last;
    this.#cache.move(this.#running.length, row);
  }
}

/** Queries of each block of a piece of `count` tokens, and the keys that it sees. */
function blockFeeds(done: number, count: number, blocks: number): Record<string, RunTensor> {
  const bounds = Array.from({ length: blocks + 1 }, (_, i) => Math.ceil((i * count) / blocks));
  const sizes = bounds.slice(1).map((bound, i) => BigInt(bound - bounds[i]!));
  const ends = bounds.slice(1).map((bound) => BigInt(done + bound));
  return {
    sizes: int64(BigInt64Array.from(sizes), [blocks]),
    ends: int64(BigInt64Array.from(ends), [blocks]),
  };
}
