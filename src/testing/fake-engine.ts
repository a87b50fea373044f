/**
 * @file A small engine that really samples and really learns: a log-linear table model. Its logits are a sum of rows
 * chosen by hashes of the last token, of the last three tokens, and of the whole context, so it can memorise what
 * follows a prompt and shares something between prompts. For tests of everything above an engine.
 */

import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  Datum,
  Engine,
  ForwardBackwardResult,
  FrozenModel,
  Loss,
  Model,
  OpenOptions,
  OptimStep,
  SampleRequest,
  SampleResult,
  Sampling,
  Tokenizer,
} from "../core/engine.ts";
import { ConfigError, invariant } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { createRng } from "../core/rng.ts";
import type { Rng } from "../core/rng.ts";

/** Settings of the fake engine. */
export interface FakeEngineOptions {
  /** Texts that are one token each, besides the 256 bytes. Default: {@link FAKE_WORDS}. */
  words?: readonly string[];
  /** Default 4096. */
  contextTokens?: number;
  /** As for a model that is sampled elsewhere. */
  sampling?: Sampling;
}

/** Special tokens of the fake tokenizer: the ones that webrl's own templates need. */
export const FAKE_SPECIAL_TOKENS = [
  "<|begin_of_text|>",
  "<|start_header_id|>",
  "<|end_header_id|>",
  "<|eot_id|>",
] as const;

/** The action grammar and the verdicts, one token each. */
export const FAKE_WORDS: readonly string[] = [
  ...FAKE_SPECIAL_TOKENS,
  "YES",
  "NO",
  'do(action="',
  '", element="',
  '", argument="',
  'exit(message="',
  '")',
  "\n",
  "\n\n",
  " ",
  "Click",
  "Type",
  "Search",
  "Scroll Down",
  "Scroll Up",
  "Press Enter",
  "Wait",
  "Go Backward",
  "Select Dropdown Option",
  "link ",
  "button ",
  "textbox ",
  "combobox ",
  "system",
  "user",
  "assistant",
  // The compact template puts a space before values (`text/spacing.ts`).
  '", argument=" ',
  'exit(message=" ',
];

