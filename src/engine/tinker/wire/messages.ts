/**
 * @file The JSON bodies of the Tinker protocol, for client and server alike. Field names are those of the wire. Unknown
 * fields are dropped: SDKs and servers of other versions send more. Servers differ in which optional fields of an
 * answer are missing or null.
 *
 * Three bodies also exist as protobuf ({@link "./protobuf.ts"}): the request of `forward_backward`, the results of
 * `forward_backward` and of `asample`. Both forms decode to the same objects.
 */

import { z } from "zod";

const count = z.int().nonnegative();

/** Tokens, or something else; only tokens are understood here. */
const chunkSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("encoded_text"), tokens: z.array(z.int()) }),
  z.object({
    type: z.literal("image"),
    data: z.string(),
    format: z.string(),
    expected_tokens: count.nullish(),
  }),
  z.object({
    type: z.literal("image_asset_pointer"),
    location: z.string(),
    format: z.string(),
    expected_tokens: count.nullish(),
  }),
  z.object({ type: z.literal("dmel"), dmel: z.string() }),
]);
export type Chunk = z.infer<typeof chunkSchema>;

const modelInputSchema = z.object({ chunks: z.array(chunkSchema) });

/** Row-major. With `sparse_*` it is a matrix of `shape` in CSR form, and `data` are its values. */
export const tensorSchema = z.object({
  data: z.array(z.number()),
  dtype: z.enum(["int64", "float32"]),
  shape: z.array(count).nullish(),
  sparse_crow_indices: z.array(count).nullish(),
  sparse_col_indices: z.array(count).nullish(),
});
export type TensorData = z.infer<typeof tensorSchema>;

/** Already shifted: with tokens x₀…xₙ the input is x₀…xₙ₋₁, and entry t of every tensor belongs to target xₜ₊₁. */
export const datumSchema = z.object({
  model_input: modelInputSchema,
  loss_fn_inputs: z.record(z.string(), tensorSchema),
});
export type WireDatum = z.infer<typeof datumSchema>;

const lossInputSchema = z.object({
  data: z.array(datumSchema),
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()).nullish(),
});

const ofModel = { model_id: z.string(), seq_id: z.int().nullish() };

/** What `forward` and `forward_backward` ask for, in whichever form it came. */
export interface TrainingRequest {
  model_id: string;
  seq_id: number | null;
  data: WireDatum[];
  loss_fn: string;
  loss_fn_config: Record<string, number> | null;
  forward_only: boolean;
}

export const forwardBackwardRequestSchema = z
  .object({ ...ofModel, forward_backward_input: lossInputSchema })
  .transform((body): TrainingRequest => flatten(body, body.forward_backward_input, false));
export const forwardRequestSchema = z
  .object({ ...ofModel, forward_input: lossInputSchema })
  .transform((body): TrainingRequest => flatten(body, body.forward_input, true));

function flatten(
  { model_id, seq_id }: { model_id: string; seq_id?: number | null | undefined },
  { data, loss_fn, loss_fn_config }: z.infer<typeof lossInputSchema>,
  forward_only: boolean,
): TrainingRequest {
  return {
    model_id,
    seq_id: seq_id ?? null,
    data,
    loss_fn,
    loss_fn_config: loss_fn_config ?? null,
    forward_only,
  };
}

/** The JSON body of a {@link TrainingRequest}, for `forward` or `forward_backward`. */
export function trainingRequestToJson({
  model_id,
  seq_id,
  data,
  loss_fn,
  loss_fn_config,
  forward_only,
}: TrainingRequest): object {
  const input = { data, loss_fn, ...(loss_fn_config && { loss_fn_config }) };
  return {
    model_id,
    ...(seq_id !== null && { seq_id }),
    ...(forward_only ? { forward_input: input } : { forward_backward_input: input }),
  };
}

/** One record of tensors for each datum; `logprobs` is the one to rely on. Metrics are `name:reduction`. */
export const forwardBackwardOutputSchema = z.object({
  loss_fn_output_type: z.string(),
  loss_fn_outputs: z.array(z.record(z.string(), tensorSchema)),
  metrics: z.record(z.string(), z.number()).nullish(),
});
export type ForwardBackwardOutput = z.infer<typeof forwardBackwardOutputSchema>;

export const loraConfigSchema = z.object({
  rank: count,
  seed: z.int().nullish(),
  train_unembed: z.boolean().nullish(),
  train_mlp: z.boolean().nullish(),
  train_attn: z.boolean().nullish(),
});

