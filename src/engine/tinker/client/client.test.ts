import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { engineRules } from "../../../testing/engine-kit.ts";
import type { Model } from "../../../core/engine.ts";
import { ConfigError } from "../../../core/errors.ts";
import { loadTokenizer } from "../../onnx/tokenizer/load-tokenizer.ts";
import { SUM_PROFILE, type ServerProfile } from "../profile.ts";
import { createFakeServer, type FakeServerOptions } from "../testing/fake-server.ts";
import { writeTinyTokenizer } from "../testing/tiny-tokenizer.ts";
import { createTinkerEngine } from "./engine.ts";
import type { Clock, Outgoing, Send } from "./transport.ts";
import { NoReply } from "./transport.ts";

const { directory: TOKENIZER } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(TOKENIZER);
const url = "http://127.0.0.1:1";

/** No real waits: every pause is over at once, and time is what was paused. */
const quickClock = (): Clock => {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      await Promise.resolve();
      signal?.throwIfAborted();
      now += ms;
    },
  };
};
const work = mkdtempSync(join(tmpdir(), "webrl-tinker-"));
afterAll(() => {
  for (const each of [work, TOKENIZER]) rmSync(each, { recursive: true });
});

const engineOn = (send: Send, profile: Partial<ServerProfile> = {}, more: object = {}) =>
  createTinkerEngine({
    url,
    model: "tiny",
    tokenizer: TOKENIZER,
    send,
    clock: quickClock(),
    profile: { ...SUM_PROFILE, ...profile },
    ...more,
  });
/** A config.json that says nothing of the vocabulary: the tokenizer's counts. */
const fake = (options: Partial<FakeServerOptions> = {}) => createFakeServer({ vocabSize, ...options });

const PROFILES: [string, Partial<FakeServerOptions>, Partial<ServerProfile>][] = [
  ["sum, protobuf", {}, {}],
  ["sum, JSON", { codec: "json" }, { codec: "json" }],
  [
    "per-sequence mean",
    { arithmetic: "per_sequence_mean" },
    { reduction: "per_sequence_mean", surrogate: "importance_sampling" },
  ],
];
describe.each(PROFILES)("engine rules on a server of kind %s", (_, options, profile) => {
  const rules = engineRules({
    create: () => Promise.resolve(engineOn(fake(options).send, profile)),
    open: { path: TOKENIZER, lora: { rank: 4, alpha: 32, seed: 0 } },
    tolerance: 2e-3,
    learningRate: 0.05,
  });
  test.each(rules.map((rule) => [rule.name, rule] as const))("%s", async (__, rule) => rule.run());
});

const datum = (model: Model, text = "The lamp costs $24.") => {
  const tokens_T = model.tokenizer.encode(text);
  return { tokens_T, positions_N: tokens_T.slice(1).map((_, n) => n), targets_N: tokens_T.slice(1) };
};
const half = (logprobs_BN: Float32Array[]) => ({
  loss: 1,
  gradients_BN: logprobs_BN.map((each) => each.map((_, n) => (n % 2 === 0 ? -0.5 : 0.25))),
});
/** Every verb, with two steps. */
async function tour(send: Send, profile: Partial<ServerProfile> = {}): Promise<Float32Array> {
  await using engine = engineOn(send, profile);
  await using model = await engine.open({ path: TOKENIZER });
  await model.forwardBackward([datum(model), datum(model, "A kettle")], "cross_entropy");
  await model.optimStep({ learningRate: 0.05, clipNorm: Infinity });
  await model.sample({ prompt_T: [1, 2], maxTokens: 3, temperature: 1, seed: 1 });
  await model.forwardBackward([datum(model)], half);
  await model.optimStep({ learningRate: 0.05 });
  const directory = mkdtempSync(join(work, "tour-"));
  await model.save(join(directory, "c"), { optimizer: true });
  await model.load(join(directory, "c"));
  return (await model.logprobs([datum(model)]))[0]!;
}

type Break = "before" | "after" | "503";
/**
 * The n-th request breaks once: before it is sent, or after the server executed it but before its whole answer is here.
 */
function breaking(send: Send, at: number, how: Break): { send: Send; broke: () => Outgoing | null } {
  let n = 0;
  let broke: Outgoing | null = null;
  return {
    broke: () => broke,
    send: async (outgoing) => {
      if (outgoing.path === "session_heartbeat" || n++ !== at) return send(outgoing);
      broke = outgoing;
      if (how === "before") throw new NoReply("ECONNREFUSED", false, null);
      const reply = {
        status: Number(how),
        isProtobuf: false,
        bytes: new Uint8Array(),
        json: undefined,
        pauseMs: null,
      };
      if (how === "503") return reply;
      await send(outgoing);
      throw new NoReply("ECONNRESET", true, null);
    },
  };
}

