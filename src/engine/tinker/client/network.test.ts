import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ConfigError } from "../../../core/errors.ts";
import { loadTokenizer } from "../../onnx/tokenizer/load-tokenizer.ts";
import { createFakeServer } from "../testing/fake-server.ts";
import { listenFake, type SocketBreak } from "../testing/listen-fake.ts";
import { writeTinyTokenizer } from "../testing/tiny-tokenizer.ts";
import { createTinkerEngine } from "./engine.ts";
import { NoReply } from "./transport.ts";

const { directory: tokenizer } = writeTinyTokenizer();
const { vocabSize } = await loadTokenizer(tokenizer);
const work = mkdtempSync(join(tmpdir(), "webrl-tinker-network-"));
afterAll(() => {
  for (const each of [work, tokenizer]) rmSync(each, { recursive: true });
});
const clock = { now: () => 0, sleep: () => Promise.resolve() };

test("a server that is not there or says nothing is named, with the time until which it is waited for", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const gone = await listenFake(createFakeServer({ vocabSize }).send);
  await gone[Symbol.asyncDispose]();
  for (const url of [`http://127.0.0.1:${port}`, gone.url]) {
    const stop = new AbortController();
    const told: string[] = [];
    const onTrouble = (message: string) => {
      told.push(message);
      stop.abort(new Error("enough"));
    };
    const engine = createTinkerEngine({ url, model: "tiny", tokenizer, onTrouble, signal: stop.signal });
    // The wait ends because it is reported, which aborts it: the whole patience is five minutes.
    await expect(engine.open({ path: tokenizer })).rejects.toThrow("enough");
    expect(told).toEqual([
      expect.stringMatching(/^http:.* does not answer \(.+\); waiting for it until \d\d:\d\d:\d\d$/),
    ]);
  }
  silent.closeAllConnections();
  silent.close();
});

test("a server that comes back is reported", async () => {
  const server = createFakeServer({ vocabSize });
  const told: string[] = [];
  let asked = 0;
  await using engine = createTinkerEngine({
    url: "http://127.0.0.1:1",
    model: "tiny",
    tokenizer,
    clock,
    onTrouble: (message) => told.push(message),
    send: async (outgoing) => {
      if (asked++ < 3) throw new NoReply("ECONNREFUSED", false, null);
      return server.send(outgoing);
    },
  });
  await using _model = await engine.open({ path: tokenizer });
  expect(told.slice(0, 2)).toEqual([
    expect.stringContaining("does not answer (ECONNREFUSED)"),
    "http://127.0.0.1:1 answers again",
  ]);
});

/** Two steps with a save between them, over a real socket. */
async function train(url: string): Promise<number[]> {
  await using engine = createTinkerEngine({ url, model: "tiny", tokenizer, clock });
  await using model = await engine.open({ path: tokenizer });
  const tokens_T = model.tokenizer.encode("The lamp costs $24.");
  const datum = { tokens_T, positions_N: [0, 1, 2], targets_N: tokens_T.slice(1, 4) };
  await model.forwardBackward([datum], "cross_entropy");
  await model.optimStep({ learningRate: 0.05 });
  await model.save(join(mkdtempSync(join(work, "run-")), "c"), { optimizer: true });
  await model.forwardBackward([datum], (l_BN) => ({
    loss: 0,
    gradients_BN: l_BN.map((l) => l.map(() => -1)),
  }));
  await model.optimStep({ learningRate: 0.05 });
  await model.sample({ prompt_T: [1], maxTokens: 2, temperature: 1, seed: 1 });
  return [...(await model.logprobs([datum]))[0]!];
}

const whole = createFakeServer({ vocabSize });
await using undisturbed = await listenFake(whole.send);
const expected = await train(undisturbed.url);
const { requests } = undisturbed;

test.each<SocketBreak>(["unanswered", "half"])(
  "a step is applied once wherever the socket breaks: %s",
  async (how) => {
    for (let at = 0; at < requests; at++) {
      const server = createFakeServer({ vocabSize });
      await using port = await listenFake(server.send, { at, how });
      expect([...(await train(port.url)), server.steps, server.backwardDatums, at]).toEqual([
        ...expected,
        2,
        2,
        at,
      ]);
    }
  },
);

test("nobody at the address: the error says so and that it may be tried again", async () => {
  const closed = await listenFake(whole.send);
  await closed[Symbol.asyncDispose]();
  let now = 0;
  const engine = createTinkerEngine({
    url: closed.url,
    model: "tiny",
    tokenizer,
    clock: { now: () => now, sleep: async (ms) => void (now += await Promise.resolve(ms)) },
  });
  await expect(engine.open({ path: tokenizer })).rejects.toMatchObject({
    trouble: "unreachable",
    retryable: true,
    message: expect.stringContaining("ECONNREFUSED") as string,
  });
});

test("an address where something else answers is named at once, with what to do", async () => {
  const answers: [RegExp, number, Record<string, string>, string][] = [
    [/is not a server of the Tinker protocol: .*404: Not Found/, 404, {}, '{"detail":"Not Found"}'],
    [
      /is not a server of the Tinker protocol: .*404/,
      404,
      { "content-type": "text/html" },
      "<h1>no such page</h1>",
    ],
    [
      /is not a server of the Tinker protocol: .*none of the protocol/,
      200,
      { "content-type": "text/html" },
      "<h1>Hello</h1>",
    ],
    [/is not a server of the Tinker protocol: .*none of the protocol/, 200, {}, '{"models":[]}'],
    [/answers get_server_capabilities with a redirect/, 301, { location: "/login" }, ""],
  ];
  let next = 0;
  const other = createServer((_, response) => {
    const [, status, headers, body] = answers[next]!;
    response.writeHead(status, headers).end(body);
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const open = async (url: string) => {
    await using engine = createTinkerEngine({ url, model: "tiny", tokenizer, clock });
    return engine.open({ path: tokenizer }).catch((error: unknown) => error as Error);
  };
  for (; next < answers.length; next++) {
    const error = await open(`http://127.0.0.1:${port}`);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(answers[next]![0]);
  }
  next = 0;
  const error = await open(`https://127.0.0.1:${port}`);
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toMatch(/cannot be reached by TLS/);
  other.closeAllConnections();
  other.close();
});
