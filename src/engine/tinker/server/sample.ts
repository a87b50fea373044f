/** @file One request to sample, from the protocol's words to the engine's and back. */

import { randomInt } from "node:crypto";
import { z } from "zod";
import type { FrozenModel } from "../../../core/engine.ts";
import { sampleRequestSchema, samplingParamsSchema } from "../wire/messages.ts";
import type { WireSampleResponse } from "../wire/messages.ts";
import { readTokens, type TokenLimits } from "./datums.ts";
import { Failure, Refusal } from "./refusal.ts";

/** This server refuses what newer SDKs can ask for and it cannot do, instead of ignoring it. */
const notHere = (what: string) =>
  z.union([z.null(), z.literal(0), z.literal(false)], `${what} is not served here`).optional();

export const asampleSchema = sampleRequestSchema.extend({
  sampling_params: samplingParamsSchema.extend({
    /** Texts and tokens may be mixed. An empty list: nothing ends a sequence but its length. */
    stop: z.union([z.string(), z.array(z.union([z.string(), z.int()]))]).nullish(),
  }),
  topk_prompt_logprobs: notHere("topk_prompt_logprobs"),
  topk_sample_logprobs: notHere("topk_sample_logprobs"),
  target_prompt_logprobs: notHere("target_prompt_logprobs"),
  prompt_alt_tokens_k: notHere("prompt_alt_tokens_k"),
  prompt_logprobs_last_n: notHere("prompt_logprobs_last_n"),
});
export type AsampleRequest = z.infer<typeof asampleSchema>;

export interface SampleTask {
  prompt_T: number[];
  /** One a sequence. */
  seeds: number[];
  maxTokens: number;
  temperature: number;
  topK: number | undefined;
  topP: number | undefined;
  stopTokens: number[] | undefined;
  stopStrings: string[];
  withPromptLogprobs: boolean;
}

/** @throws Refusal (422). */
export function sampleTask(request: AsampleRequest, limits: TokenLimits): SampleTask {
  const { sampling_params: params } = request;
  const prompt_T = readTokens(request.prompt.chunks, limits, "prompt");
  const room = limits.contextTokens - prompt_T.length;
  if (room < 1)
    throw new Refusal(
      422,
      `the prompt has ${prompt_T.length} tokens and leaves no room in the context of ${limits.contextTokens}`,
    );
  if (params.top_k < -1) throw new Refusal(422, `top_k is ${params.top_k}: use -1 or 0 for no limit`);
  if (params.top_p <= 0 || params.top_p > 1)
    throw new Refusal(422, `top_p is ${params.top_p}: it lies in (0, 1]`);
  const stops = typeof params.stop === "string" ? [params.stop] : params.stop;
  for (const stop of stops ?? [])
    if (stop === "") throw new Refusal(422, "an empty text cannot end a sequence");
  // Sequence i of a seed is that of seed + i alone.
  const seed = params.seed ?? randomInt(2 ** 47);
  return {
    prompt_T,
    seeds: Array.from({ length: request.num_samples }, (_, i) => seed + i),
    maxTokens: Math.min(params.max_tokens ?? room, room),
    temperature: params.temperature,
    topK: params.top_k > 0 ? params.top_k : undefined,
    topP: params.top_p < 1 ? params.top_p : undefined,
    // Without `stop` the model's own end tokens end a sequence.
    stopTokens: stops?.filter((stop) => typeof stop === "number"),
    stopStrings: stops?.filter((stop) => typeof stop === "string") ?? [],
    withPromptLogprobs: request.prompt_logprobs ?? false,
  };
}

export async function sampleFrom(
  model: FrozenModel,
  task: SampleTask,
  signal: AbortSignal,
): Promise<WireSampleResponse> {
  const { prompt_T, seeds, maxTokens, temperature, topK, topP, stopStrings } = task;
  const stopTokens = task.stopTokens ?? model.tokenizer.endTokens ?? [];
  const sampling = Promise.all(
    seeds.map((seed) =>
      model.sample({
        prompt_T,
        maxTokens,
        temperature,
        ...(topK !== undefined && { topK }),
        ...(topP !== undefined && { topP }),
        stopTokens,
        stopStrings,
        seed,
        signal,
      }),
    ),
  );
  const [results, promptLogprobs] = await Promise.all([
    sampling,
    task.withPromptLogprobs ? logprobsOfPrompt(model, prompt_T) : null,
  ]);
  for (const { logprobs_T } of results)
    if (!logprobs_T.every(Number.isFinite))
      throw new Failure("the sampled log-probabilities are not all numbers: these weights are broken");
  return {
    sequences: results.map(({ tokens_T, logprobs_T, stop }) => ({
      stop_reason: stop === "length" ? "length" : "stop",
      tokens: tokens_T,
      logprobs: logprobs_T,
    })),
    prompt_logprobs: promptLogprobs,
  };
}

/** One a token; nothing comes before the first. */
async function logprobsOfPrompt(model: FrozenModel, prompt_T: readonly number[]): Promise<(number | null)[]> {
  const targets_N = prompt_T.slice(1);
  if (targets_N.length === 0) return [null];
  const [logprobs] = await model.logprobs([
    { tokens_T: prompt_T.slice(0, -1), positions_N: targets_N.map((_, n) => n), targets_N },
  ]);
  return [null, ...logprobs!];
}
