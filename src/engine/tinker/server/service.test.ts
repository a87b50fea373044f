import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { guard } from "../../../http/guard.ts";
import type { Datum, Engine } from "../../../core/engine.ts";
import { createOnnxEngine } from "../../onnx/engine.ts";
import { encodeTrainingRequest } from "../wire/protobuf.ts";
import { createApp } from "./app.ts";
import { Bases } from "./bases.ts";
import { LIMITS, type ServerLimits } from "./limits.ts";
import { Service } from "./service.ts";
import { Asker, datumOf, forwardBackward, optimStep } from "./testing/ask.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

const SHORT = [3, 14, 15, 9, 26, 5];
const LONG = [2, 7, 18, 28, 18, 28, 4, 5];
const batch = (name: string, value: number) =>
  [SHORT, LONG].map((tokens) =>
    datumOf(tokens, { [name]: tokens.slice(1).map((_, t) => (t < 2 ? 0 : value)) }),
  );
const datums = (value = 1): Datum[] =>
  [SHORT, LONG].map((tokens) => ({
    tokens_T: tokens.slice(0, -1),
    positions_N: tokens.slice(1).map((_, t) => t),
    targets_N: tokens.slice(1),
    weights_N: tokens.slice(1).map((_, t) => (t < 2 ? 0 : value)),
  }));

let root: string;
let base: string;
let engine: Engine;
let now = 1_000_000;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "webrl-serve-"));
  base = join(root, "tiny");
  await makeTinyModel(base);
  engine = createOnnxEngine({ threads: 1 });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const running: Service[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});

async function start(
  limits: Partial<ServerLimits> = {},
  {
    directory,
    key = null,
    pollMs = 20_000,
  }: { directory?: string; key?: string | null; pollMs?: number } = {},
) {
  const options = { ...LIMITS, ...limits };
  const at = directory ?? (await mkdtemp(join(root, "server-")));
  const service = await Service.open({
    engine,
    bases: await Bases.read([base]),
    directory: at,
    limits: options,
    now: () => now,
  });
  running.push(service);
  let stopping = false;
  const app = createApp({
    service,
    guard: guard({
      isOurs: () => true,
      methods: ["POST", "DELETE"],
      policy: "",
      maxBodyBytes: options.bodyBytes,
    }),
    key,
    pollMs,
    isStopping: () => stopping,
  });
  const ask = new Asker((path, init) => app.request(path, init));
  return { service, app, ask, directory: at, stop: () => (stopping = true) };
}

const flat = (rows: { logprobs?: { data: number[] } }[] | Float32Array[]) =>
  rows.flatMap((row) => ("logprobs" in row ? row.logprobs!.data : [...(row as Float32Array)]));
const close = (a: number[], b: number[], by = 1e-5) => {
  expect(a).toHaveLength(b.length);
  a.forEach((value, i) => expect(Math.abs(value - b[i]!)).toBeLessThan(by));
};

