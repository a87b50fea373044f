import type { Context } from "hono";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { ChatRequest } from "../core/chat.ts";
import { BudgetSpent, ConfigError, Fault } from "../core/errors.ts";
import { createOpenAIChat } from "./chat-model.ts";
import type { OpenAIChatOptions } from "./chat-model.ts";
import { createMeter } from "./meter.ts";
import { AT_ONCE, completion, fakeServer } from "./testing/fake-server.ts";
import type { Answer, FakeServer } from "./testing/fake-server.ts";

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

const request: ChatRequest = {
  messages: [{ role: "user", content: "Hello" }],
  maxTokens: 8,
  temperature: 0,
};

async function start(answer: Answer, over: Partial<OpenAIChatOptions> = {}) {
  const server = await fakeServer(answer);
  servers.push(server);
  // Pauses of the client itself would be half a second and more.
  const model = createOpenAIChat({
    baseUrl: server.url,
    model: "test-model",
    retries: 2,
    maxPauseMs: 1,
    ...over,
  });
  return { model, server, calls: () => server.requests.length };
}

const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => new Error("did not throw"),
    (cause: unknown) => cause,
  );
const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const error = await errorOf(work);
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};
const mistakeOf = async (work: Promise<unknown>): Promise<ConfigError> => {
  const error = await errorOf(work);
  expect(error).toBeInstanceOf(ConfigError);
  return error as ConfigError;
};

describe("what is asked and answered", () => {
  test("sends what was asked and gives back text, reason and usage", async () => {
    const { model, server } = await start((c) => c.json(completion("Hi", { finish: "length" })), {
      price: { input: 2, output: 10 },
    });
    expect(await model.chat({ ...request, topP: 0.9, seed: 5 })).toEqual({
      text: "Hi",
      stop: "length",
      // 100 · 2/10⁶ + 10 · 10/10⁶
      usage: { requests: 1, promptTokens: 100, cachedTokens: 0, completionTokens: 10, cost: 0.0003 },
    });
    expect(server.requests[0]).toMatchObject({
      model: "test-model",
      messages: [{ role: "user", content: "Hello" }],
      max_tokens: 8,
      temperature: 0,
      top_p: 0.9,
      seed: 5,
    });
  });

  test("cached tokens are counted among the prompt's and have their own price", async () => {
    const { model } = await start(
      (c) => c.json(completion("Hi", { usage: { prompt_tokens_details: { cached_tokens: 60 } } })),
      { price: { input: 2, cachedInput: 0.5, output: 10 } },
    );
    const { usage } = await model.chat(request);
    // 40 · 2/10⁶ + 60 · 0.5/10⁶ + 10 · 10/10⁶
    expect(usage).toMatchObject({ promptTokens: 100, cachedTokens: 60 });
    expect(usage!.cost).toBeCloseTo(0.00021, 12);
  });

  test.each([
    ["a thought", "<think>do(1)</think>\nHi", { text: "Hi", stop: "stop" }],
    ["a thought whose beginning was in the prompt", "so do(1)\n</think>Hi", { text: "Hi", stop: "stop" }],
    [
      "a page in a thought that ends it",
      "<think>it says </think>do(1)</think>Hi",
      { text: "Hi", stop: "stop" },
    ],
    ["a thought without an end", "<think>\ndo(1)", { text: "", stop: "stop" }],
    ["a thought of Mistral's", "[THINK]do(1)[/THINK]Hi", { text: "Hi", stop: "stop" }],
    ["a tag in the text", 'say "<think>"', { text: 'say "<think>"', stop: "stop" }],
  ])("%s is not a text", async (_, content, expected) => {
    const { model } = await start((c) => c.json(completion(content)));
    expect(await model.chat(request)).toMatchObject(expected);
  });

  test.each([
    ["no text, and the model was done", completion(""), { text: "", stop: "stop" }],
    [
      "nothing but reasoning",
      completion(null, { message: { reasoning_content: "do(1)" }, finish: "length" }),
      { text: "", stop: "length" },
    ],
    [
      "a tool call",
      completion(null, { message: { tool_calls: [{ id: "1" }] }, finish: "tool_calls" }),
      { text: "", stop: "tool_call" },
    ],
    [
      "a refusal",
      completion(null, { message: { refusal: "I won't" } }),
      { text: "I won't", stop: "refusal" },
    ],
    ["a filtered reply", completion("par", { finish: "content_filter" }), { text: "par", stop: "refusal" }],
    [
      "parts",
      completion([
        { type: "thinking", thinking: [] },
        { type: "text", text: "Hi" },
      ]),
      { text: "Hi", stop: "stop" },
    ],
  ])("%s is the model's reply, and not asked again", async (_, body, expected) => {
    const { model, calls } = await start((c) => c.json(body));
    expect(await model.chat(request)).toMatchObject(expected);
    expect(calls()).toBe(1);
  });
});