describe("a connection that breaks at any request changes nothing", async () => {
  const whole = fake();
  const expected = await tour(whole.send);
  const requests = whole.log.length;
  const HOW: Record<"dedup" | "strict", Break[]> = { dedup: ["before", "after", "503"], strict: ["after"] };
  for (const seqId of ["dedup", "strict"] as const)
    test.each(HOW[seqId])(`${seqId}: %s`, { timeout: 240_000 }, async (how) => {
      for (let at = 0; at < requests; at++) {
        const server = fake({ seqId });
        const { send, broke } = breaking(server.send, at, how);
        expect([...(await tour(send, { seqId })), at]).toEqual([...expected, at]);
        expect([at, broke()?.path, server.steps, server.backwardDatums]).toEqual([at, broke()?.path, 2, 3]);
      }
    });

  test(
    "where the server would execute a repetition twice, the step is declared unknown",
    { timeout: 240_000 },
    async () => {
      let unknown = 0;
      for (let at = 0; at < requests; at++) {
        const server = fake({ seqId: "ignored" });
        const { send } = breaking(server.send, at, "after");
        try {
          await tour(send, { seqId: "ignored" });
        } catch (error) {
          expect(error).toMatchObject({ trouble: "unknown_step", retryable: false });
          unknown++;
        }
        expect(server.steps).toBeLessThanOrEqual(2);
        expect(server.backwardDatums).toBeLessThanOrEqual(3);
      }
      expect(unknown).toBeGreaterThan(5);
    },
  );

  test(
    "a server that restarts and forgets: the model is made anew with all that was trained",
    { timeout: 240_000 },
    async () => {
      for (let at = 0; at < requests; at++) {
        const server = fake();
        let n = 0;
        const result = await tour(async (outgoing) => {
          if (n++ === at) server.restart();
          return server.send(outgoing);
        });
        expect([at, ...result]).toEqual([at, ...expected]);
      }
    },
  );
});

describe("what the server says is not believed blindly", () => {
  it.each(["zeros", "nan"] as const)("log-probabilities that are %s", async (logprobs) => {
    await using engine = engineOn(fake({ says: { logprobs } }).send);
    // The first ones that are asked for are those that check the tokenizer.
    await expect(engine.open({ path: TOKENIZER })).rejects.toMatchObject({ trouble: "nonsense" });
  });

  it("refuses a model that the server does not have, by name", async () => {
    const engine = createTinkerEngine({ url, model: "llama", tokenizer: TOKENIZER, send: fake().send });
    await expect(engine.open({ path: TOKENIZER })).rejects.toThrow(
      /does not have the model "llama"; it has tiny/,
    );
  });

  it("refuses a tokenizer of another vocabulary", async () => {
    const engine = engineOn(fake({ vocabSize: vocabSize + 1 }).send);
    await expect(engine.open({ path: TOKENIZER })).rejects.toThrow(/tokenizer is not that of tiny/);
  });

  it("refuses a checkpoint of another rank, server or run", async () => {
    const server = fake();
    await using engine = engineOn(server.send);
    await using model = await engine.open({ path: TOKENIZER });
    const directory = join(work, "mine");
    await model.save(directory);
    await using other = await engine.open({ path: TOKENIZER, lora: { rank: 2, alpha: 4, seed: 0 } });
    await expect(other.load(directory)).rejects.toThrow(/saved with rank 16, and here it is 2/);
    await using elsewhere = engineOn(fake().send, {}, { url: "http://127.0.0.1:2" });
    await expect(elsewhere.open({ path: directory })).rejects.toThrow(/saved with the server/);
    // Another server at the same address that does not have it.
    await using amnesic = engineOn(fake().send);
    await expect(amnesic.open({ path: directory })).rejects.toThrow(/there is no checkpoint/);
  });

  it("refuses a checkpoint of another base", async () => {
    await using engine = engineOn(fake().send);
    await using model = await engine.open({ path: TOKENIZER });
    const directory = join(work, "of-tiny");
    await model.save(directory);
    await using large = engineOn(fake({ model: "large" }).send, {}, { model: "large" });
    await expect(large.open({ path: directory })).rejects.toThrow(
      'saved with the base model "tiny", and here it is "large"',
    );
  });

  it("refuses a server that takes other clients only, in its words", async () => {
    const server = fake();
    await using engine = engineOn(async (outgoing) => {
      if (outgoing.path !== "client/config") return server.send(outgoing);
      const json = { detail: "SDK 0.40 or newer is required" };
      return { status: 400, isProtobuf: false, bytes: new Uint8Array(), json, pauseMs: null };
    });
    const refused = await engine.open({ path: TOKENIZER }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as Error).message).toMatch(/as the SDK 0\.25\.0 does: .*400: SDK 0\.40 or newer/);
  });

  it("a step with a gradient that is not a number does not count", async () => {
    const server = fake();
    await using engine = engineOn(async (outgoing) => {
      const reply = await server.send(outgoing);
      const json = reply.json as { metrics?: object } | undefined;
      return json?.metrics && !reply.isProtobuf
        ? { ...reply, json: { metrics: { "grad_norm:mean": NaN } } }
        : reply;
    });
    await using model = await engine.open({ path: TOKENIZER });
    await model.forwardBackward([datum(model)], "cross_entropy");
    await expect(model.optimStep({ learningRate: 0.1 })).rejects.toMatchObject({ trouble: "nonsense" });
  });

  it("notices that a checkpoint was restored as something else", async () => {
    const server = fake();
    await using engine = engineOn(server.send);
    await using model = await engine.open({ path: TOKENIZER });
    for (let step = 0; step < 5; step++) {
      await model.forwardBackward([datum(model, "The page shows a list of products")], "cross_entropy");
      await model.optimStep({ learningRate: 0.5 });
    }
    const directory = join(work, "restored");
    await model.save(directory);
    await using other = engineOn(async (outgoing) => {
      // A server that says that it loaded the checkpoint, but did not.
      if (outgoing.path !== "load_weights") return server.send(outgoing);
      return server.send({ ...outgoing, path: "save_weights_for_sampler" });
    });
    await expect(other.open({ path: directory })).rejects.toThrow(/restored as another model/);
  });
});