describe("training through the protocol", () => {
  it("gives the log-probabilities, losses, gradients and weights of the engine in process", async () => {
    const { ask } = await start();
    const model = await ask.model(await ask.session(), "tiny");
    await using here = await engine.open({ path: base, lora: { rank: 4, alpha: 32, seed: 1 } });
    const before = await here.logprobs(datums());
    const forward = await ask.train("forward", {
      model_id: model,
      seq_id: 1,
      forward_input: { data: batch("weights", 1), loss_fn: "cross_entropy" },
    });
    close(flat(forward.loss_fn_outputs), flat(before));

    const trained = await ask.train("forward_backward", forwardBackward(model, 2, batch("weights", 1)));
    const result = await here.forwardBackward(datums(), "cross_entropy");
    expect(trained.metrics).toEqual({
      "loss:sum": result.loss,
      "tokens:sum": result.tokens,
      "padding_tokens:sum": result.paddingTokens,
    });
    const step = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, clipNorm: Infinity };
    const { gradientNorm } = await here.optimStep(step);
    expect(await ask.do("optim_step", optimStep(model, 3))).toMatchObject({
      metrics: { "grad_norm:mean": gradientNorm },
    });
    const after = await ask.train("forward", {
      model_id: model,
      seq_id: 4,
      forward_input: { data: batch("weights", 1), loss_fn: "cross_entropy" },
    });
    close(flat(after.loss_fn_outputs), flat(await here.logprobs(datums())));
    // Every weight trained, as the protocol has no word for: rank 0.
    const whole = await ask.model(await ask.session(), "tiny", { rank: 0 });
    await using all = await engine.open({ path: base });
    await ask.train("forward_backward", forwardBackward(whole, 1, batch("weights", 1)));
    await all.forwardBackward(datums(), "cross_entropy");
    const norm = (await all.optimStep(step)).gradientNorm;
    expect(await ask.do("optim_step", optimStep(whole, 2))).toMatchObject({
      metrics: { "grad_norm:mean": norm },
    });
  }, 60_000);

  it("has no loss and no setting but those that it knows", async () => {
    const { ask } = await start();
    const model = await ask.model(await ask.session(), "tiny");
    const data = batch("advantages", 1);
    for (const [loss, config, said] of [
      ["gspo", null, /gspo.* is not one of cross_entropy, importance_sampling/],
      ["dro", null, /dro needs beta/],
      ["ppo", { clip: 0.2 }, /ppo has no setting .*clip/],
    ] as const)
      await expect(
        ask.train("forward_backward", forwardBackward(model, 1, data, loss, config)),
      ).rejects.toThrow(said);
  });

  it("computes only what has a weight where that is asked for, to the last bit as in process", async () => {
    const { ask } = await start();
    const model = await ask.model(await ask.session(), "tiny");
    await using here = await engine.open({ path: base, lora: { rank: 4, alpha: 32, seed: 1 } });
    const trained = await ask.train(
      "forward_backward",
      forwardBackward(model, 1, batch("weights", 1), "cross_entropy", { only_weighted: 1 }),
    );
    const only = datums().map(({ tokens_T, targets_N }) => ({
      tokens_T,
      positions_N: targets_N.flatMap((_, t) => (t < 2 ? [] : [t])),
      targets_N: targets_N.slice(2),
    }));
    const { logprobs_BN } = await here.forwardBackward(only, "cross_entropy");
    const [first] = trained.loss_fn_outputs as unknown as { logprobs: { data: (number | null)[] } }[];
    expect(first!.logprobs.data).toEqual([null, null, ...logprobs_BN[0]!]);
  }, 60_000);
});

describe("order and repetition", () => {
  it("runs requests by their numbers, whatever order they come in, and says what one waits for", async () => {
    const { ask } = await start({}, { pollMs: 10 });
    const model = await ask.model(await ask.session(), "tiny");
    const later = await ask.post("optim_step", optimStep(model, 2));
    const { json } = await ask.post("retrieve_future", { request_id: later.json["request_id"] });
    expect(json).toMatchObject({ type: "try_again", queue_state_reason: "seq_id 2 waits for seq_id 1" });
    await ask.do("forward_backward", forwardBackward(model, 1, batch("weights", 1)));
    expect(await ask.result(later.json["request_id"])).toHaveProperty("metrics");
  }, 60_000);

  it("takes the same request under the same number for the same, in whichever codec, and another one for a mistake", async () => {
    const { ask } = await start();
    const session = await ask.session();
    const model = await ask.model(session, "tiny");
    expect(await ask.model(session, "tiny")).toBe(model);
    const other = await ask.post("create_model", {
      session_id: session,
      model_seq_id: 0,
      base_model: "tiny",
      lora_config: { rank: 8 },
    });
    expect(other).toMatchObject({
      status: 409,
      json: { detail: expect.stringMatching(/made in another way/) as string },
    });

    const body = forwardBackward(model, 1, batch("weights", 1));
    const sent = await Promise.all([1, 2, 3].map(() => ask.post("forward_backward", body)));
    const protobuf = encodeTrainingRequest({
      model_id: model,
      seq_id: 1,
      data: batch("weights", 1),
      loss_fn: "cross_entropy",
      loss_fn_config: null,
      forward_only: false,
    });
    sent.push(await ask.post("forward_backward", protobuf, { "Content-Type": "application/x-protobuf" }));
    expect(new Set(sent.map(({ json }) => json["request_id"]))).toEqual(new Set([`${model}:1`]));
    await ask.result(`${model}:1`);
    await using here = await engine.open({ path: base, lora: { rank: 4, alpha: 32, seed: 1 } });
    await here.forwardBackward(datums(), "cross_entropy");
    const { gradientNorm } = await here.optimStep({ learningRate: 0.01 });
    // Counted once.
    expect(await ask.do("optim_step", optimStep(model, 2))).toMatchObject({
      metrics: { "grad_norm:mean": gradientNorm },
    });
    expect(await ask.post("forward_backward", forwardBackward(model, 1, batch("weights", 2)))).toMatchObject({
      status: 409,
      json: { detail: `seq_id 1 of ${model} was used for another request before` },
    });
    expect((await ask.post("optim_step", optimStep(model, 2))).json["request_id"]).toBe(`${model}:2`);
  }, 60_000);

  it("takes no step with a part of a batch: after a failure the rest of its gradients is dropped", async () => {
    const { ask } = await start();
    const model = await ask.model(await ask.session(), "tiny");
    await ask.do("forward_backward", forwardBackward(model, 1, batch("weights", 1)));
    const tooFar = [datumOf(SHORT, { advantages: [1, 1, 1, 1, 1], logprobs: [-1000, 0, 0, 0, 0] })];
    const failed = await ask.do("forward_backward", forwardBackward(model, 2, tooFar, "importance_sampling"));
    expect(failed).toMatchObject({
      error: expect.stringMatching(/not finite|Infinity/) as string,
      category: "user",
    });
    expect(await ask.do("optim_step", optimStep(model, 3))).toMatchObject({
      error: expect.stringMatching(/no step was taken/) as string,
      category: "user",
    });
    expect(await ask.do("optim_step", optimStep(model, 4))).toMatchObject({
      error: expect.stringMatching(/no gradients/) as string,
    });
    await ask.do("forward_backward", forwardBackward(model, 5, batch("weights", 1)));
    await using here = await engine.open({ path: base, lora: { rank: 4, alpha: 32, seed: 1 } });
    await here.forwardBackward(datums(), "cross_entropy");
    const { gradientNorm } = await here.optimStep({ learningRate: 0.01 });
    expect(await ask.do("optim_step", optimStep(model, 6))).toMatchObject({
      metrics: { "grad_norm:mean": gradientNorm },
    });
  }, 60_000);
});

