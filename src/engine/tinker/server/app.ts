/**
 * @file The protocol's paths. Errors are `{"detail": text}`; 429 and 503 say in `Retry-After` when to come again. If
 * something fails after it was accepted, it fails in its future and with status 200: SDKs repeat for ever what is
 * answered with 5xx.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { z } from "zod";
import {
  createModelRequestSchema,
  createSamplingSessionRequestSchema,
  createSessionRequestSchema,
  EXTENSIONS,
  loraConfigSchema,
  loadWeightsRequestSchema,
  modelRequestSchema,
  retrieveFutureRequestSchema,
} from "../wire/messages.ts";
import { archiveOf } from "./archive.ts";
import { targetModules, trainedParts, type Base } from "./bases.ts";
import type { Future } from "./futures.ts";
import { Refusal } from "./refusal.ts";
import { asJson } from "./results.ts";
import { asampleSchema } from "./sample.ts";
import type { SamplerRecord } from "./samplers.ts";
import type { LoraRequest, Service } from "./service.ts";
import type { TrainingVerb } from "./store.ts";
import { parseBody } from "./tasks.ts";

export interface AppOptions {
  service: Service;
  /** Checks that every request passes first. */
  guard: MiddlewareHandler;
  /** `null`: anybody who reaches the port may use it. */
  key: string | null;
  /** Milliseconds that a poll is held while there is no result. */
  pollMs: number;
  /** Whether no new work is taken any more. */
  isStopping: () => boolean;
}

const PROTOBUF = /^application\/(x-)?protobuf\b/;
/** A result of this many bytes comes only when the client asks for it, if it knows how. */
const LARGE_RESULT = 4 * 2 ** 20;
/**
 * Our client's settings; an SDK's have no alpha, layers or modules. Alpha is that of the hosted service and of SkyRL.
 */
const ALPHA = 32;
const RANK = 32;
const DATUMS = 1024;

const ourLoraSchema = loraConfigSchema.extend({
  lora_alpha: z.number().positive().nullish(),
  target_modules: z.array(z.string()).nonempty().nullish(),
  layers: z.union([z.int().positive(), z.array(z.int().nonnegative()).nonempty()]).nullish(),
});
const adamOnly = z.object({ type: z.literal("adamw", "adamw is the only optimiser here") }).nullish();
const createSchema = createModelRequestSchema.extend({
  lora_config: ourLoraSchema.nullish(),
  optimizer_config: adamOnly,
});
const heartbeatSchema = z.object({ session_id: z.string() });
const weightsInfoSchema = z.object({ tinker_path: z.string() });

export function createApp(options: AppOptions): Hono {
  const { service, isStopping } = options;
  const app = new Hono();
  app.onError((error, c) => refuse(c, error));
  app.notFound((c) =>
    c.json(
      { detail: `there is no ${c.req.method} ${c.req.path} here; paths of the protocol begin with /api/v1/` },
      404,
    ),
  );
  app.use(options.guard);
  app.get("/api/v1/healthz", (c) =>
    isStopping() ? c.json({ status: "stopping" }, 503, { "Retry-After": "5" }) : c.json({ status: "ok" }),
  );
  app.use(async (c, next) => {
    checkKey(c, options.key);
    // Results of what was accepted can still be fetched.
    if (isStopping() && c.req.path !== "/api/v1/retrieve_future")
      throw new Refusal(503, "the server is stopping: come again when it is up");
    await next();
  });
  addInformation(app, service);
  addSessions(app, service);
  addModels(app, service);
  addTraining(app, service);
  addSampling(app, service);
  addCheckpoints(app, service);
  app.post("/api/v1/retrieve_future", (c) => retrieve(c, options));
  app.post("/api/v1/cancel_future", async (c) => {
    service.cancel((await read(c, z.object({ request_id: z.string() }))).request_id);
    return c.body(null, 204);
  });
  app.post("/api/v1/telemetry", (c) => c.json({ status: "accepted" }));
  return app;
}

