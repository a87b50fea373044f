/**
 * @file The rules of engines through client and server on loopback; then with a server in a process of its own that is
 * killed in the middle.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { Datum, Engine } from "../../../core/engine.ts";
import { engineRules } from "../../../testing/engine-kit.ts";
import { createOnnxEngine } from "../../onnx/engine.ts";
import { createRng } from "../../../core/rng.ts";
import { createTinkerEngine } from "../client/engine.ts";
import { createSend, type Send } from "../client/transport.ts";
import { SUM_PROFILE } from "../profile.ts";
import { serveEngine, type EngineServer } from "./serve.ts";
import { ServerProcess } from "./testing/server-process.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

const root = await mkdtemp(join(tmpdir(), "webrl-conformance-"));
const base = join(root, "tiny");
await makeTinyModel(base);
afterAll(() => rm(root, { recursive: true, force: true }));

const profile = { ...SUM_PROFILE, takesLoraSettings: true };
const clientOf = (url: string): Engine =>
  createTinkerEngine({ url, model: "tiny", tokenizer: base, profile });

describe("the embedded engine behind the protocol obeys the contract, over loopback", () => {
  let server: EngineServer;
  beforeAll(async () => {
    server = await serveEngine({
      models: [base],
      directory: join(root, "loopback"),
      port: 0,
      engine: { threads: 1 },
      limits: { models: 100 },
    });
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const open = { path: base, lora: { rank: 4, alpha: 8, seed: 1 } };
  const rules = engineRules({ create: async () => clientOf(server.url), open, tolerance: 1e-4 });
  test.each(rules.map((rule) => [rule.name, rule] as const))("%s", async (_, rule) => rule.run(), 30_000);
});

/** Sends as always; when the `at`-th request is on its way, the server is killed, and started again. */
function killing(server: ServerProcess, at: number): { send: Send; killed: () => boolean } {
  const send = createSend(server.url, null);
  let n = 0;
  let isKilled = false;
  return {
    killed: () => isKilled,
    send: async (outgoing) => {
      if (outgoing.path === "session_heartbeat" || n++ !== at) return send(outgoing);
      const reply = send(outgoing);
      reply.catch(() => {});
      // Now and then it gets as far as the disk, now and then not.
      await delay(at % 3);
      isKilled = true;
      await server.end("SIGKILL");
      await server.start();
      return reply;
    },
  };
}

describe("a server that is killed while each rule is tried, and started again", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.create(base, join(root, "killed-often"));
    await server.start();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());
  const open = { path: base, lora: { rank: 4, alpha: 8, seed: 1 } };
  const moments = createRng(7);
  let broken: ReturnType<typeof killing>;
  const rules = engineRules({
    create: async () => {
      // Of the requests that every rule sends, beginning with those that make the model.
      broken = killing(server, 2 + Math.floor(moments.next() * 14));
      return createTinkerEngine({
        url: server.url,
        model: "tiny",
        tokenizer: base,
        profile,
        send: broken.send,
      });
    },
    open,
    tolerance: 1e-4,
  });
  let kills = 0;
  test.each(rules.map((rule) => [rule.name, rule] as const))(
    "%s",
    async (_, rule) => {
      await rule.run();
      if (broken.killed()) kills++;
    },
    300_000,
  );
  it("was killed in most of them", () => {
    expect(kills).toBeGreaterThanOrEqual((rules.length * 2) / 3);
  });
});

it("a server that is killed and started again goes on where it was, and its client does not notice", async () => {
  const text = "The lamp costs $24.";
  const train = async (engine: Engine, between: (step: number) => Promise<void>): Promise<number[]> => {
    await using model = await engine.open({ path: base, lora: { rank: 4, alpha: 8, seed: 1 } });
    const tokens_T = model.tokenizer.encode(text);
    const datum: Datum = {
      tokens_T,
      positions_N: tokens_T.slice(1).map((_, n) => n),
      targets_N: tokens_T.slice(1),
    };
    const norms: number[] = [];
    for (let step = 0; step < 3; step++) {
      await model.forwardBackward([datum], "cross_entropy");
      await between(step);
      norms.push((await model.optimStep({ learningRate: 0.02 })).gradientNorm);
    }
    const [logprobs] = await model.logprobs([datum]);
    return [...norms, ...logprobs!];
  };
  await using local = createOnnxEngine({ threads: 1 });
  const expected = await train(local, async () => {});

  await using server = await ServerProcess.create(base, join(root, "killed"));
  await server.start();
  await using client = clientOf(server.url);
  const got = await train(client, async (step) => {
    if (step !== 1) return;
    // Between the gradient and its step: only what was on disk remains.
    await server.end("SIGKILL");
    await server.start();
  });
  got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5));
  expect(await server.end("SIGTERM")).toBe(0);
}, 120_000);
