import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, expect, test } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { findOpenings } from "../http/testing/raw-request.ts";
import type { Policy } from "../rollout/policy.ts";
import type { McpHttpOptions, McpService } from "./mcp-http.ts";
import { serveMcpOverHttp } from "./mcp-http.ts";
import { click, exit, scriptedPolicy } from "./testing/scripted-policy.ts";

const KEY = "a-long-key-for-a-test";
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(options: Partial<McpHttpOptions> = {}): Promise<McpService> {
  const directory = await mkdtemp(join(tmpdir(), "webrl-mcp-"));
  closing.push(async () => rm(directory, { recursive: true }));
  const service = await serveMcpOverHttp({
    site: "storefront",
    model: scriptedPolicy([click("link Orders"), exit("done")]),
    directory,
    port: 0,
    ...options,
  });
  closing.push(async () => service[Symbol.asyncDispose]());
  return service;
}

async function connect(url: string, key?: string): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: "accept", content: { approve: true } }));
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }) as Transport,
  );
  closing.push(() => client.close());
  return client;
}

const call = (client: Client, name: string, given: Record<string, unknown> = {}) =>
  client.callTool({ name, arguments: given }, undefined, { timeout: 60_000 });

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
});
const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body,
  });

test("a client works over HTTP, is asked for approval, and gives its place to the next one", async () => {
  const { url } = await serve();
  const first = await connect(url);
  const steps: string[] = [];
  const run = await first.callTool({ name: "run", arguments: { instruction: "Show my orders" } }, undefined, {
    timeout: 60_000,
    onprogress: ({ message }) => void steps.push(message ?? ""),
  });
  expect(run.structuredContent).toMatchObject({ outcome: "done", answer: "done" });
  expect(steps).toHaveLength(2);
  await call(first, "open", { url: "/contact" });
  const page = await call(first, "observe");
  expect(JSON.stringify(page)).toContain("shop.webrl.test/contact");

  const second = await connect(url);
  expect(JSON.stringify(await call(second, "observe"))).toContain("shop.webrl.test/contact");
  await expect(call(first, "observe")).rejects.toThrow("another client has taken its place");
  expect((await post(url, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)).status).toBe(400);
});

test("requests that no client sends find nothing open", async () => {
  const { url } = await serve();
  expect(await findOpenings(Number(new URL(url).port), "/mcp")).toEqual([]);
});

test("while a call is under way nobody takes the place of its client", async () => {
  let release = () => {};
  let begin = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const slow: Policy = {
    name: "slow",
    begin: (...of) => {
      const act = scriptedPolicy([exit("late")]).begin(...of);
      return async (turn) => {
        begin();
        await released;
        return act(turn);
      };
    },
  };
  const { url } = await serve({ model: slow });
  const first = await connect(url);
  const running = call(first, "run", { instruction: "Wait" });
  await begun;
  expect((await post(url, initialize)).status).toBe(409);
  release();
  expect((await running).structuredContent).toMatchObject({ answer: "late" });
});

test("the key is needed where there is one, and other machines are not served without", async () => {
  const { url } = await serve({ key: KEY });
  expect((await post(url, initialize)).status).toBe(401);
  expect((await post(url, initialize, { authorization: "Bearer wrong" })).status).toBe(401);
  expect(
    (await post(url, initialize, { authorization: `Bearer ${KEY}`, origin: "https://evil.test" })).status,
  ).toBe(403);
  const client = await connect(url, KEY);
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain("run");
  await expect(serve({ host: "0.0.0.0" })).rejects.toThrow(ConfigError);
});