describe("a server that starts on what another left", () => {
  const forward = async (ask: Asker, model: string, seq: number) =>
    flat(
      (
        await ask.train("forward", {
          model_id: model,
          seq_id: seq,
          forward_input: { data: batch("weights", 1), loss_fn: "cross_entropy" },
        })
      ).loss_fn_outputs,
    );

  it.each([Infinity, 0])(
    "goes on with gradients, weights and results (a saved state after %s s of work)",
    async (replaySeconds) => {
      const first = await start({ replaySeconds });
      const session = await first.ask.session();
      const model = await first.ask.model(session, "tiny", { rank: 4 });
      await first.ask.do("forward_backward", forwardBackward(model, 1, batch("weights", 1)));
      await first.ask.do("optim_step", optimStep(model, 2));
      const before = await forward(first.ask, model, 3);
      const result = await first.ask.do("forward_backward", forwardBackward(model, 4, batch("weights", 0.5)));
      // Waits for seq_id 6, which comes after the restart.
      await first.ask.post("optim_step", optimStep(model, 7));
      // Nothing is told to it: as after a kill, all that the second has are the files.
      const second = await start({ replaySeconds }, { directory: first.directory });
      expect(await second.ask.result(`${model}:4`)).toEqual(result);
      expect(
        (await second.ask.post("forward_backward", forwardBackward(model, 4, batch("weights", 0.5)))).json[
          "request_id"
        ],
      ).toBe(`${model}:4`);
      expect(await forward(second.ask, model, 5)).toEqual(before);
      await second.ask.do("forward_backward", forwardBackward(model, 6, batch("weights", 0.5)));
      const stepped = await second.ask.result(`${model}:7`);

      const plain = await start();
      const twin = await plain.ask.model(await plain.ask.session(), "tiny", {
        rank: 4,
        seed: seedOf(second.service),
      });
      await plain.ask.do("forward_backward", forwardBackward(twin, 1, batch("weights", 1)));
      await plain.ask.do("optim_step", optimStep(twin, 2));
      for (const seq of [3, 4])
        await plain.ask.do("forward_backward", forwardBackward(twin, seq, batch("weights", 0.5)));
      expect(await plain.ask.do("optim_step", optimStep(twin, 5))).toEqual(stepped);
      expect(await forward(plain.ask, twin, 6)).toEqual(await forward(second.ask, model, 8));
    },
    90_000,
  );

  const seedOf = (service: Service) => service.models[0]!.lora!.seed;

  it("keeps samplers and checkpoints, and says of samples that they are to be sent again", async () => {
    const first = await start();
    const session = await first.ask.session();
    const model = await first.ask.model(session, "tiny");
    const ephemeral = await first.ask.do("save_weights_for_sampler", {
      model_id: model,
      sampling_session_seq_id: 0,
      seq_id: 1,
    });
    const id = ephemeral["sampling_session_id"];
    const sample = {
      sampling_session_id: id,
      seq_id: 0,
      prompt: { chunks: [{ type: "encoded_text", tokens: SHORT }] },
      sampling_params: { max_tokens: 4, seed: 7, stop: [] },
    };
    const sampled = await first.ask.do("asample", sample);
    expect(sampled["sequences"]).toHaveLength(1);
    const second = await start({}, { directory: first.directory });
    expect(await second.ask.post("retrieve_future", { request_id: `${id}:0` })).toMatchObject({
      status: 410,
      json: { detail: expect.stringMatching(/send the request again/) as string },
    });
    expect(await second.ask.do("asample", sample)).toEqual(sampled);
    expect(await second.ask.post("retrieve_future", { request_id: `${id}9:0` })).toMatchObject({
      status: 404,
    });
  }, 60_000);

  it("forgets the models of a session that is silent, tells its client so, and keeps its checkpoints", async () => {
    const { ask, service, directory } = await start();
    const session = await ask.session();
    const model = await ask.model(session, "tiny");
    const { path } = await ask.do("save_weights", { model_id: model, path: "kept", seq_id: 1 });
    now += 299_000;
    await service.tidy();
    expect((await ask.post("session_heartbeat", { session_id: session })).status).toBe(200);
    now += 301_000;
    await service.tidy();
    for (const [asked, body] of [
      ["session_heartbeat", { session_id: session }],
      ["optim_step", optimStep(model, 2)],
      ["get_info", { model_id: model }],
    ] as const)
      expect([asked, (await ask.post(asked, body)).status]).toEqual([asked, 404]);
    expect(await readdir(join(directory, "models"))).toEqual([]);
    const again = await ask.do("load_weights", {
      session_id: await ask.session(),
      model_seq_id: 3,
      path,
      optimizer: true,
    });
    expect(again["model_id"]).toMatch(/^s[0-9a-f]+:train:3$/);
  }, 60_000);
});