/** Defaults are those of the official SDK. `grad_clip_norm` 0 clips nothing. */
export const adamParamsSchema = z.object({
  learning_rate: z.number().default(1e-4),
  beta1: z.number().default(0.9),
  beta2: z.number().default(0.95),
  eps: z.number().default(1e-12),
  weight_decay: z.number().default(0),
  grad_clip_norm: z.number().default(0),
});
export type AdamParams = z.infer<typeof adamParamsSchema>;

export const samplingParamsSchema = z.object({
  max_tokens: z.int().positive().nullish(),
  temperature: z.number().nonnegative().default(1),
  /** −1: no limit. */
  top_k: z.int().default(-1),
  top_p: z.number().default(1),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()), z.array(z.int())]).nullish(),
});

export const sampleRequestSchema = z.object({
  /** Exactly one of the three says which weights sample; `seq_id` counts from 0 within a sampling session. */
  sampling_session_id: z.string().nullish(),
  model_path: z.string().nullish(),
  base_model: z.string().nullish(),
  seq_id: count.nullish(),
  num_samples: z.int().positive().default(1),
  prompt: modelInputSchema,
  sampling_params: samplingParamsSchema,
  prompt_logprobs: z.boolean().nullish(),
  topk_prompt_logprobs: count.nullish(),
  type: z.string().nullish(),
});

/** `prompt_logprobs`: one entry a token of the prompt, the first is null; some servers leave the first out. */
export const sampleResponseSchema = z.object({
  sequences: z.array(
    z.object({
      stop_reason: z.enum(["stop", "length"]),
      tokens: z.array(z.int()),
      logprobs: z.array(z.number()).nullish(),
    }),
  ),
  prompt_logprobs: z.array(z.number().nullable()).nullish(),
  topk_prompt_logprobs: z.array(z.array(z.tuple([z.int(), z.number()])).nullable()).nullish(),
});
export type WireSampleResponse = z.infer<typeof sampleResponseSchema>;

/** The answer to what is queued. `model_id` comes with some operations, `sample_sequence_ids` with samples. */
export const futureSchema = z.object({
  request_id: z.union([z.string(), z.number()]).transform(String),
  model_id: z.string().nullish(),
  sample_sequence_ids: z.array(z.string()).nullish(),
});
export type FutureHandle = z.infer<typeof futureSchema>;

/** A poll that found the result not ready. */
export const tryAgainSchema = z.object({
  type: z.literal("try_again"),
  queue_state: z.string().nullish(),
  queue_state_reason: z.string().nullish(),
});
/** A result too large to come unasked. */
export const metadataSchema = z.object({
  status: z.literal("complete_metadata"),
  response_payload_size: count.nullish(),
});
/** The operation failed, for good. */
export const failedFutureSchema = z.object({
  error: z.string(),
  category: z.string().default("unknown"),
});
/** open-rl's form of the same. */
export const failedRequestSchema = z.object({
  type: z.literal("RequestFailedResponse"),
  error_message: z.string(),
});

/** The form of servers that speak as OpenAI does. */
const openAiErrorSchema = z.object({ error: z.object({ message: z.string() }) });

const detailSchema = z.object({
  detail: z.union([z.string(), z.array(z.object({ loc: z.array(z.unknown()).nullish(), msg: z.string() }))]),
});

/** What the body of a refusal says, in one line; `null` where it says nothing that is known. */
export function describeErrorBody(body: unknown): string | null {
  const detail = detailSchema.safeParse(body);
  if (detail.success) {
    const said = detail.data.detail;
    return typeof said === "string"
      ? said
      : said.map(({ loc, msg }) => (loc ? `${loc.join(".")}: ${msg}` : msg)).join("; ");
  }
  const failed = failedFutureSchema.safeParse(body);
  if (failed.success) return failed.data.error;
  const openAi = openAiErrorSchema.safeParse(body);
  if (openAi.success) return openAi.data.error.message;
  const request = failedRequestSchema.safeParse(body);
  return request.success ? request.data.error_message : null;
}

const typed = { type: z.string().nullish() };

export const createSessionRequestSchema = z.object({
  tags: z.array(z.string()).default([]),
  user_metadata: z.record(z.string(), z.unknown()).nullish(),
  sdk_version: z.string(),
  project_id: z.string().nullish(),
  ...typed,
});
export const createModelRequestSchema = z.object({
  session_id: z.string(),
  model_seq_id: count,
  base_model: z.string(),
  lora_config: loraConfigSchema.nullish(),
  user_metadata: z.record(z.string(), z.unknown()).nullish(),
  ...typed,
});
/**
 * Into a model that is there, or (SDK 0.38) creating one: then `session_id` and `model_seq_id` in place of `model_id`.
 */
