/**
 * @file From the protocol's datums to the engine's. There every position has a target (or several: `target_tokens` [T,
 * K]) and a weight; here a datum names the positions that count. Everything is checked before anything is queued.
 */

import type { Datum, Loss, LossGradient } from "../../../core/engine.ts";
import type { TensorData, TrainingRequest, WireDatum } from "../wire/messages.ts";
import { chooseLoss, lossOf } from "./losses.ts";
import { Refusal } from "./refusal.ts";

export interface TokenLimits {
  vocabSize: number;
  contextTokens: number;
  datumsPerRequest: number;
}

/** A training request in the engine's words. */
export interface TrainingBatch {
  datums_B: Datum[];
  loss: Loss;
  /** The loss at known log-probabilities. */
  evaluate(logprobs_BN: Float32Array[]): LossGradient;
  /** What `logprobs` of the answer are, one tensor a datum: NaN where nothing was computed. */
  spread(logprobs_BN: readonly Float32Array[]): TensorData[];
}

/**
 * In `loss_fn_config`: 1 leaves out targets of weight 0, whose log-probabilities come back as NaN. Only our server has
 * it.
 */
const ONLY_WEIGHTED = "only_weighted";

interface ReadDatum {
  datum: Datum;
  shape: number[];
  /** Which entries of the tensor the datum's targets are. */
  entries_N: number[];
  weights_N: number[];
  old_N: number[];
  advantages_N: number[];
}

/** @throws Refusal (422) that names the datum and what is wrong with it. */
export function readTrainingRequest(request: TrainingRequest, limits: TokenLimits): TrainingBatch {
  const { data, loss_fn } = request;
  const { [ONLY_WEIGHTED]: only = 0, ...config } = request.loss_fn_config ?? {};
  const { rule, term } = chooseLoss(loss_fn, config);
  if (data.length === 0) throw new Refusal(422, "data is empty");
  if (data.length > limits.datumsPerRequest)
    throw new Refusal(
      422,
      `data has ${data.length} datums; at most ${limits.datumsPerRequest} travel at once`,
    );
  const read_B = data.map((datum, b) =>
    readDatum(datum, rule.isPolicyLoss, limits, only !== 0, `data[${b}]`),
  );
  const evaluate = lossOf(term, {
    weights_BN: read_B.map(({ weights_N }) => weights_N),
    old_BN: read_B.map(({ old_N }) => old_N),
    advantages_BN: read_B.map(({ advantages_N }) => advantages_N),
  });
  return {
    datums_B: read_B.map(({ datum }) => datum),
    loss: loss_fn === "cross_entropy" ? "cross_entropy" : evaluate,
    evaluate,
    spread: (logprobs_BN) =>
      read_B.map(({ shape, entries_N }, b) => {
        const length = shape.reduce((product, size) => product * size, 1);
        const all = Array.from({ length }, () => Number.NaN);
        entries_N.forEach((entry, n) => (all[entry] = logprobs_BN[b]![n]!));
        return { data: all, dtype: "float32", shape };
      }),
  };
}

function readDatum(
  { model_input, loss_fn_inputs: inputs }: WireDatum,
  isPolicyLoss: boolean,
  limits: TokenLimits,
  onlyWeighted: boolean,
  at: string,
): ReadDatum {
  const tokens_T = readTokens(model_input.chunks, limits, `${at}.model_input`);
  const known = isPolicyLoss
    ? ["target_tokens", "weights", "logprobs", "advantages"]
    : ["target_tokens", "weights"];
  for (const name of Object.keys(inputs))
    if (!known.includes(name))
      throw new Refusal(
        422,
        `${at}: this loss has no input ${JSON.stringify(name)}; it takes ${known.join(", ")}`,
      );
  const target = inputs["target_tokens"];
  if (!target) throw new Refusal(422, `${at}: target_tokens are missing`);
  const shape = target.shape ?? [target.data.length];
  if (shape.length < 1 || shape.length > 2 || shape[0] !== tokens_T.length)
    throw new Refusal(
      422,
      `${at}: target_tokens have the shape [${shape.join(", ")}], model_input has ${tokens_T.length} tokens`,
    );
  const targets = values(target, shape, `${at}.target_tokens`);
  for (const token of targets) checkToken(token, limits.vocabSize, `${at}.target_tokens`);
  const input = (name: string, fallback: number | null): readonly number[] => {
    const tensor = inputs[name];
    if (tensor) return values(tensor, shape, `${at}.${name}`);
    if (fallback === null) throw new Refusal(422, `${at}: this loss needs ${name}`);
    return targets.map(() => fallback);
  };
  const weights = input("weights", 1);
  const old = input("logprobs", isPolicyLoss ? null : 0);
  const advantages = input("advantages", isPolicyLoss ? null : 0);
  const width = shape[1] ?? 1;
  let entries_N = targets.flatMap((_, entry) => (onlyWeighted && weights[entry] === 0 ? [] : [entry]));
  // The engine wants at least one target in every datum.
  if (entries_N.length === 0) entries_N = [0];
  const weights_N = entries_N.map((entry) => weights[entry]!);
  return {
    datum: {
      tokens_T,
      positions_N: entries_N.map((entry) => Math.floor(entry / width)),
      targets_N: entries_N.map((entry) => targets[entry]!),
      weights_N,
    },
    shape,
    entries_N,
    weights_N,
    old_N: entries_N.map((entry) => old[entry]!),
    advantages_N: entries_N.map((entry) => advantages[entry]!),
  };
}

/** Token ids of a prompt or an input. @throws Refusal for what is not a text, or no token of the model, or too long. */
export function readTokens(
  chunks: WireDatum["model_input"]["chunks"],
  { vocabSize, contextTokens }: Pick<TokenLimits, "vocabSize" | "contextTokens">,
  at: string,
): number[] {
  const tokens_T = chunks.flatMap((chunk) => {
    if (chunk.type !== "encoded_text")
      throw new Refusal(422, `${at}: chunks of type ${chunk.type} are not for this model, which reads text`);
    return chunk.tokens;
  });
  if (tokens_T.length === 0) throw new Refusal(422, `${at} has no tokens`);
  if (tokens_T.length > contextTokens)
    throw new Refusal(422, `${at} has ${tokens_T.length} tokens, the model's context ${contextTokens}`);
  for (const token of tokens_T) checkToken(token, vocabSize, at);
  return tokens_T;
}

function checkToken(token: number, vocabSize: number, at: string): void {
  if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
    throw new Refusal(422, `${at}: ${token} is not a token of this model, which has 0 to ${vocabSize - 1}`);
}

function values(tensor: TensorData, shape: readonly number[], at: string): readonly number[] {
  if (tensor.sparse_crow_indices || tensor.sparse_col_indices)
    throw new Refusal(422, `${at}: sparse tensors are not understood here; send it dense`);
  const { data } = tensor;
  const own = tensor.shape ?? shape;
  if (own.join() !== shape.join() || data.length !== shape.reduce((product, size) => product * size, 1))
    throw new Refusal(
      422,
      `${at} has ${data.length} values of the shape [${own.join(", ")}], target_tokens [${shape.join(", ")}]`,
    );
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new Refusal(422, `${at}: entry ${bad} is ${data[bad]}`);
  return data;
}