function refuse(c: Context, error: Error): Response {
  if (error instanceof Refusal) {
    if (error.status === 429 || error.status === 503)
      c.header("Retry-After", error.status === 429 ? "1" : "5");
    return c.json({ detail: error.message }, error.status);
  }
  const { code } = error as NodeJS.ErrnoException;
  // All other writing happens before the request is accepted.
  if (code === "ENOSPC" || code === "EDQUOT")
    return c.json({ detail: "the server's disk is full; nothing of this request was accepted" }, 429, {
      "Retry-After": "30",
    });
  if (c.req.raw.signal.aborted || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE")
    return c.json({ detail: "the request did not arrive whole" }, 400);
  return c.json({ detail: `the server has a fault: ${error.message}` }, 500);
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/** @throws Refusal (401). Both sides are hashed first, so that the time says nothing of the key or its length. */
function checkKey(c: Context, key: string | null): void {
  if (key === null) return;
  const given = c.req.header("x-api-key") ?? /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1];
  if (given === undefined) throw new Refusal(401, "the server wants a key: send it as X-API-Key");
  if (!timingSafeEqual(digest(given), digest(key))) throw new Refusal(401, "the key is not this server's");
}

const bytesOf = async (c: Context) => new Uint8Array(await c.req.arrayBuffer());

async function read<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  return parseBody(schema, await bytesOf(c));
}

const answerQueued = (c: Context, { id }: Future, model: string) =>
  c.json({ request_id: id, model_id: model });

function addInformation(app: Hono, service: Service): void {
  const { limits } = service;
  app.get("/api/v1/get_server_capabilities", (c) =>
    c.json({
      supported_models: service.bases.all.map(({ name, config }) => ({
        model_name: name,
        max_context_length: config.contextTokens,
        vocab_size: config.vocabSize,
        trainable: true,
        sampleable: true,
      })),
    }),
  );
  app.post("/api/v1/client/config", (c) =>
    c.json({
      pjwt_auth_enabled: false,
      parallel_fwdbwd_chunks: false,
      proto_compress_fwdbwd: false,
      fwdbwd_max_chunk_len: Math.min(DATUMS, limits.datumsPerRequest),
      fwdbwd_max_chunk_bytes_count: Math.min(5_000_000, Math.floor(limits.bodyBytes / 2)),
      sample_max_concurrent_requests: limits.queuedSequences,
      extensions: EXTENSIONS,
    }),
  );
  app.post("/api/v1/client/dynamic_config", (c) =>
    c.json({ refresh_interval_sec: 300, sample_cancel_enabled: true }),
  );
}

function addSessions(app: Hono, { sessions }: Service): void {
  app.post("/api/v1/create_session", async (c) => {
    await read(c, createSessionRequestSchema);
    const session_id = await sessions.create();
    return c.json({
      type: "create_session",
      session_id,
      info_message: null,
      warning_message: null,
      error_message: null,
    });
  });
  app.post("/api/v1/session_heartbeat", async (c) => {
    sessions.touch((await read(c, heartbeatSchema)).session_id);
    return c.json({ type: "session_heartbeat" });
  });
}

const modelId = (session: string, seq: number) => `${session}:train:${seq}`;

/** Throws if the request asks for an adapter that cannot exist. */
function loraOf(base: Base, config: z.infer<typeof ourLoraSchema>): LoraRequest | null {
  const { rank, seed, lora_alpha: alpha, target_modules: named, layers } = config;
  if (rank === 0) return null;
  if (rank > base.config.hiddenSize)
    throw new Refusal(
      422,
      `an adapter of rank ${rank} is larger than the model, whose width is ${base.config.hiddenSize}`,
    );
  const modules =
    named ?? targetModules(base, { attention: config.train_attn ?? true, mlp: config.train_mlp ?? true });
  return {
    rank,
    alpha: alpha ?? ALPHA,
    seed: seed ?? null,
    ...(modules && { targetModules: modules }),
    ...(layers && { layers }),
  };
}