/** A tokenizer of bytes and a list of words. */
export function createFakeTokenizer(words: readonly string[] = FAKE_WORDS): Tokenizer {
  const ids = new Map(words.map((word, index) => [word, 256 + index]));
  const byLength = [...words].sort((a, b) => b.length - a.length);
  const escaped = byLength.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(${escaped.join("|")})`);
  const special = new Set<string>(FAKE_SPECIAL_TOKENS.filter((token) => ids.has(token)));
  const specialPattern = /(<\|\w+\|>)/;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return {
    vocabSize: 256 + words.length,
    encode: (text) => {
      // Special tokens of our own pieces, and between them runs of all pieces' text.
      const runs: { text: string; special: boolean }[] = [];
      const add = (part: string, isSpecial: boolean) => {
        const last = runs.at(-1);
        if (!isSpecial && last && !last.special) last.text += part;
        else runs.push({ text: part, special: isSpecial });
      };
      for (const piece of typeof text === "string" ? [text] : text)
        if (typeof piece !== "string") add(piece.plain, false);
        else for (const part of piece.split(specialPattern)) add(part, special.has(part));
      return runs.flatMap((run) =>
        run.text.split(run.special ? specialPattern : pattern).flatMap((part) => {
          const id = ids.get(part);
          return id === undefined || (special.has(part) && !run.special) ? [...encoder.encode(part)] : [id];
        }),
      );
    },
    decode: (tokens) => {
      const bytes: number[] = [];
      for (const token of tokens) {
        const word = words[token - 256];
        if (token < 256) bytes.push(token);
        else if (word !== undefined) bytes.push(...encoder.encode(word));
        else throw new RangeError(`no token ${token}`);
      }
      return decoder.decode(new Uint8Array(bytes));
    },
    idOf: (token) =>
      ids.get(token) ?? (token.length === 1 && token < "\x80" ? token.charCodeAt(0) : undefined),
  };
}

/** One row of the table, a logit per token, with AdamW's moments and the accumulated gradient. */
interface Row {
  weight_V: Float32Array;
  m_V: Float32Array;
  v_V: Float32Array;
  gradient_V: Float32Array | null;
}

/** An engine whose models are tables of logits: small, exact, and really able to learn. */
export function createFakeEngine(options: FakeEngineOptions = {}): Engine {
  const tokenizer = createFakeTokenizer(options.words);
  const models = new Set<FakeModel>();
  return {
    name: "fake",
    open: async ({ path }: OpenOptions) => {
      const model = new FakeModel(tokenizer, options.contextTokens ?? 4096, options.sampling);
      if (path !== "fake") await model.load(path);
      models.add(model);
      return model;
    },
    [Symbol.asyncDispose]: async () => {
      for (const model of models) await model[Symbol.asyncDispose]();
    },
  };
}

class FakeModel implements Model {
  readonly name = "fake";
  readonly tokenizer: Tokenizer;
  readonly contextTokens: number;
  readonly sampling?: Sampling;
  #rows = new Map<number, Row>();
  #steps = 0;
  #accumulated = false;
  #disposed = false;

  constructor(tokenizer: Tokenizer, contextTokens: number, sampling?: Sampling) {
    this.tokenizer = tokenizer;
    this.contextTokens = contextTokens;
    if (sampling) this.sampling = sampling;
  }

  async sample(request: SampleRequest): Promise<SampleResult> {
    this.#alive();
    const { prompt_T, maxTokens, temperature, signal } = request;
    if (!(maxTokens >= 1)) throw new RangeError(`maxTokens must be ≥ 1, got ${maxTokens}`);
    if (prompt_T.length === 0) throw new RangeError("the prompt is empty");
    if (prompt_T.length >= this.contextTokens)
      throw new RangeError(`the prompt has ${prompt_T.length} tokens, the context ${this.contextTokens}`);
    // Waits one turn of the event loop, as every real engine does: callers must not rely on synchronous results.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    const rng = createRng(request.seed);
    const all_T = [...prompt_T];
    const tokens_T: number[] = [];
    const logprobs_T: number[] = [];
    const end = Math.min(maxTokens, this.contextTokens - prompt_T.length);
    while (tokens_T.length < end) {
      const logprobs_V = logSoftmax(this.#logits(featuresAt(all_T, [all_T.length - 1])[0]!));
      const token = choose(logprobs_V, temperature, request.topP ?? 1, request.topK ?? Infinity, rng);
      all_T.push(token);
      tokens_T.push(token);
      logprobs_T.push(logprobs_V[token]!);
      if (request.stopTokens?.includes(token))
        return { tokens_T, logprobs_T, text: this.tokenizer.decode(tokens_T.slice(0, -1)), stop: "token" };
      const text = this.tokenizer.decode(tokens_T);
      const cuts = (request.stopStrings ?? []).map((s) => text.indexOf(s)).filter((at) => at >= 0);
      if (cuts.length > 0)
        return { tokens_T, logprobs_T, text: text.slice(0, Math.min(...cuts)), stop: "string" };
    }
    return { tokens_T, logprobs_T, text: this.tokenizer.decode(tokens_T), stop: "length" };
  }

  async logprobs(datums_B: readonly Datum[]): Promise<Float32Array[]> {
    this.#alive();
    return datums_B.map((datum) => {
      checkDatum(datum, this.contextTokens, this.tokenizer.vocabSize);
      return Float32Array.from(
        featuresAt(datum.tokens_T, datum.positions_N),
        (keys, n) => logSoftmax(this.#logits(keys))[datum.targets_N[n]!]!,
      );
    });
  }

  async forwardBackward(datums_B: readonly Datum[], loss: Loss): Promise<ForwardBackwardResult> {
    const logprobs_BN = await this.logprobs(datums_B);
    const { loss: value, gradients_BN } =
      loss === "cross_entropy" ? crossEntropy(datums_B, logprobs_BN) : loss(logprobs_BN);
    if (!Number.isFinite(value) || gradients_BN.some((g_N) => g_N.some((g) => !Number.isFinite(g))))
      throw new RangeError(`the loss is ${value}; loss and gradients must be finite`);
    datums_B.forEach((datum, b) => {
      featuresAt(datum.tokens_T, datum.positions_N).forEach((keys, n) => {
        const logprobs_V = logSoftmax(this.#logits(keys));
        const g = gradients_BN[b]![n]!;
        // ∂logprob(target)/∂logit_v = [v = target] − p_v, and every row of the sum gets the same.
        for (const key of keys) {
          const row = this.#row(key);
          row.gradient_V ??= new Float32Array(this.tokenizer.vocabSize);
          for (let v = 0; v < logprobs_V.length; v++)
            row.gradient_V[v]! += g * ((v === datum.targets_N[n] ? 1 : 0) - Math.exp(logprobs_V[v]!));
        }
      });
    });
    this.#accumulated = true;
    const tokens = datums_B.reduce((sum, datum) => sum + datum.tokens_T.length, 0);
    return { loss: value, logprobs_BN, tokens, paddingTokens: 0 };
  }

  async optimStep(step: OptimStep): Promise<{ gradientNorm: number }> {
    this.#alive();
    invariant(this.#accumulated, "optimStep needs gradients: call forwardBackward first");
    const { learningRate, weightDecay = 0, clipNorm = 1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = step;
    const rows = [...this.#rows.values()];
    let sum = 0;
    for (const row of rows) for (const g of row.gradient_V ?? []) sum += g * g;
    const gradientNorm = Math.sqrt(sum);
    const scale = gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
    this.#steps++;
    const correction1 = 1 - beta1 ** this.#steps;
    const correction2 = 1 - beta2 ** this.#steps;
    for (const { weight_V, m_V, v_V, gradient_V } of rows)
      for (let i = 0; i < weight_V.length; i++) {
        const g = (gradient_V?.[i] ?? 0) * scale;
        m_V[i] = beta1 * m_V[i]! + (1 - beta1) * g;
        v_V[i] = beta2 * v_V[i]! + (1 - beta2) * g * g;
        weight_V[i]! -=
          learningRate *
          (m_V[i]! / correction1 / (Math.sqrt(v_V[i]! / correction2) + epsilon) + weightDecay * weight_V[i]!);
      }
    for (const row of rows) row.gradient_V = null;
    this.#accumulated = false;
    return { gradientNorm };
  }

  async save(directory: string, options: { optimizer?: boolean } = {}): Promise<void> {
    this.#alive();
    await makeDirectory(directory);
    const encode = (values: Float32Array) =>
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
    const rows = [...this.#rows].map(([key, row]) => ({
      key,
      weight: encode(row.weight_V),
      ...(options.optimizer ? { m: encode(row.m_V), v: encode(row.v_V) } : {}),
    }));
    await writeFile(join(directory, "rows.json"), JSON.stringify(rows));
    const manifest = { kind: "fake", vocabSize: this.tokenizer.vocabSize, steps: this.#steps };
    await writeFile(join(directory, "manifest.json.part"), JSON.stringify(manifest));
    await rename(join(directory, "manifest.json.part"), join(directory, "manifest.json"));
  }

  async load(directory: string): Promise<void> {
    this.#alive();
    const read = async (name: string) =>
      readFile(join(directory, name), "utf8").catch((cause: unknown) => {
        const hint = 'Name a directory that the fake engine saved, or "fake" for an untrained model.';
        throw new ConfigError(`no model of the fake engine in ${directory}`, hint, { cause });
      });
    const manifest = JSON.parse(await read("manifest.json")) as { vocabSize: number; steps: number };
    if (manifest.vocabSize !== this.tokenizer.vocabSize)
      throw new ConfigError(
        `${directory} was saved with ${manifest.vocabSize} tokens, this engine has ${this.tokenizer.vocabSize}`,
        "Create the engine with the words it was saved with.",
      );
    const decode = (text: string | undefined) => {
      if (text === undefined) return new Float32Array(this.tokenizer.vocabSize);
      const bytes = Buffer.from(text, "base64");
      return new Float32Array(new Uint8Array(bytes).buffer);
    };
    const rows = JSON.parse(await read("rows.json")) as {
      key: number;
      weight: string;
      m?: string;
      v?: string;
    }[];
    this.#rows = new Map(
      rows.map(({ key, weight, m, v }) => [
        key,
        { weight_V: decode(weight), m_V: decode(m), v_V: decode(v), gradient_V: null },
      ]),
    );
    this.#steps = rows.some((row) => row.m !== undefined) ? manifest.steps : 0;
    this.#accumulated = false;
  }

  async fork(): Promise<FrozenModel> {
    this.#alive();
    const copy = new FakeModel(this.tokenizer, this.contextTokens);
    for (const [key, row] of this.#rows)
      copy.#rows.set(key, {
        weight_V: row.weight_V.slice(),
        m_V: row.m_V.slice(),
        v_V: row.v_V.slice(),
        gradient_V: null,
      });
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#rows.clear();
  }

  #alive(): void {
    invariant(!this.#disposed, "the model was disposed");
  }

  #row(key: number): Row {
    let row = this.#rows.get(key);
    if (!row) {
      const zeros = () => new Float32Array(this.tokenizer.vocabSize);
      row = { weight_V: zeros(), m_V: zeros(), v_V: zeros(), gradient_V: null };
      this.#rows.set(key, row);
    }
    return row;
  }

  #logits(keys: readonly number[]): Float64Array {
    const logits_V = new Float64Array(this.tokenizer.vocabSize);
    for (const key of keys) {
      const row = this.#rows.get(key);
      if (row) for (let v = 0; v < logits_V.length; v++) logits_V[v]! += row.weight_V[v]!;
    }
    return logits_V;
  }
}

/** Row keys for each position: the last token, the last three, the whole context. */
function featuresAt(tokens_T: readonly number[], positions_N: readonly number[]): number[][] {
  const mix = (hash: number, value: number) => Math.imul(hash ^ value, 0x01000193) >>> 0;
  const prefix_T: number[] = [];
  let hash = 0x811c9dc5;
  for (const token of tokens_T) prefix_T.push((hash = mix(mix(hash, token & 255), token >> 8)));
  return positions_N.map((t) => {
    const near = tokens_T.slice(Math.max(0, t - 2), t + 1).reduce((h, token) => mix(h, token), 0x9e3779b9);
    // Three disjoint ranges of safe integers, so that the kinds of feature never share a row.
    return [tokens_T[t]!, 2 ** 32 + near, 2 ** 33 + prefix_T[t]!];
  });
}

function logSoftmax(logits_V: Float64Array): Float64Array {
  let max = -Infinity;
  for (const logit of logits_V) max = Math.max(max, logit);
  let sum = 0;
  for (const logit of logits_V) sum += Math.exp(logit - max);
  const shift = max + Math.log(sum);
  return logits_V.map((logit) => logit - shift);
}

function choose(logprobs_V: Float64Array, temperature: number, topP: number, topK: number, rng: Rng): number {
  const order = [...logprobs_V.keys()].sort((a, b) => logprobs_V[b]! - logprobs_V[a]! || a - b);
  if (temperature === 0) return order[0]!;
  const heated_V = logSoftmax(logprobs_V.map((l) => l / temperature));
  const kept: number[] = [];
  let mass = 0;
  for (const token of order) {
    if (kept.length >= topK || (mass >= topP && kept.length > 0)) break;
    kept.push(token);
    mass += Math.exp(heated_V[token]!);
  }
  let left = rng.next() * mass;
  for (const token of kept) if ((left -= Math.exp(heated_V[token]!)) < 0) return token;
  return kept.at(-1)!;
}

function crossEntropy(datums_B: readonly Datum[], logprobs_BN: Float32Array[]) {
  let loss = 0;
  const gradients_BN = datums_B.map((datum, b) =>
    logprobs_BN[b]!.map((logprob, n) => {
      const weight = datum.weights_N?.[n] ?? 1;
      loss -= weight * logprob;
      return -weight;
    }),
  );
  return { loss, gradients_BN };
}

function checkDatum(datum: Datum, contextTokens: number, vocabSize: number): void {
  invariant(datum.positions_N.length === datum.targets_N.length, "one target for each position");
  invariant(datum.tokens_T.length <= contextTokens, `at most ${contextTokens} tokens`);
  invariant(
    datum.positions_N.every((t) => Number.isInteger(t) && t >= 0 && t < datum.tokens_T.length),
    "positions lie in the sequence",
  );
  invariant(
    datum.targets_N.every((v) => Number.isInteger(v) && v >= 0 && v < vocabSize),
    "targets lie in the vocabulary",
  );
}
