import { access } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Asker, datumOf, forwardBackward, optimStep } from "./testing/ask.ts";
import { batch, SHORT, start, useServices } from "./testing/start-service.ts";

useServices();

describe("what is refused", () => {
  it("is explained in words, with a status that no client takes for a fault of the server", async () => {
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
        /data\[0\]\.model_input: 9999 is not a token/,
      ],
      [
        "forward_backward",
        wrong((d) => (d.loss_fn_inputs.target_tokens.data[0] = -1)),
        422,
        /target_tokens: -1 is not a token/,
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
      ["save_weights", { model_id: model, seq_id: 1, path: "../../x" }, 422, /not a name of a checkpoint/],
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
        /not a path of this server/,
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
