/**
 * @file A server whose disk is full, that is slow, or whose numbers are not numbers: the result is an error or a
 * recovery, never a different update.
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Model } from "../../../core/engine.ts";
import { loadTokenizer } from "../../onnx/tokenizer/load-tokenizer.ts";
import { SUM_PROFILE } from "../profile.ts";
import { createFakeServer, type FakeServerOptions } from "../testing/fake-server.ts";
import { writeTinyTokenizer } from "../testing/tiny-tokenizer.ts";
import { createTinkerEngine } from "./engine.ts";
import type { Outgoing, Reply, Send } from "./transport.ts";
import { NoReply } from "./transport.ts";

const { directory: TOKENIZER } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(TOKENIZER);
const work = mkdtempSync(join(tmpdir(), "webrl-server-trouble-"));
afterAll(() => {
  for (const each of [work, TOKENIZER]) rmSync(each, { recursive: true });
});

/** A clock on which only pauses take time. */
function paused() {
  let now = 0;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      await Promise.resolve();
      now += ms;
    },
  };
}
const engineOn = (send: Send, clock = paused()) =>
  createTinkerEngine({
    url: "http://127.0.0.1:1",
    model: "tiny",
    tokenizer: TOKENIZER,
    send,
    clock,
    profile: SUM_PROFILE,
  });
const fake = (options: Partial<FakeServerOptions> = {}) => createFakeServer({ vocabSize, ...options });
const json = (body: object, status = 200): Reply => ({
  status,
  isProtobuf: false,
  bytes: new Uint8Array(Buffer.from(JSON.stringify(body))),
  json: body,
  pauseMs: null,
});
const datum = (model: Model) => {
  const tokens_T = model.tokenizer.encode("The lamp costs $24.");
  return { tokens_T, positions_N: tokens_T.slice(1).map((_, n) => n), targets_N: tokens_T.slice(1) };
};
/** Makes a step, a checkpoint, a step and a sample; returns what the model then says. */
async function tour(send: Send, clock = paused()) {
  await using engine = engineOn(send, clock);
  await using model = await engine.open({ path: TOKENIZER });
  await model.forwardBackward([datum(model)], "cross_entropy");
  await model.optimStep({ learningRate: 0.05 });
  await model.save(join(mkdtempSync(join(work, "tour-")), "c"), { optimizer: true });
  await model.forwardBackward([datum(model)], "cross_entropy");
  await model.optimStep({ learningRate: 0.05 });
  const { tokens_T } = await model.sample({ prompt_T: [1], maxTokens: 4, temperature: 1, seed: 3 });
  return { tokens_T, logprobs: [...(await model.logprobs([datum(model)]))[0]!] };
}
const expected = await tour(fake().send);

/** What a request asks for: its path, or the type of the operation whose result is polled. */
const typeOf = ({ path, headers }: Outgoing) =>
  path === "retrieve_future" ? headers!["x-tinker-request-type"] : path;

