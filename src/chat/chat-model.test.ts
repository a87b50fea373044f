import { serve } from "@hono/node-server";
import type { ServerType } from "@hono/node-server";
import { Hono } from "hono";
import type { Context } from "hono";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { ChatRequest } from "../core/chat.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import { createOpenAIChat } from "./chat-model.ts";
import type { OpenAIChatOptions } from "./chat-model.ts";

const servers: ServerType[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    (server as unknown as { closeAllConnections(): void }).closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const request: ChatRequest = {
  messages: [{ role: "user", content: "Hello" }],
  maxTokens: 8,
  temperature: 0,
};
const reply = (content: unknown, finish = "stop") => ({
  id: "1",
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: finish }],
});

/** Tells the client to try again without its usual half a second. */
const AT_ONCE = { "retry-after-ms": "1" };

/** A server on loopback; `answer` is called with the number of the request, from 0. */
async function start(
  answer: (c: Context, call: number, body: Record<string, unknown>) => Response | Promise<Response>,
  over: Partial<OpenAIChatOptions> = {},
) {
  let calls = 0;
  const app = new Hono();
  app.post("/v1/chat/completions", async (c) =>
    answer(c, calls++, (await c.req.json()) as Record<string, unknown>),
  );
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const model = createOpenAIChat({
    baseUrl: `http://127.0.0.1:${port}/v1`,
    model: "test-model",
    maxRetries: 2,
    ...over,
  });
  return { model, calls: () => calls };
}

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error: unknown = await work.then(
    () => new Error("did not throw"),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};

