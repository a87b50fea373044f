/** @file The engine contract's model on a Tinker server. */

import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import pLimit from "p-limit";
import type {
  Datum,
  ForwardBackwardResult,
  FrozenModel,
  Loss,
  LossGradient,
  Model,
  OptimStep,
  SampleRequest,
  SampleResult,
  Tokenizer,
} from "../../../core/engine.ts";
import { ConfigError, invariant } from "../../../core/errors.ts";
import { writeDirectory } from "../../onnx/checkpoint/atomic-directory.ts";
import { exists, readModelText } from "../../onnx/checkpoint/read-file.ts";
import { readTokenizerFiles } from "../../onnx/model-files.ts";
import { NonFiniteError } from "../../onnx/train/non-finite.ts";
import type { WireDatum } from "../wire/messages.ts";
import { hasExtension } from "../wire/messages.ts";
import type { Placed } from "./datums.ts";
import { collectLogprobs, cutIntoChunks, datumBytes, placeDatums, wireDatum } from "./datums.ts";
import { TinkerError } from "./errors.ts";
import type { Pointer } from "./pointer.ts";
import { POINTER, readPointer } from "./pointer.ts";
import { sampleElsewhere, type ElsewhereOptions } from "./sampled-elsewhere.ts";
import { sampleRemotely } from "./sampler.ts";
import type { Link, ModelSpec, Origin } from "./training-client.ts";
import { adamParams, createTrainingClient } from "./training-client.ts";

export interface RemoteModelOptions {
  link: Link;
  spec: ModelSpec;
  tokenizer: Tokenizer;
  tokenizerDirectory: string;
  contextTokens: number;
  url: string;
  apiKeyEnv: string;
  origin: Origin | null;
  /** The log-probabilities of the origin when it was saved. */
  check?: Pointer["check"] | undefined;
  name: string;
  /** Who samples, if it is not this server. */
  elsewhere?: Pick<ElsewhereOptions, "vllm" | "settings" | "source"> | undefined;
}

/** Limits of a chunk, if the server does not state its own. */
const CHUNK = { items: 1024, bytes: 5_000_000 };
/** How many are on their way at once to a server that states no limit; the official SDK's number. */
export const SAMPLES_AT_ONCE = 2000;
/** Nats above which a token is as good as certain. */
const SURE = -1e-3;
/** How far the log-probabilities of a restored model may lie from those when it was saved, nats a token. */
const RESTORED_WITHIN = 0.05;