function addModels(app: Hono, service: Service): void {
  app.post("/api/v1/create_model", async (c) => {
    const request = await read(c, createSchema);
    const base = service.bases.find(request.base_model);
    const id = modelId(request.session_id, request.model_seq_id);
    const lora = loraOf(base, request.lora_config ?? { rank: RANK });
    return answerQueued(
      c,
      await service.createModel({ id, session: request.session_id, base: base.name, lora, load: null }),
      id,
    );
  });
  app.post("/api/v1/get_info", async (c) => {
    const { record } = await service.model((await read(c, modelRequestSchema)).model_id);
    const base = service.bases.find(record.base);
    return c.json({
      type: "get_info",
      model_id: record.id,
      model_data: { arch: base.config.architecture, model_name: base.name, tokenizer_id: base.name },
      is_lora: record.lora !== null,
      lora_rank: record.lora?.rank ?? 0,
      model_name: base.name,
    });
  });
  app.post("/api/v1/unload_model", async (c) => {
    const { model_id } = await read(c, modelRequestSchema);
    return answerQueued(c, await service.unloadModel(model_id), model_id);
  });
}

function addTraining(app: Hono, service: Service): void {
  const take = async (c: Context, verb: TrainingVerb, body: Uint8Array) => {
    const type = c.req.header("content-type") ?? "application/json";
    if (c.req.header("content-encoding") !== undefined)
      throw new Refusal(415, "compressed bodies are not understood here; client/config says so");
    const { requestId, modelId: model_id } = await service.submit(verb, PROTOBUF.test(type), body);
    return c.json({ request_id: requestId, model_id });
  };
  for (const verb of [
    "forward",
    "forward_backward",
    "optim_step",
    "save_weights",
    "save_weights_for_sampler",
  ] as const)
    app.post(`/api/v1/${verb}`, async (c) => take(c, verb, await bytesOf(c)));
  app.post("/api/v1/load_weights", async (c) => {
    const body = await bytesOf(c);
    const request = parseBody(loadWeightsRequestSchema, body);
    if ("model_id" in request) return take(c, "load_weights", body);
    // SDK 0.38 makes a model from a checkpoint in one request, and afterwards calls it by this id.
    const { session_id: session, model_seq_id: seq, path, optimizer } = request;
    const checkpoint = await service.checkpoints.find(path);
    const adapter = await service.checkpoints.adapterOf(checkpoint);
    const base = await service.bases.of(checkpoint, adapter !== null);
    const id = modelId(session, seq);
    const lora = adapter && {
      rank: adapter.rank,
      alpha: adapter.alpha,
      seed: 0,
      targetModules: adapter.targetModules,
      ...(adapter.layers && { layers: adapter.layers }),
    };
    return answerQueued(
      c,
      await service.createModel({ id, session, base: base.name, lora, load: { path, optimizer } }),
      id,
    );
  });
}

function addSampling(app: Hono, service: Service): void {
  app.post("/api/v1/create_sampling_session", async (c) => {
    const request = await read(c, createSamplingSessionRequestSchema);
    const { session_id: session, base_model: name, model_path: path } = request;
    if ((typeof name === "string") === (typeof path === "string"))
      throw new Refusal(422, "give exactly one of base_model and model_path");
    const id = `${session}:sample:${request.sampling_session_seq_id}`;
    let record: SamplerRecord;
    if (typeof path === "string") {
      const checkpoint = await service.checkpoints.find(path);
      const base = await service.bases.of(
        checkpoint,
        (await service.checkpoints.adapterOf(checkpoint)) !== null,
      );
      record = { id, session, base: base.name, from: { kind: "path", path } };
    } else record = { id, session, base: service.bases.find(name!).name, from: { kind: "base" } };
    await service.createSampler(record);
    return c.json({ type: "create_sampling_session", sampling_session_id: id });
  });
  app.get("/api/v1/samplers/:id", (c) => {
    const { id, base, from } = service.sampler(c.req.param("id"));
    return c.json({ sampler_id: id, base_model: base, model_path: from.kind === "path" ? from.path : null });
  });
  app.post("/api/v1/asample", async (c) => {
    const { requestId, sequences } = await service.sample(await read(c, asampleSchema));
    return c.json({
      request_id: requestId,
      sample_sequence_ids: Array.from({ length: sequences }, (_, i) => `${requestId}:${i}`),
    });
  });
}