describe("chat model behind a server", () => {
  test("sends what was asked and gives back text and reason", async () => {
    let seen: Record<string, unknown> = {};
    const { model } = await start((c, _, body) => {
      seen = body;
      return c.json(reply("Hi", "length"));
    });
    expect(await model.chat({ ...request, topP: 0.9, seed: 5 })).toEqual({ text: "Hi", stop: "length" });
    expect(seen).toMatchObject({
      model: "test-model",
      messages: [{ role: "user", content: "Hello" }],
      max_tokens: 8,
      temperature: 0,
      top_p: 0.9,
      seed: 5,
    });
  });

  test("waits out a rate limit as long as the server says", async () => {
    const times: number[] = [];
    const { model, calls } = await start((c, call) => {
      times.push(performance.now());
      return call === 0
        ? c.json({ error: { message: "slow down" } }, 429, { "retry-after": "0.2" })
        : c.json(reply("ok"));
    });
    expect((await model.chat(request)).text).toBe("ok");
    expect(calls()).toBe(2);
    expect(times[1]! - times[0]!).toBeGreaterThan(180);
  });

  test.each(["86400", "Fri, 31 Dec 2100 23:59:59 GMT"])(
    "a server that wants to be left alone for long (%s) is asked again all the same",
    async (pause) => {
      const { model, calls } = await start(
        (c, call) =>
          call === 0
            ? c.json({ error: { message: "tomorrow" } }, 429, { "retry-after": pause })
            : c.json(reply("ok")),
        { maxPauseMs: 20 },
      );
      expect((await model.chat(request)).text).toBe("ok");
      expect(calls()).toBe(2);
    },
  );

  test("a server that quotes the key gives none of it away", async () => {
    const apiKey = "key-of-the-test-42";
    const { model } = await start(
      (c) => c.json({ error: { message: `bad header ${c.req.header("authorization")}` } }, 400),
      { apiKey },
    );
    const fault = await faultOf(model.chat(request));
    expect(fault.message).toContain("bad header Bearer [redacted: secret]");
    expect(fault.message).not.toContain(apiKey);
  });

  test("a rate limit without end is a retryable fault after bounded attempts", async () => {
    const { model, calls } = await start((c) => c.json({ error: { message: "no" } }, 429, AT_ONCE));
    const fault = await faultOf(model.chat(request));
    expect(fault).toMatchObject({ code: "engine_failed", retryable: true });
    expect(fault.message).toContain("limits the rate");
    expect(calls()).toBe(3);
  });

  test.each([
    ["a server error", (c: Context) => c.text("boom", 500, AT_ONCE)],
    ["a page of HTML", (c: Context) => c.html("<html>hello</html>")],
    ["JSON of another kind", (c: Context) => c.json({ hello: 1 })],
    ["no choices", (c: Context) => c.json({ choices: [] })],
    ["an empty text", (c: Context) => c.json(reply(""))],
    ["a text that is none", (c: Context) => c.json(reply(42))],
    [
      "half of a JSON text",
      (c: Context) => c.body('{"choices":[', 200, { "content-type": "application/json" }),
    ],
  ])("%s is asked again, then a fault", async (_, answer) => {
    const bad = await start(answer);
    expect(await faultOf(bad.model.chat(request))).toMatchObject({ code: "engine_failed", retryable: true });
    expect(bad.calls()).toBe(3);
    const late = await start((c, call) => (call < 2 ? answer(c) : c.json(reply("fine"))));
    expect((await late.model.chat(request)).text).toBe("fine");
  });

  test("a server that is too slow is given up after its time, each attempt", async () => {
    const { model, calls } = await start(
      async (c) => {
        await sleep(2000);
        return c.json(reply("late"));
      },
      { timeoutMs: 60, maxRetries: 1 },
    );
    const fault = await faultOf(model.chat(request));
    expect(fault.message).toContain("in time");
    expect(calls()).toBe(2);
  });

  test("a server that is not there is a retryable fault that names it", async () => {
    const model = createOpenAIChat({
      baseUrl: "http://127.0.0.1:9/v1",
      model: "m",
      maxRetries: 1,
    });
    const fault = await faultOf(model.chat(request));
    expect(fault.message).toContain("127.0.0.1:9 cannot be reached");
    expect(fault.retryable).toBe(true);
  });

  test.each([401, 403, 404, 400] as const)("status %d is not tried again", async (status) => {
    const { model, calls } = await start((c) => c.json({ error: { message: "bad" } }, status));
    expect((await faultOf(model.chat(request))).retryable).toBe(false);
    expect(calls()).toBe(1);
  });

  test("a key never stands in a fault's message", async () => {
    const { model } = await start((c) => c.json({ error: { message: "denied" } }, 401), {
      apiKey: "sk-secret-1",
    });
    const fault = await faultOf(model.chat(request));
    expect(`${fault.message} ${fault.stack}`).not.toContain("sk-secret-1");
  });

  test("a server that knows only max_completion_tokens gets it", async () => {
    const bodies: Record<string, unknown>[] = [];
    const { model } = await start((c, _, body) => {
      bodies.push(body);
      return "max_tokens" in body
        ? c.json({ error: { message: "Use 'max_completion_tokens' instead of max_tokens" } }, 400)
        : c.json(reply("ok"));
    });
    expect((await model.chat(request)).text).toBe("ok");
    await model.chat(request);
    expect(bodies.map((body) => "max_tokens" in body)).toEqual([true, false, false]);
  });

  test("an abort rejects with its reason at once, in a request and in a pause", async () => {
    const reason = new Error("enough");
    for (const answer of [
      async (c: Context) => {
        await sleep(3000);
        return c.json(reply("x"));
      },
      (c: Context) => c.json({ error: { message: "no" } }, 429, { "retry-after": "20" }),
    ]) {
      const { model } = await start(answer);
      const controller = new AbortController();
      const work = model.chat({ ...request, signal: controller.signal });
      setTimeout(() => controller.abort(reason), 100);
      const begun = performance.now();
      await expect(work).rejects.toBe(reason);
      expect(performance.now() - begun).toBeLessThan(1500);
    }
  });

  test("no more requests are under way than allowed", async () => {
    let running = 0;
    let most = 0;
    const { model, calls } = await start(
      async (c) => {
        most = Math.max(most, ++running);
        await sleep(30);
        running -= 1;
        return c.json(reply("ok"));
      },
      { concurrency: 2 },
    );
    await Promise.all(Array.from({ length: 7 }, () => model.chat(request)));
    expect([most, calls()]).toEqual([2, 7]);
  });

  test("an address that is none is the user's mistake", () => {
    expect(() => createOpenAIChat({ baseUrl: "localhost", model: "m" })).toThrow(ConfigError);
  });
});
