/**
 * @file A server of the Tinker protocol in memory, for tests: a small model that really trains (the next token depends
 * on the last one only, logits θ[previous mod 16]), whose arithmetic and memory can be those of other servers, or wrong
 * on purpose.
 */

import type {
  AdamParams,
  ForwardBackwardOutput,
  TrainingRequest,
  WireDatum,
  WireSampleResponse,
} from "../wire/messages.ts";
import {
  forwardBackwardRequestSchema,
  forwardRequestSchema,
  loraConfigSchema,
  optimStepRequestSchema,
  sampleRequestSchema,
  samplingParamsSchema,
} from "../wire/messages.ts";
import {
  decodeTrainingRequest,
  encodeForwardBackwardOutput,
  encodeSampleResponse,
} from "../wire/protobuf.ts";
import type { Outgoing, Reply, Send } from "../client/transport.ts";

const ROWS = 16;

export interface FakeServerOptions {
  vocabSize: number;
  model?: string;
  contextTokens?: number;
  /** How gradients of a call add up. */
  arithmetic?:
    | "sum"
    /** ÷ Σ weights of a datum, then ÷ all datums at the step: SkyRL on jax. */
    | "per_sequence_mean"
    /** ÷ datums of the call and positions, then added up over calls: Hatchery. */
    | "mean_of_calls"
    /** Signs are lost: Twinkle. */
    | "no_sign"
    /** The size of an advantage is lost. */
    | "normalised";
  seqId?: "dedup" | "strict" | "ignored";
  codec?: "protobuf" | "json";
  says?: { gradientNorm?: boolean; logprobs?: "true" | "zeros" | "nan" };
  key?: string;
  /** Unloading a model removes the checkpoints that it saved: TuFT. */
  forgetsCheckpoints?: boolean;
  /** The next model that is made inherits the gradient that an unloaded one left: SkyRL on jax. */
  leaksGradients?: boolean;
}

interface Weights {
  theta: Float64Array;
  m: Float64Array;
  v: Float64Array;
  step: number;
}
interface FakeModel extends Weights {
  gradient: Float64Array;
  datums: number;
  seen: Map<number, { body: string; id: string }>;
  next: number;
}

export interface FakeServer {
  send: Send;
  /** Optimiser steps that were applied, to any model. */
  readonly steps: number;
  /** Datums whose gradient was added, to any model. */
  readonly backwardDatums: number;
  /** It dies and comes back: what was saved is there, sessions, models and results are not. */
  restart(): void;
  /** Weights of all models, in the order of their making. */
  weights(): Float64Array[];
  /** Weights that were saved by name to be sampled from, by the server's path of them. */
  adapter(path: string): Float64Array | undefined;
  /** Bodies and headers of all requests. */
  readonly log: Outgoing[];
}

class Refused extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