it("is patient with 429 and 402, and gives up with an error that says whether to come again", async () => {
  const server = fake();
  let refusals = 0;
  await using engine = engineOn(async (outgoing) => {
    if (outgoing.path !== "forward_backward" || refusals++ >= 4) return server.send(outgoing);
    return {
      status: refusals % 2 === 0 ? 402 : 429,
      isProtobuf: false,
      bytes: new Uint8Array(),
      json: {},
      pauseMs: null,
    };
  });
  await using model = await engine.open({ path: TOKENIZER });
  await model.logprobs([datum(model)]);
  expect(refusals).toBeGreaterThan(4);
  await using never = engineOn(async () => {
    await Promise.resolve();
    throw new NoReply("ECONNREFUSED", false, null);
  });
  await expect(never.open({ path: TOKENIZER })).rejects.toMatchObject({
    trouble: "unreachable",
    retryable: true,
  });
});

it("goes on asking a server that holds polls for longer than we wait: it is at work", async () => {
  const server = fake();
  const clock = quickClock();
  let held = 30;
  const slow: Send = async (outgoing) => {
    if (outgoing.path !== "retrieve_future" || held-- <= 0) return server.send(outgoing);
    await clock.sleep(45_000);
    throw new NoReply("no whole answer within 45 s", true, null, true);
  };
  await using engine = engineOn(slow, {}, { clock });
  await using model = await engine.open({ path: TOKENIZER });
  expect((await model.logprobs([datum(model)]))[0]!.length).toBeGreaterThan(0);
  held = Infinity;
  await expect(model.logprobs([datum(model)])).rejects.toThrow(/no result of Forward after 6\d min/);
});

it("asks for the key, and writes it nowhere", async () => {
  const apiKey = "tml-secret-of-mine";
  await using engine = createTinkerEngine({
    url,
    model: "tiny",
    tokenizer: TOKENIZER,
    apiKey,
    send: async () => {
      await Promise.resolve();
      return {
        status: 401,
        isProtobuf: false,
        bytes: new Uint8Array(),
        json: { detail: "no" },
        pauseMs: null,
      };
    },
  });
  const error = await engine.open({ path: TOKENIZER }).catch((each: unknown) => each as Error);
  expect(String(error)).toMatch(/does not accept the API key/);
  expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(apiKey);
  expect(() => createTinkerEngine({ url: "http://me:pass@host", model: "m", tokenizer: TOKENIZER })).toThrow(
    /carries a name, a password/,
  );
  expect(readFileSync(join(TOKENIZER, "config.json"), "utf8")).not.toContain(apiKey);
});

it("cuts a batch into chunks that the server takes, and adds them up", async () => {
  const server = fake();
  const limited: Send = async (outgoing) => {
    const reply = await server.send(outgoing);
    if (outgoing.path === "client/config") return { ...reply, json: { fwdbwd_max_chunk_len: 2 } };
    return reply;
  };
  await using engine = engineOn(limited);
  await using model = await engine.open({ path: TOKENIZER });
  const batch = Array.from({ length: 5 }, (_, i) => datum(model, `The lamp costs $${i}.`));
  const before = server.log.filter(({ path }) => path === "forward_backward").length;
  const { logprobs_BN } = await model.forwardBackward(batch, "cross_entropy");
  expect(server.log.filter(({ path }) => path === "forward_backward").length - before).toBe(3);
  await using whole = engineOn(fake().send);
  await using other = await whole.open({ path: TOKENIZER });
  expect((await other.logprobs(batch)).map((each) => [...each])).toEqual(
    logprobs_BN.map((each) => [...each]),
  );
});

