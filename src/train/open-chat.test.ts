import { afterEach, describe, expect, it, vi } from "vitest";
import { llmConfigSchema } from "../chat/config.ts";
import { createMeter } from "../chat/meter.ts";
import { AT_ONCE, completion, fakeServer } from "../chat/testing/fake-server.ts";
import { ConfigError } from "../core/errors.ts";
import { loadConfig, loadLlm } from "../run/parse-config.ts";
import { namesServer, openChat, patientChat, serverOf } from "./open-chat.ts";
import { modelPath } from "./open-parts.ts";

afterEach(() => void vi.unstubAllEnvs());

const llm = (over: object = {}) => llmConfigSchema.parse(over);
const URL_OF = "http://127.0.0.1:8000/v1";

describe("the server of a chat model", () => {
  it("is that of its name, else of llm.baseUrl, else of OPENAI_BASE_URL, and nobody's by default", () => {
    vi.stubEnv("OPENAI_BASE_URL", "");
    expect(() => serverOf(llm())).toThrow(ConfigError);
    expect(namesServer(llm())).toBe(false);
    expect(serverOf(llm({ model: `openai:a@${URL_OF}` }))).toEqual({ model: "a", baseUrl: URL_OF });
    expect(namesServer(llm({ model: `openai:a@${URL_OF}` }))).toBe(true);
    vi.stubEnv("OPENAI_BASE_URL", "http://env/v1");
    expect(serverOf(llm({ model: "openai:a" }))).toEqual({ model: "a", baseUrl: "http://env/v1" });
    expect(serverOf(llm({ baseUrl: URL_OF }))).toEqual({ model: "gpt-4o", baseUrl: URL_OF });
    expect(serverOf(llm({ model: `openai:a@${URL_OF}`, baseUrl: "http://other/v1" })).baseUrl).toBe(URL_OF);
  });

  it("gets the key of the environment", async () => {
    vi.stubEnv("OPENAI_API_KEY", "key-of-this-test-77");
    const keys: (string | undefined)[] = [];
    await using server = await fakeServer((c) => {
      keys.push(c.req.header("authorization"));
      return c.json(completion("ok"));
    });
    const chat = openChat(llm({ model: `openai:m@${server.url}` }), { meter: createMeter() });
    await chat.chat({ messages: [], temperature: 0 });
    expect(keys).toEqual(["Bearer key-of-this-test-77"]);
    expect(server.requests[0]).toMatchObject({ model: "m", max_tokens: 1024 });
  });

  it("is not a model with weights", () => {
    expect(() => modelPath(`openai:m@${URL_OF}`, "--base")).toThrow(/^--base needs the weights of a model/);
  });
});

describe("its settings", () => {
  it("are a file's or one by one, and name the nearest right one", async () => {
    expect(await loadLlm(["budget.requests=5", 'price={"input":1,"output":2}'])).toMatchObject({
      budget: { requests: 5 },
      price: { input: 1, output: 2 },
    });
    await expect(loadLlm(["budget.request=5"])).rejects.toThrow(
      "there is no setting llm.budget.request; the nearest is llm.budget.requests",
    );
    await expect(loadLlm(["nowhere.json"])).rejects.toThrow("nowhere.json");
  });

  it("a budget of money needs a price, for a run as well", async () => {
    await expect(loadLlm(["budget.cost=5"])).rejects.toThrow("there is no price");
    await expect(loadConfig({ set: ["llm.budget.cost=5"] })).rejects.toThrow("there is no price");
  });
});

describe("a judge or proposer", () => {
  const request = { messages: [{ role: "user" as const, content: "Q" }], temperature: 0 };
  const open = (url: string, budget: object = {}) =>
    openChat(llm({ model: `openai:m@${url}`, retries: 0 }), { meter: createMeter(budget) });

  it("has its server waited for, and its question asked again", async () => {
    let down = true;
    const said: string[] = [];
    await using server = await fakeServer((c, _, body) =>
      down ? c.text("no", 503, AT_ONCE) : c.json(completion(body.messages[0]!.content)),
    );
    const chat = patientChat(open(server.url), {
      limitMinutes: 5,
      onWait: (message) => {
        said.push(message);
        down = said.length < 3;
      },
      pause: async () => {},
    });
    const replies = await Promise.all([chat.chat(request), chat.chat(request)]);
    expect(replies.map(({ text }) => text)).toEqual(["Q", "Q"]);
    expect(said[0]).toMatch(/^the server of m has been down for 0 s and is tried again: .*503/);
  });

  it("gives up where the server stays down, or fails on this question alone", async () => {
    let clock = 0;
    await using server = await fakeServer((c, _, body) =>
      body.messages[0]!.content === "Q" ? c.text("no", 500) : c.json(completion("Hello!")),
    );
    const patience = { limitMinutes: 2, pause: async () => (clock += 60_000), now: () => clock };
    await expect(patientChat(open(server.url), patience).chat(request)).rejects.toMatchObject({
      code: "model_server_failed",
      retryable: true,
    });
    const nobody = patientChat(open("http://127.0.0.1:9/v1"), patience);
    await expect(nobody.chat(request)).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining("has not answered for 2 minutes"),
    });
  });
});