export const loadWeightsRequestSchema = z.union([
  z.object({ ...ofModel, path: z.string(), optimizer: z.boolean().default(true), ...typed }),
  z.object({
    session_id: z.string(),
    model_seq_id: count,
    path: z.string(),
    optimizer: z.boolean().default(true),
    seq_id: z.int().nullish(),
    ...typed,
  }),
]);
export const saveWeightsRequestSchema = z.object({
  ...ofModel,
  path: z.string().nullish(),
  ttl_seconds: z.number().nullish(),
  overwrite: z.boolean().default(false),
  ...typed,
});
/** Named by `path`, or held for a sampling session only. */
export const saveForSamplerRequestSchema = z.object({
  ...ofModel,
  path: z.string().nullish(),
  sampling_session_seq_id: count.nullish(),
  ttl_seconds: z.number().nullish(),
  ...typed,
});
export const createSamplingSessionRequestSchema = z.object({
  session_id: z.string(),
  sampling_session_seq_id: count,
  base_model: z.string().nullish(),
  model_path: z.string().nullish(),
  ...typed,
});
export const optimStepRequestSchema = z.object({
  ...ofModel,
  adam_params: adamParamsSchema.prefault({}),
  ...typed,
});
export const modelRequestSchema = z.object({ ...ofModel, ...typed });
export const retrieveFutureRequestSchema = z.object({
  request_id: z.string(),
  allow_metadata_only: z.boolean().nullish(),
});

export const capabilitiesSchema = z.object({
  supported_models: z.array(
    z.object({
      model_name: z.string().nullish(),
      max_context_length: count.nullish(),
    }),
  ),
});
/** Limits and switches of a server. 0 of a limit means that there is none. */
export const clientConfigSchema = z.object({
  pjwt_auth_enabled: z.boolean().nullish(),
  parallel_fwdbwd_chunks: z.boolean().nullish(),
  proto_compress_fwdbwd: z.boolean().nullish(),
  fwdbwd_max_chunk_len: count.nullish(),
  fwdbwd_max_chunk_bytes_count: count.nullish(),
  sample_max_concurrent_requests: count.nullish(),
  billing_exception_max_pause_duration_sec: z.number().nullish(),
  /** What our own server does beyond the protocol; see {@link EXTENSIONS}. */
  extensions: z.array(z.string()).nullish(),
});
export type ClientConfig = z.infer<typeof clientConfigSchema>;

/**
 * Beyond the protocol. `only_weighted`: a loss setting of this name leaves out targets of weight 0. `target_columns`:
 * `target_tokens` may be [T, K]. `lora_settings`: `lora_config` takes `lora_alpha`, `layers` and `target_modules`.
 * `wide_seeds`: seeds are not cut to 31 bits.
 */
export const EXTENSIONS = ["only_weighted", "target_columns", "lora_settings", "wide_seeds"] as const;
export const hasExtension = ({ extensions }: ClientConfig, name: (typeof EXTENSIONS)[number]): boolean =>
  extensions?.includes(name) ?? false;

export const tokenSchema = z.object({ jwt: z.string().min(1) });

export const sessionSchema = z.object({
  session_id: z.string(),
  info_message: z.string().nullish(),
  warning_message: z.string().nullish(),
  error_message: z.string().nullish(),
});
export const createdModelSchema = z.object({ model_id: z.string() });
export const modelInfoSchema = z.object({
  model_id: z.string().nullish(),
  model_data: z
    .object({
      arch: z.string().nullish(),
      model_name: z.string().nullish(),
      base_model: z.string().nullish(),
      tokenizer_id: z.string().nullish(),
    })
    .nullish(),
  model_name: z.string().nullish(),
  is_lora: z.boolean().nullish(),
  lora_rank: count.nullish(),
});
export const optimStepOutputSchema = z.object({
  metrics: z.record(z.string(), z.number()).nullish(),
});
export const savedSchema = z.object({
  path: z.string().nullish(),
  sampling_session_id: z.string().nullish(),
});
export const loadedSchema = z.object({ path: z.string().nullish(), model_id: z.string().nullish() });
export const samplingSessionSchema = z.object({ sampling_session_id: z.string() });
export const weightsInfoSchema = z.object({
  base_model: z.string(),
  is_lora: z.boolean().nullish(),
  lora_rank: count.nullish(),
  train_unembed: z.boolean().nullish(),
  train_mlp: z.boolean().nullish(),
  train_attn: z.boolean().nullish(),
});