it("an engine whose signal is aborted stops waiting, with the reason", async () => {
  const controller = new AbortController();
  const server = fake();
  await using engine = engineOn(
    async (outgoing) => {
      if (outgoing.path === "retrieve_future") {
        controller.abort(new Error("the run was stopped"));
        outgoing.signal?.throwIfAborted();
      }
      return server.send(outgoing);
    },
    {},
    { signal: controller.signal },
  );
  await expect(engine.open({ path: TOKENIZER })).rejects.toThrow("the run was stopped");
});

it("sends the chunks of a batch without waiting where the server runs them by number", async () => {
  for (const [seqId, expected] of [
    ["dedup", ["forward_backward", "forward_backward", "retrieve_future", "retrieve_future"]],
    ["strict", ["forward_backward", "retrieve_future", "forward_backward", "retrieve_future"]],
  ] as const) {
    const server = fake({ seqId });
    const limited: Send = async (outgoing) => {
      const reply = await server.send(outgoing);
      if (outgoing.path === "client/config") return { ...reply, json: { fwdbwd_max_chunk_len: 1 } };
      return reply;
    };
    await using engine = engineOn(limited, { seqId });
    await using model = await engine.open({ path: TOKENIZER });
    const before = server.log.length;
    await model.logprobs([datum(model), datum(model, "A kettle")]);
    expect(server.log.slice(before).map(({ path }) => path)).toEqual(expected);
  }
});

it("what was saved is there after its model is gone, also where the server deletes it with the model", async () => {
  const server = fake({ forgetsCheckpoints: true });
  await using engine = engineOn(server.send, { keepsCheckpoints: false });
  const directory = join(work, "outlives");
  {
    await using model = await engine.open({ path: TOKENIZER });
    await model.save(directory);
  }
  await using again = await engine.open({ path: directory });
  expect((await again.logprobs([datum(again)]))[0]!.length).toBeGreaterThan(0);
});

it("takes no step with a gradient that another model left on the server", async () => {
  const oneStep = async (leaksGradients: boolean, knows: boolean) => {
    await using engine = engineOn(fake({ leaksGradients }).send, { leaksGradients: knows });
    {
      await using left = await engine.open({ path: TOKENIZER });
      await left.forwardBackward([datum(left, "A kettle and a lamp")], "cross_entropy");
    }
    await using model = await engine.open({ path: TOKENIZER });
    await model.forwardBackward([datum(model)], "cross_entropy");
    await model.optimStep({ learningRate: 0.1 });
    return [...(await model.logprobs([datum(model)]))[0]!];
  };
  const clean = await oneStep(false, false);
  expect(await oneStep(true, false)).not.toEqual(clean);
  expect(await oneStep(true, true)).toEqual(clean);
});

it("a sample that nobody waits for is cancelled on the server", async () => {
  const server = fake();
  const stop = new AbortController();
  const cancelled: unknown[] = [];
  await using engine = engineOn(async (outgoing) => {
    if (outgoing.path === "cancel_future") cancelled.push(outgoing.body);
    if (outgoing.path === "retrieve_future" && outgoing.headers?.["x-tinker-request-type"] === "Sample") {
      stop.abort(new Error("enough"));
      outgoing.signal?.throwIfAborted();
    }
    return server.send(outgoing);
  });
  await using model = await engine.open({ path: TOKENIZER });
  const request = { prompt_T: [1], maxTokens: 2, temperature: 1, seed: 1, signal: stop.signal };
  await expect(model.sample(request)).rejects.toThrow("enough");
  expect(cancelled).toEqual([{ request_id: expect.any(String) as string }]);
});

it.each([
  [3, 3],
  [null, 300],
  [5000, 300],
])("of 300 samples, to a server that allows %s, %i are on their way at once", async (allowed, expected) => {
  const server = fake();
  let [now, most] = [0, 0];
  await using engine = engineOn(async (outgoing) => {
    if (outgoing.path === "client/config") {
      const reply = await server.send(outgoing);
      return { ...reply, json: { sample_max_concurrent_requests: allowed } };
    }
    if (outgoing.path !== "asample") return server.send(outgoing);
    most = Math.max(most, ++now);
    // All other requests that may begin do so first.
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return server.send(outgoing);
  });
  await using model = await engine.open({ path: TOKENIZER });
  await Promise.all(
    Array.from({ length: 300 }, (_, seed) =>
      model.sample({ prompt_T: [1], maxTokens: 1, temperature: 1, seed }),
    ),
  );
  expect(most).toBe(expected);
});