describe("what is refused", () => {
  it("is told in words, with a status that no client takes for a fault of the server", async () => {
    const { ask } = await start();
    const session = await ask.session();
    const model = await ask.model(session, "tiny");
    const wrong = (change: (datum: ReturnType<typeof datumOf>) => void) => {
      const datum = datumOf(SHORT, { weights: [1, 1, 1, 1, 1] });
      change(datum);
      return forwardBackward(model, 1, [datum]);
    };
    const cases: [path: string, body: unknown, status: number, said: RegExp][] = [
      ["create_model", { session_id: "s00", model_seq_id: 0, base_model: "tiny" }, 404, /session s00 ended/],
      [
        "create_model",
        { session_id: session, model_seq_id: 1, base_model: "gpt-9" },
        404,
        /no model "gpt-9"; it has tiny/,
      ],
      [
        "create_model",
        { session_id: session, model_seq_id: 1, base_model: "tiny", lora_config: { rank: 33 } },
        422,
        /rank 33/,
      ],
      [
        "create_model",
        { session_id: session, model_seq_id: 1, base_model: "tiny", optimizer_config: { type: "dimuon" } },
        422,
        /adamw/,
      ],
      [
        "create_model",
        {
          session_id: session,
          model_seq_id: 1,
          base_model: "tiny",
          lora_config: { rank: 2, train_mlp: false, train_attn: false },
        },
        422,
        /trains nothing/,
      ],
      ["forward_backward", forwardBackward("s0:train:0", 1, []), 404, /no model s0:train:0/],
      ["forward_backward", forwardBackward(model, 1, []), 422, /data is empty/],
      ["forward_backward", forwardBackward(model, 0, batch("weights", 1)), 422, /seq_id is 0/],
      [
        "forward_backward",
        { ...forwardBackward(model, 1, batch("weights", 1)), seq_id: null },
        422,
        /seq_id is null/,
      ],
      [
        "forward_backward",
        wrong((d) => (d.model_input.chunks[0]!.tokens[2] = 9999)),
        422,
        /data\[0\]\.model_input: 9999 is no token/,
      ],
      [
        "forward_backward",
        wrong((d) => (d.loss_fn_inputs.target_tokens.data[0] = -1)),
        422,
        /target_tokens: -1 is no token/,
      ],
      [
        "forward_backward",
        wrong((d) => (d.loss_fn_inputs.target_tokens.shape = [4])),
        422,
        /shape \[4\], model_input has 5/,
      ],
      [
        "forward_backward",
        forwardBackward(model, 1, [datumOf(SHORT, { weights: [1, 1] })]),
        422,
        /weights has 2 values/,
      ],
      [
        "forward_backward",
        forwardBackward(model, 1, [datumOf(SHORT, { weight: [1, 1, 1, 1, 1] })]),
        422,
        /no input "weight"/,
      ],
      [
        "forward_backward",
        forwardBackward(model, 1, batch("weights", 1), "importance_sampling"),
        422,
        /needs logprobs/,
      ],
      [
        "forward_backward",
        forwardBackward(model, 1, [datumOf(Array.from({ length: 130 }, () => 1))]),
        422,
        /129 tokens, the model's context 128/,
      ],
      ["optim_step", optimStep(model, 1, -1), 422, /learning_rate is -1/],
      [
        "optim_step",
        { model_id: model, seq_id: 1, optimizer_params: { type: "dimuon" } },
        422,
        /only adam_params/,
      ],
      ["save_weights", { model_id: model, seq_id: 1, path: "../../x" }, 422, /no name of a checkpoint/],
      [
        "load_weights",
        { session_id: session, model_seq_id: 5, path: "tinker://s0:train:0/weights/a", optimizer: true },
        404,
        /no checkpoint/,
      ],
      [
        "load_weights",
        { session_id: session, model_seq_id: 5, path: "tinker://../weights/a", optimizer: true },
        400,
        /no path of this server/,
      ],
      ["create_sampling_session", { session_id: session, sampling_session_seq_id: 0 }, 422, /exactly one/],
      [
        "asample",
        { base_model: "tiny", prompt: { chunks: [] }, sampling_params: { max_tokens: 1 } },
        422,
        /no tokens/,
      ],
      [
        "asample",
        {
          base_model: "tiny",
          prompt: { chunks: [{ type: "encoded_text", tokens: [1] }] },
          sampling_params: {},
          topk_prompt_logprobs: 3,
        },
        422,
        /topk_prompt_logprobs is not served/,
      ],
      ["retrieve_future", { request_id: "nothing" }, 404, /no request nothing/],
      ["no_such_verb", {}, 404, /begin with \/api\/v1\//],
    ];
    for (const [path, body, status, said] of cases) {
      const answer = await ask.post(path, body);
      expect([path, said.source, answer.status]).toEqual([path, said.source, status]);
      expect(answer.json["detail"]).toMatch(said);
    }
    const raw = await ask.post("forward_backward", Buffer.from("{"), {});
    expect(raw).toMatchObject({ status: 422, json: { detail: expect.stringMatching(/not JSON/) as string } });
    const torn = await ask.post("forward_backward", Buffer.from([10, 255]), {
      "Content-Type": "application/x-protobuf",
    });
    expect(torn.status).toBe(422);
    const packed = await ask.post("forward_backward", Buffer.from("x"), { "Content-Encoding": "zstd" });
    expect(packed.status).toBe(415);
    // None of it was accepted: number 1 is still free.
    await ask.do("forward_backward", forwardBackward(model, 1, batch("weights", 1)));
  }, 60_000);

  it("is a checkpoint of another rank, base or kind, when it is loaded", async () => {
    const { ask } = await start();
    const session = await ask.session();
    const model = await ask.model(session, "tiny");
    const { path } = await ask.do("save_weights", { model_id: model, path: "one", seq_id: 1 });
    expect(path).toBe(`tinker://${model}/weights/one`);
    const again = await ask.do("save_weights", { model_id: model, path: "one", seq_id: 2 });
    expect(again).toMatchObject({ error: expect.stringMatching(/already/) as string });
    const wide = await ask.model(session, "tiny", { rank: 8 }, 1);
    expect(await ask.do("load_weights", { model_id: wide, seq_id: 1, path, optimizer: true })).toMatchObject({
      error: expect.stringMatching(/rank 4 and alpha 32.*trains an adapter of rank 8/) as string,
      category: "user",
    });
    const sampler = await ask.do("save_weights_for_sampler", { model_id: model, path: "s", seq_id: 3 });
    const weightsOnly = { session_id: session, model_seq_id: 2, path: sampler["path"], optimizer: true };
    expect(await ask.do("load_weights", weightsOnly)).toMatchObject({
      error: expect.stringMatching(/no optimiser's state/) as string,
    });
    const info = await ask.post("weights_info", { tinker_path: path });
    expect(info.json).toEqual({
      base_model: "tiny",
      is_lora: true,
      lora_rank: 4,
      lora_alpha: 32,
      train_attn: true,
      train_mlp: true,
      train_unembed: false,
    });
  }, 60_000);

  it("is who has not the key, whatever is asked", async () => {
    const { ask, app } = await start({}, { key: "tml-0123456789abcdef" });
    expect(await ask.post("create_session", {})).toMatchObject({ status: 401 });
    for (const key of ["tml-0123456789abcdee", "x", "tml-0123456789abcdef "])
      expect((await ask.get("get_server_capabilities")).status + key).toBe(`401${key}`);
    const known = new Asker((path, init) => app.request(path, init), { "X-API-Key": "tml-0123456789abcdef" });
    expect((await known.get("get_server_capabilities")).status).toBe(200);
    expect((await ask.get("healthz")).status).toBe(200);
  });
});

describe("too much at once", () => {
  it("is answered with 429 and a time, and never keeps out the request that others wait for", async () => {
    const { ask } = await start({ queuedPerModel: 2, models: 1, queuedSequences: 2, sessions: 1 });
    const session = await ask.session();
    expect(await ask.post("create_session", { tags: [], sdk_version: "1" })).toMatchObject({ status: 429 });
    const model = await ask.model(session, "tiny");
    const more = await ask.post("create_model", { session_id: session, model_seq_id: 1, base_model: "tiny" });
    expect([more.status, more.headers.get("retry-after")]).toEqual([429, "1"]);
    for (const seq of [3, 4]) expect((await ask.post("optim_step", optimStep(model, seq))).status).toBe(200);
    expect((await ask.post("optim_step", optimStep(model, 5))).status).toBe(429);
    expect((await ask.post("forward_backward", forwardBackward(model, 1, batch("weights", 1)))).status).toBe(
      200,
    );
    expect(await ask.do("optim_step", optimStep(model, 2))).toHaveProperty("metrics");
    expect(await ask.result(`${model}:4`)).toHaveProperty("error");
  }, 60_000);

  it("is a body that is too long, and a result that nobody fetches", async () => {
    const { ask, service } = await start({ bodyBytes: 10_000, resultBytes: 300 });
    expect((await ask.post("create_session", { tags: ["x".repeat(20_000)] })).status).toBe(413);
    const model = await ask.model(await ask.session(), "tiny");
    await ask.post("forward_backward", forwardBackward(model, 1, batch("weights", 1)));
    await service.futures.get(`${model}:1`)!.done;
    const sample = {
      base_model: "tiny",
      prompt: { chunks: [{ type: "encoded_text", tokens: [1] }] },
      sampling_params: { max_tokens: 1 },
    };
    expect((await ask.post("asample", sample)).status).toBe(429);
    // What was fetched makes room.
    await ask.result(`${model}:1`);
    expect((await ask.post("asample", sample)).status).toBe(200);
  }, 60_000);

  it("ends with the server: nothing new is taken, what was accepted is done and can be fetched", async () => {
    const { ask, service, stop, directory } = await start();
    const model = await ask.model(await ask.session(), "tiny");
    await ask.post("forward_backward", forwardBackward(model, 1, batch("weights", 1)));
    await ask.post("optim_step", optimStep(model, 2));
    stop();
    const refused = await ask.post("optim_step", optimStep(model, 3));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    await service.stop();
    expect(await ask.result(`${model}:2`)).toHaveProperty("metrics");
    await access(join(directory, "models", model.replaceAll(":", "."), "state-2", "manifest.json"));
  }, 60_000);
});