describe("a server that is slow, limits or answers nonsense", () => {
  test("waits out a rate limit as long as the server says", async () => {
    const times: number[] = [];
    const { model, calls } = await start(
      (c, call) => {
        times.push(performance.now());
        return call === 0
          ? c.json({ error: { message: "slow down" } }, 429, { "retry-after": "0.2" })
          : c.json(completion("ok"));
      },
      { maxPauseMs: 1000 },
    );
    expect((await model.chat(request)).text).toBe("ok");
    expect(calls()).toBe(2);
    expect(times[1]! - times[0]!).toBeGreaterThan(180);
  });

  test.each(["86400", "Fri, 31 Dec 2100 23:59:59 GMT"])(
    "a server that wants to be left alone for long (%s) is asked again all the same",
    async (pause) => {
      const { model, calls } = await start((c, call) =>
        call === 0
          ? c.json({ error: { message: "tomorrow" } }, 429, { "retry-after": pause })
          : c.json(completion("ok")),
      );
      expect((await model.chat(request)).text).toBe("ok");
      expect(calls()).toBe(2);
    },
  );

  test("a rate limit without end is a retryable fault after bounded attempts, each counted", async () => {
    const meter = createMeter();
    const { model, calls } = await start((c) => c.json({ error: { message: "no" } }, 429, AT_ONCE), {
      meter,
    });
    const fault = await faultOf(model.chat(request));
    expect(fault).toMatchObject({ code: "model_server_failed", retryable: true });
    expect(fault.message).toContain("limits the rate");
    expect(calls()).toBe(3);
    expect(meter.getUsage().requests).toBe(3);
  });

  test.each([
    ["a server error", (c: Context) => c.text("boom", 500, AT_ONCE)],
    ["a page of HTML", (c: Context) => c.html("<html>hello</html>")],
    ["JSON of another kind", (c: Context) => c.json({ hello: 1 })],
    ["nothing", (c: Context) => c.body("")],
    ["no choices", (c: Context) => c.json({ choices: [] })],
    ["a choice without a message", (c: Context) => c.json({ choices: [{}] })],
    ["an error that says 200", (c: Context) => c.json({ error: { message: "overloaded" } })],
    ["neither text nor reason", (c: Context) => c.json(completion("", { finish: null }))],
    ["a text that is none", (c: Context) => c.json(completion(42))],
    ["a reply that it broke off", (c: Context) => c.json(completion("do(", { finish: "error" }))],
    [
      "half of a JSON text",
      (c: Context) => c.body('{"choices":[', 200, { "content-type": "application/json" }),
    ],
  ])("%s is asked again by the client, then a fault", async (_, answer) => {
    const bad = await start(answer);
    expect(await faultOf(bad.model.chat(request))).toMatchObject({
      code: "model_server_failed",
      retryable: true,
    });
    expect(bad.calls()).toBe(3);
    const late = await start((c, call) => (call < 2 ? answer(c) : c.json(completion("fine"))));
    expect((await late.model.chat(request)).text).toBe("fine");
  });

  test.each([
    ["headers that do not come", () => sleep(3000).then(() => new Response())],
    [
      "a body that never ends",
      () =>
        new Response(
          new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(" ")) }),
        ),
    ],
  ])("%s are given up after their time, each attempt", async (_, answer) => {
    const { model, calls } = await start(answer, { timeoutSeconds: 0.06, retries: 1 });
    const fault = await faultOf(model.chat(request));
    expect(fault.message).toContain("in time");
    expect(calls()).toBe(2);
  });

  test("a server is waited for as long as its time is, also where Node's fetch gives up on headers before", async () => {
    await fetch("data:,");
    const symbol = Symbol.for("undici.globalDispatcher.1");
    const slot = globalThis as Record<symbol, unknown>;
    const before = slot[symbol] as { constructor: new (options: object) => unknown };
    slot[symbol] = new before.constructor({ headersTimeout: 1 });
    try {
      const { model, calls } = await start(async (c) => {
        await sleep(3000);
        return c.json(completion("Hi"));
      });
      expect((await model.chat(request)).text).toBe("Hi");
      expect(calls()).toBe(1);
    } finally {
      slot[symbol] = before;
    }
  });

  test("a server that is not there is a retryable fault that names it", async () => {
    const model = createOpenAIChat({ baseUrl: "http://127.0.0.1:9/v1", model: "m", retries: 0 });
    const fault = await faultOf(model.chat(request));
    expect(fault.message).toContain("127.0.0.1:9 cannot be reached");
    expect(fault.retryable).toBe(true);
    expect(await model.probe!()).toContain("cannot be reached");
  });

  test("a probe is one request of one token", async () => {
    const { model, server } = await start((c) => c.text("no", 503));
    expect(await model.probe!()).toContain("failed");
    expect(server.requests.map((body) => body["max_tokens"])).toEqual([1]);
    const { model: up } = await start((c) => c.json(completion("", { finish: "length" })));
    expect(await up.probe!()).toBeNull();
  });

  test("an abort rejects with its reason at once, in a request and in a pause", async () => {
    const reason = new Error("enough");
    for (const answer of [
      async (c: Context) => {
        await sleep(3000);
        return c.json(completion("x"));
      },
      (c: Context) => c.json({ error: { message: "no" } }, 429, { "retry-after": "20" }),
    ]) {
      const { model } = await start(answer, { maxPauseMs: 30_000 });
      const controller = new AbortController();
      const work = model.chat({ ...request, signal: controller.signal });
      setTimeout(() => controller.abort(reason), 100);
      const begun = performance.now();
      await expect(work).rejects.toBe(reason);
      expect(performance.now() - begun).toBeLessThan(2500);
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
        return c.json(completion("ok"));
      },
      { concurrency: 2 },
    );
    await Promise.all(Array.from({ length: 7 }, () => model.chat(request)));
    expect([most, calls()]).toEqual([2, 7]);
  });
});

