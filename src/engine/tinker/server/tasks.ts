/**
 * @file The requests that change or read one model in order, decoded and checked. The same code reads them again after
 * a restart.
 */

import { z } from "zod";
import type { OptimStep } from "../../../core/engine.ts";
import { parseJson } from "../../../core/json.ts";
import {
  forwardBackwardRequestSchema,
  forwardRequestSchema,
  loadWeightsRequestSchema,
  optimStepRequestSchema,
  saveForSamplerRequestSchema,
  saveWeightsRequestSchema,
} from "../wire/messages.ts";
import type { AdamParams, TrainingRequest } from "../wire/messages.ts";
import { decodeTrainingRequest } from "../wire/protobuf.ts";
import { readTrainingRequest, type TokenLimits, type TrainingBatch } from "./datums.ts";
import { digestOf } from "./digest.ts";
import { Refusal } from "./refusal.ts";
import type { TrainingVerb } from "./store.ts";

export type Task =
  | { verb: "forward" | "forward_backward"; batch: TrainingBatch }
  | { verb: "optim_step"; step: OptimStep }
  | { verb: "save_weights"; name: string; overwrite: boolean }
  | { verb: "save_weights_for_sampler"; name: string | null; samplerSeq: number | null }
  | { verb: "load_weights"; path: string; optimizer: boolean };

/** Of which model, which request, and what. `digest` is equal for equal requests. */
export interface Addressed<T> {
  modelId: string;
  seq: number;
  digest: string;
  value: T;
}

/** @throws Refusal (422) with every field that is wrong. */
export function parseBody<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let json: unknown;
  try {
    json = parseJson(Buffer.from(body).toString("utf8"));
  } catch (cause) {
    throw new Refusal(422, `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Refusal(422, issues.join("; "));
}

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** A name of a checkpoint. @throws Refusal for one that could not be a directory's name everywhere. */
function checkName(name: string): string {
  if (NAME.test(name) && !name.endsWith(".")) return name;
  throw new Refusal(
    422,
    `${JSON.stringify(name)} is not a name of a checkpoint: use up to 128 of the characters A-Z a-z 0-9 _ - and dots inside`,
  );
}

/** What the request addresses, before the model is known. @throws Refusal (422). */
export function addressOf(verb: TrainingVerb, isProtobuf: boolean, body: Uint8Array): Addressed<unknown> {
  const parsed = parse(verb, isProtobuf, body);
  const { model_id: modelId, seq_id: seq } = parsed;
  if (seq === null || seq === undefined || seq < 1 || seq > 2 ** 31 - 1)
    throw new Refusal(422, `seq_id is ${seq}: requests of a model are numbered from 1`);
  return { modelId, seq, digest: digestOf({ verb, ...parsed }), value: parsed };
}

function parse(verb: TrainingVerb, isProtobuf: boolean, body: Uint8Array) {
  if (isProtobuf && verb !== "forward_backward")
    throw new Refusal(415, `${verb} takes application/json, protobuf only forward_backward`);
  switch (verb) {
    case "forward":
      return parseBody(forwardRequestSchema, body);
    case "forward_backward":
      return isProtobuf ? decodeProtobuf(body) : parseBody(forwardBackwardRequestSchema, body);
    case "optim_step":
      return parseBody(optimSchema, body);
    case "save_weights":
      return parseBody(saveWeightsRequestSchema, body);
    case "save_weights_for_sampler":
      return parseBody(saveForSamplerRequestSchema, body);
    case "load_weights": {
      const request = parseBody(loadWeightsRequestSchema, body);
      if (!("model_id" in request)) throw new Refusal(422, "model_id is missing");
      return request;
    }
  }
}

/** Otherwise, another optimiser's settings would be dropped and the step taken with AdamW's defaults. */
const optimSchema = optimStepRequestSchema.extend({
  optim_params: z.null("only adam_params are understood here").optional(),
  optimizer_params: z.null("only adam_params are understood here").optional(),
});

function decodeProtobuf(body: Uint8Array): TrainingRequest {
  try {
    return decodeTrainingRequest(body);
  } catch (cause) {
    throw new Refusal(422, (cause as Error).message, { cause });
  }
}

/** The task, checked against the model. @throws Refusal (422). */
export function taskOf(verb: TrainingVerb, { value, seq }: Addressed<unknown>, limits: TokenLimits): Task {
  switch (verb) {
    case "forward":
    case "forward_backward": {
      const request = value as TrainingRequest;
      return {
        verb: request.forward_only ? "forward" : "forward_backward",
        batch: readTrainingRequest(request, limits),
      };
    }
    case "optim_step":
      return { verb, step: stepOf((value as { adam_params: AdamParams }).adam_params) };
    case "save_weights": {
      const { path, overwrite } = value as z.infer<typeof saveWeightsRequestSchema>;
      return { verb, name: checkName(path ?? `step-${seq}`), overwrite };
    }
    case "save_weights_for_sampler": {
      const { path, sampling_session_seq_id: samplerSeq } = value as z.infer<
        typeof saveForSamplerRequestSchema
      >;
      if (typeof samplerSeq === "number" && typeof path === "string")
        throw new Refusal(422, "give path or sampling_session_seq_id, not both");
      return typeof samplerSeq === "number"
        ? { verb, name: null, samplerSeq }
        : { verb, name: checkName(path ?? `step-${seq}`), samplerSeq: null };
    }
    case "load_weights": {
      const { path, optimizer } = value as { path: string; optimizer: boolean };
      return { verb, path, optimizer };
    }
  }
}

function stepOf(params: AdamParams): OptimStep {
  const {
    learning_rate: learningRate,
    beta1,
    beta2,
    eps,
    weight_decay: weightDecay,
    grad_clip_norm: clip,
  } = params;
  const within = (value: number, name: string, isFine: boolean, rule: string) => {
    if (!isFine) throw new Refusal(422, `adam_params.${name} is ${value}: it must be ${rule}`);
  };
  within(learningRate, "learning_rate", learningRate >= 0, "0 or more");
  within(beta1, "beta1", beta1 >= 0 && beta1 < 1, "from 0 to less than 1");
  within(beta2, "beta2", beta2 >= 0 && beta2 < 1, "from 0 to less than 1");
  within(eps, "eps", eps > 0, "more than 0");
  within(weightDecay, "weight_decay", weightDecay >= 0, "0 or more");
  within(clip, "grad_clip_norm", clip >= 0, "0 (no clipping) or more");
  return { learningRate, beta1, beta2, epsilon: eps, weightDecay, clipNorm: clip === 0 ? Infinity : clip };
}