export async function openRemoteModel(options: RemoteModelOptions): Promise<Model> {
  const { link, spec, tokenizer, contextTokens } = options;
  const { profile, session } = link;
  // NaN, which targets of weight 0 then have, does not travel as JSON.
  const onlyWeighted = hasExtension(session.config, "only_weighted") && profile.codec === "protobuf";
  const columns = onlyWeighted && hasExtension(session.config, "target_columns");
  const client = createTrainingClient(link, spec, options.origin, { onlyWeighted });
  const place = (datums_B: readonly Datum[]) => placeDatums(datums_B, columns);
  const limits = {
    items: session.config.fwdbwd_max_chunk_len || CHUNK.items,
    bytes: session.config.fwdbwd_max_chunk_bytes_count || CHUNK.bytes,
  };
  const atOnce = pLimit(session.config.sample_max_concurrent_requests || SAMPLES_AT_ONCE);
  let accumulated = 0;
  /** Of the gradients since the last step. */
  let signs = new Set<number>();
  const noteSigns = (logprobs_BN: readonly Float32Array[], gradient: (b: number, n: number) => number) =>
    logprobs_BN.forEach((row, b) =>
      row.forEach((logprob, n) => {
        // The gradient of a token that is certain is 0.
        if (logprob < SURE && gradient(b, n) !== 0) signs.add(Math.sign(gradient(b, n)));
      }),
    );
  /** For a server that divides by all datums up to the step: what to send once the number of datums is known. */
  let held: { placed: Placed; advantages: Float32Array[]; logprobs: Float32Array[] }[] = [];
  let sampler: { version: number; opened: Promise<string>; next: number } | null = null;

  const chunks = (placed: readonly Placed[], kinds: number) =>
    cutIntoChunks(placed, (each) => datumBytes(each, kinds), limits);

  const check = (datums_B: readonly Datum[]) => {
    for (const { tokens_T, positions_N } of datums_B)
      if (tokens_T.length > contextTokens)
        throw new RangeError(`a datum has ${tokens_T.length} tokens, the context ${contextTokens}`);
      else if (positions_N.length === 0) throw new RangeError("a datum names no target");
  };

  async function logprobs(datums_B: readonly Datum[]): Promise<Float32Array[]> {
    check(datums_B);
    const logprobs_BN = datums_B.map(({ targets_N }) => new Float32Array(targets_N.length));
    const parts = chunks(place(datums_B), 1);
    const outputs = await client.forward(
      parts.map((part) => part.map((each) => wireDatum(each, { weights: () => (onlyWeighted ? 1 : 0) }))),
    );
    parts.forEach((part, i) => collectLogprobs(part, outputs[i]!, logprobs_BN));
    return logprobs_BN;
  }

  /** Sends gradients that were computed at these log-probabilities. */
  async function sendGradients(
    placed: readonly Placed[],
    { gradients_BN }: LossGradient,
    logprobs_BN: Float32Array[],
  ): Promise<void> {
    if (profile.reduction === "per_sequence_mean")
      held.push(...placed.map((each) => ({ placed: each, advantages: gradients_BN, logprobs: logprobs_BN })));
    else {
      const inputs = surrogateInputs(profile.surrogate, gradients_BN, logprobs_BN, 1);
      const parts = chunks(placed, Object.keys(inputs).length).map((part) =>
        part.map((each) => wireDatum(each, inputs)),
      );
      await client.backward(parts, profile.surrogate);
    }
    noteSigns(logprobs_BN, (b, n) => gradients_BN[b]![n]!);
    accumulated += placed.length;
  }

  async function crossEntropy(datums_B: readonly Datum[]): Promise<Float32Array[]> {
    const placed = place(datums_B);
    const weight = (b: number, n: number) => datums_B[b]!.weights_N?.[n] ?? 1;
    if (profile.surrogate !== "cross_entropy" || profile.reduction !== "sum") {
      const logprobs_BN = await logprobs(datums_B);
      const gradients_BN = datums_B.map(({ targets_N }, b) =>
        Float32Array.from(targets_N, (_, n) => -weight(b, n)),
      );
      await sendGradients(placed, { loss: 0, gradients_BN }, logprobs_BN);
      return logprobs_BN;
    }
    if (datums_B.some(({ weights_N }) => weights_N?.some((each) => !Number.isFinite(each))))
      throw new NonFiniteError("a weight is not finite");
    const parts = chunks(placed, 1);
    const outputs = await client.backward(
      parts.map((part) => part.map((each) => wireDatum(each, { weights: weight }))),
      "cross_entropy",
    );
    accumulated += placed.length;
    const leftOut = onlyWeighted && datums_B.some(({ weights_N }) => weights_N?.includes(0));
    if (!profile.trueBackwardLogprobs || leftOut || outputs.includes(null)) return logprobs(datums_B);
    const logprobs_BN = datums_B.map(({ targets_N }) => new Float32Array(targets_N.length));
    parts.forEach((part, i) => collectLogprobs(part, outputs[i]!, logprobs_BN));
    return logprobs_BN;
  }

  async function forwardBackward(datums_B: readonly Datum[], loss: Loss): Promise<ForwardBackwardResult> {
    check(datums_B);
    const placed = place(datums_B);
    const tokens = datums_B.reduce((sum, { tokens_T }) => sum + tokens_T.length, 0);
    if (loss === "cross_entropy") {
      const logprobs_BN = await crossEntropy(datums_B);
      noteSigns(logprobs_BN, (b, n) => -(datums_B[b]!.weights_N?.[n] ?? 1));
      let total = 0;
      datums_B.forEach(({ weights_N }, b) =>
        logprobs_BN[b]!.forEach((l, n) => (total -= (weights_N?.[n] ?? 1) * l)),
      );
      return { loss: total, logprobs_BN, tokens, paddingTokens: 0 };
    }
    const logprobs_BN = await logprobs(datums_B);
    // A copy: what the loss does to its argument is its own business.
    const gradient = loss(logprobs_BN.map((each) => each.slice()));
    const isFinite = gradient.gradients_BN.every((each) => each.every(Number.isFinite));
    if (!Number.isFinite(gradient.loss) || !isFinite)
      throw new NonFiniteError(
        `the loss is ${gradient.loss}${isFinite ? "" : ", and a gradient is not finite"}`,
      );
    await sendGradients(placed, gradient, logprobs_BN);
    return { loss: gradient.loss, logprobs_BN, tokens, paddingTokens: 0 };
  }

  async function optimStep(step: OptimStep): Promise<{ gradientNorm: number }> {
    if (accumulated === 0) throw new Error("optimStep without a gradient: call forwardBackward first");
    if (held.length > 0) {
      const data = held.map(({ placed, advantages, logprobs: at }) => {
        const factor = placed.tokens_T.length * held.length;
        return wireDatum(placed, surrogateInputs("importance_sampling", advantages, at, factor));
      });
      const parts = cutIntoChunks(data, wireBytes, limits);
      await client.backward(parts, "importance_sampling");
      held = [];
    }
    const metrics = await client.step(adamParams(step));
    const isOneSided = signs.size === 1;
    accumulated = 0;
    signs = new Set();
    const key = profile.gradientNormKey;
    // Some servers do not report it.
    const gradientNorm = key === null ? Number.NaN : (metrics[key] ?? Number.NaN);
    // Gradients of both signs may cancel.
    if (gradientNorm === 0 && isOneSided)
      throw new TinkerError(
        "nonsense",
        "the server says that the gradient's norm was 0, and the gradient that it was sent is not: the step learned nothing",
      );
    return { gradientNorm };
  }

  async function sample(request: SampleRequest): Promise<SampleResult> {
    request.signal?.throwIfAborted();
    return atOnce(async () => {
      request.signal?.throwIfAborted();
      if (elsewhere) return elsewhere.sample(request);
      for (let attempt = 0; ; attempt++) {
        if (sampler?.version !== client.version) {
          const opened = client.saveForSampler();
          const made = { version: client.version, opened, next: 0 };
          sampler = made;
          opened.catch(() => {
            if (sampler === made) sampler = null;
          });
        }
        const used = sampler!;
        try {
          const session_id = await used.opened;
          const target = { sampling_session_id: session_id, seq_id: used.next++ };
          const wideSeeds = hasExtension(session.config, "wide_seeds");
          const result = await sampleRemotely(link.connection, target, { ...request, wideSeeds }, tokenizer);
          const isScaled =
            profile.scaledSampleLogprobs &&
            (request.temperature !== 1 || (request.topP ?? 1) < 1 || request.topK !== undefined);
          return isScaled ? { ...result, logprobs_T: await unscale(request, result.tokens_T) } : result;
        } catch (error) {
          const isLost = error instanceof TinkerError && error.trouble === "lost";
          if (!isLost || attempt >= 2) throw error;
          // The server forgot the sampler, or the whole session: another is made of the same weights.
          if (sampler === used) sampler = null;
        }
      }
    });
  }

  /**
   * For a server that gives log-probabilities of samples after temperature: asks the model itself for those of the
   * sample.
   */
  async function unscale({ prompt_T }: SampleRequest, tokens_T: number[]): Promise<number[]> {
    if (tokens_T.length === 0) return [];
    const [found] = await logprobs([
      {
        tokens_T: [...prompt_T, ...tokens_T],
        positions_N: tokens_T.map((_, n) => prompt_T.length + n - 1),
        targets_N: tokens_T,
      },
    ]);
    return [...found!];
  }

  const mark = (): Datum => {
    const tokens_T = tokenizer
      .encode("The page shows a list of products and their prices.")
      .slice(0, contextTokens);
    return wholeText(tokens_T);
  };
  const elsewhere =
    options.elsewhere &&
    sampleElsewhere({
      ...options.elsewhere,
      client,
      tokenizer,
      mark_T: mark().tokens_T,
      scoreByTrainer: async (tokens_T) => (await logprobs([wholeText(tokens_T)]))[0]!,
    });

  async function save(directory: string, { optimizer = false } = {}): Promise<void> {
    invariant(accumulated === 0, "a model is saved between steps");
    const path = await client.save(`webrl-${randomUUID().slice(0, 13)}`);
    const probe = mark();
    const [at] = await logprobs([probe]);
    const pointer: Pointer = {
      format: "webrl-tinker/1",
      url: options.url,
      path,
      baseModel: spec.baseModel,
      apiKeyEnv: options.apiKeyEnv,
      lora: spec.lora,
      optimizer,
      check: { tokens: [...probe.tokens_T], logprobs: [...at!] },
    };
    const files = await readTokenizerFiles(options.tokenizerDirectory);
    // With this file and the tokenizer, the directory says everything that is known here about the model.
    const config = join(options.tokenizerDirectory, "config.json");
    if (await exists(config)) files.set("config.json", await readModelText(config));
    await writeDirectory(directory, async (temporary) => {
      for (const [name, text] of files) await writeFile(join(temporary, name), text);
      await writeFile(join(temporary, POINTER), `${JSON.stringify(pointer, null, 2)}\n`);
    });
  }

  async function verify(expected: Pointer["check"], from: string): Promise<void> {
    const { tokens, logprobs: at } = expected;
    const [now] = await logprobs([
      { tokens_T: tokens, positions_N: at.map((_, n) => n), targets_N: tokens.slice(1) },
    ]);
    const apart = at.reduce((sum, value, n) => sum + Math.abs(value - now![n]!), 0) / at.length;
    if (!(apart <= RESTORED_WITHIN))
      throw new ConfigError(
        `${from} was restored as another model: its log-probabilities lie ${apart.toFixed(3)} nats a token from those at its saving`,
        "Use the server, the base model and the run that it was saved with.",
      );
  }

  async function load(directory: string): Promise<void> {
    const pointer = await readPointer(directory);
    checkPointer(pointer, { ...spec, url: options.url }, directory);
    await client.restart({ path: pointer.path, optimizer: pointer.optimizer });
    held = [];
    accumulated = 0;
    signs = new Set();
    await verify(pointer.check, directory);
  }

  async function fork(): Promise<FrozenModel> {
    const path = await client.save(`webrl-${randomUUID().slice(0, 13)}`);
    return openRemoteModel({ ...options, origin: { path, optimizer: false }, check: undefined });
  }

  try {
    await client.modelId();
    if (options.check) await verify(options.check, options.origin!.path);
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name: options.name,
    tokenizer,
    contextTokens,
    sample,
    logprobs,
    forwardBackward,
    optimStep,
    save,
    load,
    fork,
    sampling: elsewhere?.sampling ?? { by: options.url, staleness: () => 0 },
    [Symbol.asyncDispose]: async () => {
      await elsewhere?.[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}

/** Every token of a text but the first. */
const wholeText = (tokens_T: readonly number[]): Datum => ({
  tokens_T,
  positions_N: tokens_T.slice(1).map((_, n) => n),
  targets_N: tokens_T.slice(1),
});

const wireBytes = ({ loss_fn_inputs: inputs }: WireDatum) => (inputs["target_tokens"]?.data.length ?? 0) * 20;

/** What carries the gradient G: weights −G, or at ratio 1 advantages −G (times what the server divides by). */
function surrogateInputs(
  surrogate: "cross_entropy" | "importance_sampling",
  gradients_BN: readonly Float32Array[],
  logprobs_BN: readonly Float32Array[],
  factor: number,
): Record<string, (b: number, n: number) => number> {
  const carry = (b: number, n: number) => -gradients_BN[b]![n]! * factor;
  if (surrogate === "cross_entropy") return { weights: carry };
  return { advantages: carry, logprobs: (b, n) => logprobs_BN[b]![n]! };
}

/** @throws ConfigError if what was saved belongs to another base, rank or server than this model. */
export function checkPointer(pointer: Pointer, mine: ModelSpec & { url: string }, directory: string): void {
  const differs = (what: string, theirs: unknown, ours: unknown) => {
    throw new ConfigError(
      `${directory} was saved with ${what} ${JSON.stringify(theirs)}, and here it is ${JSON.stringify(ours)}`,
      "Set the engine as it was, or start from another checkpoint.",
    );
  };
  if (pointer.baseModel !== mine.baseModel) differs("the base model", pointer.baseModel, mine.baseModel);
  if (pointer.lora.rank !== mine.lora.rank) differs("rank", pointer.lora.rank, mine.lora.rank);
  if (pointer.url !== mine.url) differs("the server", pointer.url, mine.url);
}