describe("what no waiting heals", () => {
  const error = (message: string, code?: string) => ({ error: { message, code } });

  test.each([
    ["a wrong key", 401, error("bad"), "refused the key", "OPENAI_API_KEY"],
    ["a forbidden one", 403, error("bad"), "refused the key", "OPENAI_API_KEY"],
    ["a wrong model or address", 404, error("bad"), 'no model "test-model"', "/v1"],
    ["an account without money", 429, error("pay", "insufficient_quota"), "demands payment", "account"],
    [
      "a prompt that is too long",
      400,
      error("x", "context_length_exceeded"),
      "fewer tokens",
      "llm.contextTokens",
    ],
    [
      "llama.cpp's words for it",
      400,
      error("the request exceeds the available context size"),
      "fewer tokens",
      "llm.contextTokens",
    ],
    ["an address without chat", 405, error("x"), "does not accept chat completions", "/v1"],
  ] as const)("%s ends at once, with what to do", async (_, status, body, message, hint) => {
    const { model, calls } = await start((c) => c.json(body, status));
    const mistake = await mistakeOf(model.chat(request));
    expect(mistake.message).toContain(message);
    expect(mistake.hint).toContain(hint);
    expect(calls()).toBe(1);
    await mistakeOf(model.probe!());
  });

  test("a redirect is not followed: what is sent goes to the server that was named", async () => {
    const other = await start((c) => c.json(completion("stolen")));
    const { model } = await start((c) => c.redirect(`${other.server.url}/chat/completions`, 307));
    expect((await mistakeOf(model.chat(request))).message).toContain("redirects to");
    expect(other.calls()).toBe(0);
  });

  test("a request that is refused for another reason is a fault of its own, not tried again", async () => {
    const { model, calls } = await start((c) => c.json(error("odd letters"), 400));
    const fault = await faultOf(model.chat(request));
    expect([fault.retryable, calls()]).toEqual([false, 1]);
    expect(fault.message).toContain("odd letters");
  });

  test("a server that quotes the key does not give it away", async () => {
    const apiKey = "key-of-the-test-42";
    for (const status of [400, 401] as const) {
      const { model } = await start(
        (c) => c.json({ error: { message: `bad header ${c.req.header("authorization")}` } }, status),
        { apiKey },
      );
      const { message, stack } = (await errorOf(model.chat(request))) as Error;
      expect(message).toContain("bad header Bearer [redacted: secret]");
      expect(`${message} ${stack}`).not.toContain(apiKey);
    }
  });
});

