import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeTrainingRequest } from "../wire/protobuf.ts";
import type { Service } from "./service.ts";
import { datumOf, forwardBackward, optimStep, type Asker } from "./testing/ask.ts";
import {
  base,
  batch,
  close,
  datums,
  engine,
  flat,
  SHORT,
  start,
  useServices,
  wait,
} from "./testing/start-service.ts";

useServices();

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

  it("has only the losses and settings that it knows", async () => {
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
      // The first is told nothing: as after a kill, all that the second has are the files.
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
    wait(299_000);
    await service.tidy();
    expect((await ask.post("session_heartbeat", { session_id: session })).status).toBe(200);
    wait(301_000);
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