function addCheckpoints(app: Hono, service: Service): void {
  const { checkpoints } = service;
  app.post("/api/v1/weights_info", async (c) => {
    const checkpoint = await checkpoints.find((await read(c, weightsInfoSchema)).tinker_path);
    const adapter = await checkpoints.adapterOf(checkpoint);
    const base = await service.bases.of(checkpoint, adapter !== null);
    return c.json({
      base_model: base.name,
      is_lora: adapter !== null,
      lora_rank: adapter?.rank ?? null,
      lora_alpha: adapter?.alpha ?? null,
      ...trainedParts(adapter?.targetModules),
    });
  });
  app.get("/api/v1/training_runs", (c) => {
    const runs = service.models.map(({ id, base, lora }) => ({
      training_run_id: id,
      base_model: base,
      model_owner: "default",
      is_lora: lora !== null,
      lora_rank: lora?.rank ?? null,
      corrupted: false,
      last_request_time: new Date().toISOString(),
      last_checkpoint: null,
      last_sampler_checkpoint: null,
      user_metadata: null,
    }));
    const [offset, limit] = [Number(c.req.query("offset") ?? 0), Number(c.req.query("limit") ?? 20)];
    return c.json({
      training_runs: runs.slice(offset, offset + limit),
      cursor: { offset, limit, total_count: runs.length },
    });
  });
  app.get("/api/v1/training_runs/:id/checkpoints", async (c) => {
    const found = await checkpoints.of(c.req.param("id"));
    return c.json({
      checkpoints: found.map(({ kind, name, path, savedAt }) => ({
        checkpoint_id: `${kind}/${name}`,
        checkpoint_type: kind === "weights" ? "training" : "sampler",
        time: savedAt.toISOString(),
        tinker_path: path,
      })),
    });
  });
  app.get("/api/v1/training_runs/:id/checkpoints/:kind/:name/archive", async (c) => {
    const { id, kind, name } = c.req.param();
    const checkpoint = await checkpoints.find(`tinker://${id}/${kind}/${name}`);
    const base = await service.bases.of(checkpoint, (await checkpoints.adapterOf(checkpoint)) !== null);
    return c.body(archiveOf(checkpoint.directory, base.name), 200, { "content-type": "application/x-tar" });
  });
  app.delete("/api/v1/training_runs/:id/checkpoints/:kind/:name", async (c) => {
    const { id, kind, name } = c.req.param();
    await checkpoints.remove(await checkpoints.find(`tinker://${id}/${kind}/${name}`));
    return c.body(null, 204);
  });
}

/** Waits for the result, but not for ever: proxies cut a connection on which nothing moves. */
async function retrieve(c: Context, { service, pollMs, isStopping }: AppOptions): Promise<Response> {
  const { request_id, allow_metadata_only } = await read(c, retrieveFutureRequestSchema);
  const future = await service.future(request_id);
  const outcome =
    future.outcome ?? (await within(isStopping() ? 1000 : pollMs, future.done, c.req.raw.signal));
  if (!outcome)
    return c.json({
      type: "try_again",
      request_id,
      queue_state: "active",
      queue_state_reason: future.waitsFor?.() ?? null,
    });
  if (!outcome.ok) {
    service.futures.markFetched(future);
    return c.json({ error: outcome.error, category: outcome.category });
  }
  if (allow_metadata_only && outcome.body.byteLength > LARGE_RESULT)
    return c.json({
      status: "complete_metadata",
      request_id,
      response_payload_size: outcome.body.byteLength,
    });
  service.futures.markFetched(future);
  if (outcome.form !== "json" && PROTOBUF.test(c.req.header("accept") ?? ""))
    return c.body(Buffer.from(outcome.body), 200, { "Content-Type": "application/x-protobuf" });
  return c.body(asJson(outcome), 200, { "Content-Type": "application/json" });
}

async function within<T>(ms: number, promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let end!: () => void;
  const over = new Promise<null>((resolve) => (end = () => resolve(null)));
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}