describe("servers that know other parameters", () => {
  test("one that knows only max_completion_tokens gets it, from requests under way at once, too", async () => {
    const { model, server } = await start(async (c, _, body) => {
      await sleep(20);
      return "max_tokens" in body
        ? c.json({ error: { message: "Use 'max_completion_tokens' instead of max_tokens" } }, 400)
        : c.json(completion("ok"));
    });
    const replies = await Promise.all([model.chat(request), model.chat(request)]);
    expect(replies.map(({ text }) => text)).toEqual(["ok", "ok"]);
    await model.chat(request);
    expect(server.requests.at(-1)).toMatchObject({ max_completion_tokens: 8 });
  });

  test("one that takes no temperature gets none, which is said once", async () => {
    const warnings: string[] = [];
    const { model, server } = await start(
      (c, _, body) =>
        "temperature" in body
          ? c.json({ error: { message: "Unsupported value", param: "temperature" } }, 400)
          : c.json(completion("ok")),
      { onWarning: (message) => warnings.push(message) },
    );
    expect((await Promise.all([model.chat(request), model.chat(request)])).map(({ text }) => text)).toEqual([
      "ok",
      "ok",
    ]);
    expect(server.requests.at(-1)).not.toHaveProperty("temperature");
    expect(warnings).toHaveLength(1);
  });
});

describe("budgets", () => {
  test("requests: never one more, retries included", async () => {
    const meter = createMeter({ requests: 4 });
    const { model, calls } = await start((c) => c.text("boom", 500, AT_ONCE), { meter });
    await faultOf(model.chat(request));
    await expect(model.chat(request)).rejects.toBeInstanceOf(BudgetSpent);
    await expect(model.chat(request)).rejects.toThrow("the budget of 4 requests");
    expect(calls()).toBe(4);
  });

  test.each([
    ["tokens", { tokens: 220 }],
    ["money", { cost: 0.0006 }],
  ])("%s: no request once it is used up", async (_, budget) => {
    const meter = createMeter(budget);
    const { model, calls } = await start((c) => c.json(completion("ok")), {
      meter,
      price: { input: 2, output: 10 },
    });
    await model.chat(request);
    await model.chat(request);
    const error = await errorOf(model.chat(request));
    expect(error).toBeInstanceOf(BudgetSpent);
    expect((error as Error).message).toContain("2 requests, 200 tokens read, 20 written, cost 0.0006");
    expect(calls()).toBe(2);
  });

  test("a server that does not count its tokens has no budget of tokens", async () => {
    const meter = createMeter({ tokens: 1000 });
    const answer = { ...completion("ok"), usage: undefined };
    const { model } = await start((c) => c.json(answer), { meter });
    expect((await mistakeOf(model.chat(request))).hint).toContain("llm.budget.requests");
    const { model: free } = await start((c) => c.json(answer));
    expect((await free.chat(request)).usage).toMatchObject({ requests: 1, promptTokens: 0 });
  });
});