export function createFakeServer(options: FakeServerOptions): FakeServer {
  const {
    vocabSize: V,
    model: name = "tiny",
    arithmetic = "sum",
    seqId = "dedup",
    codec = "protobuf",
  } = options;
  const size = ROWS * V;
  const log: Outgoing[] = [];
  const saved = new Map<string, Weights>();
  let sessions = new Set<string>();
  let models = new Map<string, FakeModel>();
  let samplers = new Map<string, Float64Array>();
  let futures = new Map<string, { json?: unknown; bytes?: Uint8Array; status?: number }>();
  let made = 0;
  let steps = 0;
  let backwardDatums = 0;

  const rowOf = (token: number) => token % ROWS;
  const logSoftmax = (theta: Float64Array, row: number) => {
    const logits = theta.subarray(row * V, (row + 1) * V);
    const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = logits.reduce((sum, each) => sum + Math.exp(each - max), 0);
    return logits.map((each) => each - max - Math.log(total));
  };
  let left: Pick<FakeModel, "gradient" | "datums"> | null = null;
  const fresh = (): FakeModel => {
    const theta = Float64Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898) * 0.5);
    const { gradient = new Float64Array(size), datums = 0 } = left ?? {};
    left = null;
    return { ...empty(theta), gradient, datums, seen: new Map(), next: 1 };
  };
  const empty = (theta: Float64Array): Weights => ({
    theta,
    m: new Float64Array(size),
    v: new Float64Array(size),
    step: 0,
  });
  const copy = ({ theta, m, v, step }: Weights): Weights => ({
    theta: theta.slice(),
    m: m.slice(),
    v: v.slice(),
    step,
  });
  const find = (id: string) => {
    const model = models.get(id);
    if (!model) throw new Refused(404, `Model ${id} not found`);
    return model;
  };
  const queue = (outcome: { json?: unknown; bytes?: Uint8Array; status?: number }, more: object = {}) => {
    const id = `f${++made}`;
    futures.set(id, outcome);
    return { request_id: id, ...more };
  };

  /** `null`: known already. */
  function takeSeq(
    model: FakeModel,
    seq: number | null | undefined,
    body: string,
  ): { request_id: string } | null {
    if (typeof seq !== "number" || seqId === "ignored") return null;
    if (seqId === "strict") {
      if (seq === model.next) {
        model.next++;
        return null;
      }
      return queue({
        status: 409,
        json: { detail: `Sequence conflict: expected ${model.next}, got ${seq}` },
      });
    }
    const before = model.seen.get(seq);
    if (!before) return null;
    if (before.body !== body) throw new Refused(409, `seq_id ${seq} was used for something else`);
    return { request_id: before.id };
  }

  const numbers = (datum: WireDatum, input: string) => datum.loss_fn_inputs[input]?.data;

  /** Adds the gradient of a datum and says its log-probabilities. */
  function evaluate(
    model: FakeModel,
    request: TrainingRequest,
    gradient: Float64Array | null,
  ): ForwardBackwardOutput {
    let loss = 0;
    const rows = new Map<number, Float64Array>();
    const outputs = request.data.map((datum) => {
      const tokens = datum.model_input.chunks.flatMap((chunk) =>
        chunk.type === "encoded_text" ? chunk.tokens : [],
      );
      if (tokens.some((each) => each < 0 || each >= V)) throw new Refused(422, "a token is out of range");
      const targets = numbers(datum, "target_tokens")!;
      const weights = numbers(datum, "weights");
      const isCe = request.loss_fn === "cross_entropy";
      const advantages = numbers(datum, "advantages");
      const old = numbers(datum, "logprobs");
      const divisor = divisorOf(arithmetic, tokens.length, request.data.length, isCe ? weights : undefined);
      const logprobs = tokens.map((token, t) => {
        const row = rowOf(token);
        const all = rows.get(row) ?? logSoftmax(model.theta, row);
        rows.set(row, all);
        const logprob = all[targets[t]!]!;
        let carried = isCe ? (weights?.[t] ?? 1) : Math.exp(logprob - old![t]!) * advantages![t]!;
        if (arithmetic === "no_sign") carried = Math.abs(carried);
        if (arithmetic === "normalised") carried = Math.sign(carried);
        carried /= divisor;
        loss -= carried * logprob;
        if (gradient && carried !== 0) {
          for (let i = 0; i < V; i++) gradient[row * V + i]! += carried * Math.exp(all[i]!);
          gradient[row * V + targets[t]!]! -= carried;
        }
        return logprob;
      });
      const said = options.says?.logprobs ?? "true";
      const data = said === "true" ? logprobs : logprobs.map(() => (said === "zeros" ? 0 : Number.NaN));
      return { logprobs: { data, dtype: "float32" as const, shape: [data.length] } };
    });
    return { loss_fn_output_type: "scalar", loss_fn_outputs: outputs, metrics: { "loss:sum": loss } };
  }

  function train(request: TrainingRequest): object {
    const model = find(request.model_id);
    const body = JSON.stringify(request);
    const known = takeSeq(model, request.seq_id, body);
    if (known) return known;
    const output = evaluate(model, request, request.forward_only ? null : model.gradient);
    if (!request.forward_only) {
      model.datums += request.data.length;
      backwardDatums += request.data.length;
    }
    const future =
      codec === "json" ? queue({ json: output }) : queue({ bytes: encodeForwardBackwardOutput(output) });
    if (typeof request.seq_id === "number") model.seen.set(request.seq_id, { body, id: future.request_id });
    return future;
  }

  function step(model: FakeModel, adam: AdamParams): number {
    const { gradient } = model;
    if (arithmetic === "per_sequence_mean")
      gradient.forEach((g, i) => (gradient[i] = g / Math.max(1, model.datums)));
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    const clip = adam.grad_clip_norm > 0 && norm > adam.grad_clip_norm ? adam.grad_clip_norm / norm : 1;
    model.step++;
    gradient.forEach((raw, i) => {
      const g = raw * clip;
      model.m[i] = adam.beta1 * model.m[i]! + (1 - adam.beta1) * g;
      model.v[i] = adam.beta2 * model.v[i]! + (1 - adam.beta2) * g * g;
      const m = model.m[i]! / (1 - adam.beta1 ** model.step);
      const v = model.v[i]! / (1 - adam.beta2 ** model.step);
      model.theta[i]! -=
        adam.learning_rate * (m / (Math.sqrt(v) + adam.eps) + adam.weight_decay * model.theta[i]!);
    });
    model.gradient = new Float64Array(size);
    model.datums = 0;
    steps++;
    return norm;
  }

  function sample(theta: Float64Array, body: unknown): WireSampleResponse {
    const { prompt, sampling_params } = sampleRequestSchema.parse(body);
    const params = samplingParamsSchema.parse(sampling_params);
    const tokens = prompt.chunks.flatMap((chunk) => (chunk.type === "encoded_text" ? chunk.tokens : []));
    const out: number[] = [];
    const logprobs: number[] = [];
    const stops = (Array.isArray(params.stop) ? params.stop : []) as unknown[];
    let state = (params.seed ?? 0) + 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    random();
    let stop: "stop" | "length" = "length";
    for (let last = tokens.at(-1)!; out.length < (params.max_tokens ?? 16); last = out.at(-1)!) {
      const all = logSoftmax(theta, rowOf(last));
      const scaled = [...all].map((l) => (params.temperature === 0 ? 0 : Math.exp(l / params.temperature)));
      let left = random() * scaled.reduce((a, b) => a + b, 0);
      let token = all.indexOf(all.reduce((a, b) => Math.max(a, b), -Infinity));
      if (params.temperature > 0) token = scaled.findIndex((p) => (left -= p) < 0);
      if (token < 0) token = V - 1;
      out.push(token);
      logprobs.push(all[token]!);
      if (stops.includes(token)) {
        stop = "stop";
        break;
      }
    }
    return { sequences: [{ tokens: out, logprobs, stop_reason: stop }] };
  }

  function answer(
    path: string,
    body: Record<string, unknown>,
    outgoing: Outgoing,
  ): { json?: unknown; bytes?: Uint8Array; status?: number } {
    const id = body["model_id"] as string;
    switch (path) {
      case "get_server_capabilities":
        return {
          json: {
            supported_models: [
              { model_name: name, max_context_length: options.contextTokens ?? 2048, vocab_size: V },
            ],
          },
        };
      case "client/config":
        return { json: { pjwt_auth_enabled: false } };
      case "create_session": {
        const session = `s${++made}`;
        sessions.add(session);
        return { json: { session_id: session } };
      }
      case "session_heartbeat":
        if (!sessions.has(body["session_id"] as string)) throw new Refused(404, "session not found");
        return { json: {} };
      case "create_model": {
        const { session_id: session, model_seq_id: seq } = body as {
          session_id: string;
          model_seq_id: number;
        };
        if (!sessions.has(session)) throw new Refused(404, "session not found");
        if (body["base_model"] !== name)
          throw new Refused(404, `there is no model ${String(body["base_model"])}`);
        loraConfigSchema.parse(body["lora_config"] ?? { rank: 32 });
        const made = `${session}-m${seq}`;
        if (!models.has(made)) models.set(made, fresh());
        return { json: queue({ json: { model_id: made } }) };
      }
      case "unload_model":
        if (options.leaksGradients) left = models.get(id) ?? null;
        models.delete(id);
        if (options.forgetsCheckpoints)
          for (const path of saved.keys()) if (path.startsWith(`tinker://${id}/`)) saved.delete(path);
        return { json: queue({ json: { model_id: id } }) };
      case "forward":
      case "forward_backward": {
        const isBytes = outgoing.body instanceof Uint8Array;
        if (isBytes !== (codec === "protobuf")) throw new Refused(415, `send ${codec}`);
        const request =
          outgoing.body instanceof Uint8Array
            ? decodeTrainingRequest(outgoing.body)
            : (path === "forward" ? forwardRequestSchema : forwardBackwardRequestSchema).parse(body);
        return { json: train(request) };
      }
      case "retrieve_future": {
        const future = futures.get(body["request_id"] as string);
        if (!future) throw new Refused(404, "unknown future");
        return future;
      }
    }
    return answerModel(path, body, find, id);
  }

  function answerModel(
    path: string,
    body: Record<string, unknown>,
    findModel: (id: string) => FakeModel,
    id: string,
  ): { json?: unknown; bytes?: Uint8Array } {
    if (path === "create_sampling_session" || path === "asample") {
      const theta = samplers.get(body["sampling_session_id"] as string);
      if (!theta) throw new Refused(404, "sampling session not found");
      const result = sample(theta, body);
      return { json: queue(codec === "json" ? { json: result } : { bytes: encodeSampleResponse(result) }) };
    }
    const model = findModel(id);
    const known = takeSeq(model, body["seq_id"] as number, JSON.stringify(body));
    if (known) return { json: known };
    const finish = (json: unknown) => {
      const future = queue({ json });
      if (typeof body["seq_id"] === "number")
        model.seen.set(body["seq_id"], { body: JSON.stringify(body), id: future.request_id });
      return { json: future };
    };
    switch (path) {
      case "optim_step": {
        const norm = step(model, optimStepRequestSchema.parse(body).adam_params);
        return finish({ metrics: options.says?.gradientNorm === false ? null : { "grad_norm:mean": norm } });
      }
      case "save_weights": {
        const at = `tinker://${id}/weights/${String(body["path"])}`;
        saved.set(at, copy(model));
        return finish({ path: at });
      }
      case "load_weights": {
        const from = saved.get(body["path"] as string);
        if (!from) throw new Refused(404, `there is no checkpoint ${String(body["path"])}`);
        Object.assign(model, body["optimizer"] === true ? copy(from) : empty(from.theta.slice()));
        return finish({ path: body["path"] });
      }
      case "save_weights_for_sampler": {
        if (typeof body["path"] === "string") {
          const named = `tinker://${id}/sampler_weights/${body["path"]}`;
          saved.set(named, copy(model));
          return finish({ path: named, sampling_session_id: null });
        }
        const at = `sampler-${++made}`;
        samplers.set(at, model.theta.slice());
        return finish({ path: null, sampling_session_id: at });
      }
      default:
        throw new Refused(404, `there is no ${path}`);
    }
  }

  return {
    log,
    get steps() {
      return steps;
    },
    get backwardDatums() {
      return backwardDatums;
    },
    adapter: (path) => saved.get(path)?.theta,
    weights: () => [...models.values()].map(({ theta }) => theta),
    restart: () => {
      sessions = new Set();
      models = new Map();
      samplers = new Map();
      futures = new Map();
    },
    send: async (outgoing) => {
      await Promise.resolve();
      outgoing.signal?.throwIfAborted();
      log.push(outgoing);
      // What travels is a copy.
      const body = (
        outgoing.body instanceof Uint8Array || !outgoing.body ? {} : JSON.parse(JSON.stringify(outgoing.body))
      ) as Record<string, unknown>;
      try {
        return toReply(answer(outgoing.path, body, outgoing));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return toReply({ status: error.status, json: { detail: error.message } });
      }
    },
  };
}

function divisorOf(
  arithmetic: FakeServerOptions["arithmetic"],
  positions: number,
  datums: number,
  weights: readonly number[] | undefined,
): number {
  const sum = weights?.reduce((total, weight) => total + weight, 0) ?? positions;
  if (arithmetic === "per_sequence_mean") return Math.max(sum, 1e-9);
  if (arithmetic === "mean_of_calls") return datums * Math.max(sum, 1);
  return 1;
}

const toReply = ({
  json,
  bytes,
  status = 200,
}: {
  json?: unknown;
  bytes?: Uint8Array;
  status?: number;
}): Reply => ({
  status,
  isProtobuf: bytes !== undefined,
  bytes: bytes ?? new Uint8Array(Buffer.from(JSON.stringify(json))),
  json: bytes ? undefined : json,
  pauseMs: null,
});