describe("a server whose disk is full", () => {
  const FULL = { error: "OSError: [Errno 28] No space left on device", category: "server" };

  it("saves nothing, says so, and goes on when there is space", async () => {
    const server = fake();
    let isFull = false;
    await using engine = engineOn(async (outgoing) => {
      const reply = await server.send(outgoing);
      return isFull && typeOf(outgoing) === "SaveWeights" ? json(FULL) : reply;
    });
    await using model = await engine.open({ path: TOKENIZER });
    await model.forwardBackward([datum(model)], "cross_entropy");
    await model.optimStep({ learningRate: 0.05 });
    const before = await model.logprobs([datum(model)]);
    isFull = true;
    const directory = join(work, "not-there");
    await expect(model.save(directory, { optimizer: true })).rejects.toMatchObject({
      trouble: "failed",
      message: expect.stringContaining(
        "SaveWeights failed on the server: OSError: [Errno 28] No space",
      ) as string,
    });
    expect(existsSync(directory)).toBe(false);
    isFull = false;
    expect(await model.logprobs([datum(model)])).toEqual(before);
    await model.save(directory, { optimizer: true });
    await model.load(directory);
    expect(await model.logprobs([datum(model)])).toEqual(before);
    expect(server.steps).toBe(1);
  });

  it("whose refusals pass (507, 503) is waited for, and nothing is done twice", async () => {
    const server = fake();
    const full = new Set(["save_weights", "forward_backward", "optim_step", "save_weights_for_sampler"]);
    const refused = new Map<string, number>();
    const found = await tour(async (outgoing) => {
      const times = refused.get(outgoing.path) ?? 0;
      if (!full.has(outgoing.path) || times >= 3) return server.send(outgoing);
      refused.set(outgoing.path, times + 1);
      return json({ detail: "no space left on device" }, times % 2 === 0 ? 507 : 503);
    });
    expect(found).toEqual(expected);
    expect([server.steps, server.backwardDatums]).toEqual([2, 2]);
    expect([...refused.values()]).toEqual([3, 3, 3, 3]);
  });

  it("for good: the error says what it says, and that the same call may succeed later", async () => {
    const server = fake();
    await expect(
      tour(async (outgoing) =>
        outgoing.path === "save_weights"
          ? json({ detail: "no space left on device" }, 507)
          : server.send(outgoing),
      ),
    ).rejects.toMatchObject({
      trouble: "busy",
      retryable: true,
      message: expect.stringMatching(/did not take save_weights in 300 s \(507: no space left/) as string,
    });
  });

  it("samples nothing where it cannot write the weights to sample from", async () => {
    const server = fake();
    await expect(
      tour(async (outgoing) => {
        const reply = await server.send(outgoing);
        return typeOf(outgoing) === "SaveWeightsForSampler" ? json(FULL) : reply;
      }),
    ).rejects.toMatchObject({ trouble: "failed", message: expect.stringContaining("No space") as string });
  });
});

describe("a slow server", () => {
  it("that takes minutes for every result is asked again and again, and does everything once", async () => {
    const server = fake();
    const polls = new Map<unknown, number>();
    const clock = paused();
    const waits = [
      () => json({ type: "try_again", request_id: "f", queue_state: "active" }),
      () => json({ detail: "still working" }, 408),
    ];
    const found = await tour(async (outgoing) => {
      if (outgoing.path !== "retrieve_future") return server.send(outgoing);
      const { request_id: id } = outgoing.body as { request_id: string };
      const times = polls.get(id) ?? 0;
      polls.set(id, times + 1);
      if (times === 20) return server.send(outgoing);
      // It holds each poll for 30 s.
      await clock.sleep(30_000);
      return waits[times % 2]!();
    }, clock);
    expect(found).toEqual(expected);
    expect([server.steps, server.backwardDatums]).toEqual([2, 2]);
    expect(clock.now()).toBeGreaterThan(3600_000);
  });

  it("that answers a request only after we gave it up has done it once", async () => {
    const server = fake();
    const clock = paused();
    const slow = new Set<string>();
    const found = await tour(async (outgoing) => {
      const reply = await server.send(outgoing);
      // The first two tries of every kind of request.
      const kinds = [outgoing.path, `${outgoing.path} again`].filter((kind) => !slow.has(kind));
      if (kinds.length === 0 || outgoing.path === "session_heartbeat") return reply;
      slow.add(kinds[0]!);
      await clock.sleep(outgoing.timeoutMs);
      throw new NoReply(`no complete answer within ${outgoing.timeoutMs / 1000} s`, true, null, true);
    }, clock);
    expect(found).toEqual(expected);
    expect([server.steps, server.backwardDatums]).toEqual([2, 2]);
  });
});

describe("a server whose numbers are none", () => {
  /** Its answers, changed. */
  const changed =
    (server: ReturnType<typeof fake>, type: string, change: (body: unknown) => object): Send =>
    async (outgoing) => {
      const reply = await server.send(outgoing);
      return reply.status === 200 && typeOf(outgoing) === type ? json(change(reply.json)) : reply;
    };

  it.each([
    ["zeros", () => 0, "gives 0 for all log-probabilities of a sample"],
    ["null, as NaN is written", () => null, "none of the protocol"],
    ["positive", () => 1, "log-probabilities that no model has"],
  ])("samples with log-probabilities that are %s", async (_, value, message) => {
    const sequence = { tokens: [1, 2, 3, 1, 2, 3, 1, 2], stop_reason: "length" };
    const server = fake({ codec: "json" });
    await using engine = createTinkerEngine({
      url: "http://127.0.0.1:1",
      model: "tiny",
      tokenizer: TOKENIZER,
      send: changed(server, "Sample", () => ({
        sequences: [{ ...sequence, logprobs: sequence.tokens.map(value) }],
      })),
      clock: paused(),
      profile: { ...SUM_PROFILE, codec: "json" },
    });
    await using model = await engine.open({ path: TOKENIZER });
    await expect(
      model.sample({ prompt_T: [1], maxTokens: 8, temperature: 1, seed: 1 }),
    ).rejects.toMatchObject({ trouble: "nonsense", message: expect.stringContaining(message) as string });
  });

  it("a step that moved nothing, although a gradient was sent, does not count", async () => {
    const server = fake();
    await using engine = engineOn(changed(server, "OptimStep", () => ({ metrics: { "grad_norm:mean": 0 } })));
    await using model = await engine.open({ path: TOKENIZER });
    await model.forwardBackward([datum(model)], "cross_entropy");
    await expect(model.optimStep({ learningRate: 0.05 })).rejects.toMatchObject({
      trouble: "nonsense",
      message: expect.stringContaining("gradient's norm was 0") as string,
    });
    // If every gradient that was sent is 0, a norm of 0 is right.
    await model.load(await saved(model));
    await model.forwardBackward([datum(model)], (l_BN) => ({
      loss: 0,
      gradients_BN: l_BN.map((each) => each.map(() => 0)),
    }));
    expect(await model.optimStep({ learningRate: 0.05 })).toEqual({ gradientNorm: 0 });
  });

  it("weights that became NaN are not written into a checkpoint of the run", async () => {
    const says: { logprobs: "true" | "nan" } = { logprobs: "true" };
    const server = fake({ says });
    await using engine = engineOn(server.send);
    await using model = await engine.open({ path: TOKENIZER });
    await model.forwardBackward([datum(model)], "cross_entropy");
    await model.optimStep({ learningRate: 0.05 });
    says.logprobs = "nan";
    const directory = join(work, "nan");
    await expect(model.save(directory)).rejects.toMatchObject({ trouble: "nonsense" });
    expect(existsSync(directory)).toBe(false);
    await expect(
      model.forwardBackward([datum(model)], (l_BN) => ({ loss: 0, gradients_BN: l_BN })),
    ).rejects.toMatchObject({ trouble: "nonsense" });
  });
});

async function saved(model: Model): Promise<string> {
  const directory = join(mkdtempSync(join(work, "saved-")), "c");
  await model.save(directory, { optimizer: true });
  return directory;
}
