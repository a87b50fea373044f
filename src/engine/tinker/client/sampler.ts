/** @file Sampling from a Tinker server, by the rules of `core/engine.ts`. */

import type { SampleRequest, SampleResult, Tokenizer } from "../../../core/engine.ts";
import { sampleResponseSchema } from "../wire/messages.ts";
import { decodeSampleResponse } from "../wire/protobuf.ts";
import type { Connection } from "./connection.ts";
import { TinkerError } from "./errors.ts";

/** Seeds on the wire are int32 on some servers. */
const SEEDS = 2 ** 31;

export interface RemoteSample {
  tokens_T: number[];
  logprobs_T: number[];
  text: string;
  stop: SampleResult["stop"];
}

/** One sample of a sampling session; `seq` counts its requests from 0. */
export async function sampleRemotely(
  connection: Connection,
  target: { sampling_session_id: string; seq_id: number },
  request: SampleRequest & { wideSeeds?: boolean },
  tokenizer: Pick<Tokenizer, "vocabSize" | "decode">,
): Promise<RemoteSample> {
  const {
    prompt_T,
    maxTokens,
    temperature,
    topP,
    topK,
    stopTokens = [],
    stopStrings = [],
    seed,
    signal,
  } = request;
  const stop = stopTokens.length > 0 ? [...stopTokens] : stopStrings.length > 0 ? [...stopStrings] : null;
  const queued = await connection.submit({
    path: "asample",
    body: {
      ...target,
      num_samples: 1,
      prompt: { chunks: [{ type: "encoded_text", tokens: [...prompt_T] }] },
      sampling_params: {
        max_tokens: maxTokens,
        temperature,
        top_p: topP ?? 1,
        top_k: topK ?? -1,
        seed: request.wideSeeds ? seed : seed % SEEDS,
        ...(stop && { stop }),
      },
      prompt_logprobs: false,
      topk_prompt_logprobs: 0,
      type: "sample",
    },
    // A sample that is drawn twice is paid twice and changes nothing.
    resend: "always",
    headers: { "x-tinker-sampling-backpressure": "1" },
    signal,
  });
  const result = connection.result(queued, sampleResponseSchema, {
    read: decodeSampleResponse,
    signal,
    type: "Sample",
  });
  const { sequences } = await result.catch((error: unknown) => {
    // Nobody waits for it any more: the server need not go on.
    if (signal?.aborted) connection.cancel(queued);
    throw error;
  });
  const [sequence] = sequences;
  if (!sequence) throw new TinkerError("nonsense", "the server answers a sample without a sequence");
  const { tokens, logprobs, stop_reason: reason } = sequence;
  return checkSample({ tokens, logprobs: logprobs ?? [], reason }, request, tokenizer);
}

/**
 * What a server wrote, cut where the contract ends it.
 * @throws TinkerError for tokens or log-probabilities that no model gives.
 */
export function checkSample(
  { tokens, logprobs, reason }: { tokens: number[]; logprobs: readonly number[]; reason: "stop" | "length" },
  request: SampleRequest,
  tokenizer: Pick<Tokenizer, "vocabSize" | "decode">,
): RemoteSample {
  const { maxTokens, temperature } = request;
  if (tokens.length > maxTokens || logprobs.length !== tokens.length)
    throw new TinkerError(
      "nonsense",
      `the server answers ${tokens.length} tokens and ${logprobs.length} log-probabilities where at most ${maxTokens} were asked for`,
    );
  const outside = tokens.find((token) => token < 0 || token >= tokenizer.vocabSize);
  if (outside !== undefined)
    throw new TinkerError(
      "nonsense",
      `the server wrote token ${outside}, which the tokenizer here does not have`,
    );
  if (logprobs.some((value) => !Number.isFinite(value) || value > 1e-2))
    throw new TinkerError("nonsense", "the server gives log-probabilities that no model has");
  if (tokens.length >= 8 && temperature > 0 && logprobs.every((value) => value === 0))
    throw new TinkerError("nonsense", "the server gives 0 for all log-probabilities of a sample");
  return cutAtStop(
    tokens,
    logprobs.map((value) => Math.min(value, 0)),
    reason,
    request,
    tokenizer,
  );
}

/** Where the sequence ends by the contract: after a stop token, which it keeps, or where its text has a stop string. */
function cutAtStop(
  tokens_T: number[],
  logprobs_T: number[],
  reason: "stop" | "length",
  { stopTokens = [], stopStrings = [] }: SampleRequest,
  tokenizer: Pick<Tokenizer, "vocabSize" | "decode">,
): RemoteSample {
  const stopAt = tokens_T.findIndex((token) => stopTokens.includes(token));
  const length = stopAt >= 0 ? stopAt + 1 : tokens_T.length;
  const textOf = (count: number) => tokenizer.decode(tokens_T.slice(0, count));
  if (stopStrings.length > 0) {
    const text = textOf(stopAt >= 0 ? stopAt : length);
    const found = stopStrings.map((each) => text.indexOf(each)).filter((at) => at >= 0);
    if (found.length > 0) {
      let count = 1;
      while (count < length && !stopStrings.some((each) => textOf(count).includes(each))) count++;
      return {
        tokens_T: tokens_T.slice(0, count),
        logprobs_T: logprobs_T.slice(0, count),
        text: text.slice(0, Math.min(...found)),
        stop: "string",
      };
    }
  }
  const kept = { tokens_T: tokens_T.slice(0, length), logprobs_T: logprobs_T.slice(0, length) };
  if (stopAt >= 0) return { ...kept, text: textOf(stopAt), stop: "token" };
  // The server cut a stop string off, or ended at an end token of its own.
  const stop =
    reason === "length" ? "length" : stopTokens.length === 0 && stopStrings.length > 0 ? "string" : "token";
  return { ...kept, text: textOf(length), stop };
}
