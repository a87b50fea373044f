import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, describe, expect, test } from "vitest";
import { WEBRL } from "../cli/testing/command.ts";
import { completion, fakeServer } from "../chat/testing/fake-server.ts";
import type { Policy } from "../rollout/policy.ts";
import type { AgentOptions } from "./parts.ts";
import { serveMcp } from "./mcp.ts";
import { click, exit, scriptedPolicy } from "./testing/scripted-policy.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function connect(
  model: Policy | string,
  options: Partial<AgentOptions> = {},
  answer?: (message: string) => { action: "accept" | "decline"; content?: Record<string, boolean> },
): Promise<Client> {
  const directory = await mkdtemp(join(tmpdir(), "webrl-mcp-"));
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  const client = new Client(
    { name: "test", version: "1" },
    { capabilities: answer ? { elicitation: {} } : {} },
  );
  if (answer) client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params.message));
  const serving = serveMcp({ site: "storefront", model, directory, ...options }, ours);
  closing.push(async () => {
    await client.close();
    await serving;
    await rm(directory, { recursive: true });
  });
  await client.connect(theirs);
  return client;
}

const textOf = (result: unknown) => {
  const [first] = (result as CallToolResult).content;
  return first?.type === "text" ? first.text : "";
};
const call = (client: Client, name: string, given: Record<string, unknown> = {}) =>
  client.callTool({ name, arguments: given }, undefined, { timeout: 60_000 });

describe("an agent as an MCP server", () => {
  test("opens, observes, acts, pictures and runs, with evidence", async () => {
    const client = await connect(scriptedPolicy([exit("The Alder desk lamp")]));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["run", "act", "step", "open", "observe", "screenshot"]),
    );
    expect(textOf(await call(client, "open", { url: "/help" }))).toContain("shop.webrl.test/help");
    expect(textOf(await call(client, "step", { action: click("link Orders") }))).toContain("Your orders");
    expect(textOf(await call(client, "observe"))).toContain("Your orders");
    const picture = (await call(client, "screenshot")) as CallToolResult;
    expect(picture.content[0]).toMatchObject({ type: "image", mimeType: "image/jpeg" });
    const run = await call(client, "run", { instruction: "Which lamp?" });
    expect(run.structuredContent).toMatchObject({
      outcome: "done",
      answer: "The Alder desk lamp",
      unsupported: true,
    });
  });

  test("reads the rows of a list, where the model can read records", async () => {
    // Reads what comes before a price.
    await using server = await fakeServer((c, _, { messages }) => {
      const records = [...messages.at(-1)!.content.matchAll(/<record id="(\w+)">\n(.*?)<\/record>/gs)];
      const rows = records.map(([, id, said]) => {
        const [, name, price] = /^(.*?) \[.*\] \$(\d+\.\d\d)/m.exec(said!) ?? [];
        return [id, name === undefined ? null : { name, price: Number(price) }];
      });
      return c.json(completion(JSON.stringify(Object.fromEntries(rows))));
    });
    const client = await connect(`openai:m@${server.url}`, { start: "/search?q=lamp" });
    const schema = {
      type: "object",
      properties: { name: { type: "string" }, price: { type: "number" } },
    };
    const result = await call(client, "extract", { instruction: "all lamps", schema });
    expect(JSON.parse(textOf(result))).toMatchObject({
      rows: expect.arrayContaining([
        expect.objectContaining({ row: { name: "Alder desk lamp", price: 50.95 } }),
      ]),
      ended: "end of the list",
    });
    const wrong = await call(client, "extract", { instruction: "all", schema: { type: "string" } });
    expect(wrong).toMatchObject({ isError: true });
    const mute = await connect(scriptedPolicy([exit("x")]));
    expect(textOf(await call(mute, "extract", { instruction: "all", schema }))).toContain(
      "cannot read records",
    );
  });

  test("what is wrong is an error of the tool, and the next call works", async () => {
    const client = await connect(scriptedPolicy([exit("x")]));
    for (const [name, given, says] of [
      ["step", { action: "fly away" }, "no action found"],
      ["step", { action: exit("x") }, "exit ends a run"],
      ["step", { action: click("button Nothing") }, "Nothing"],
      ["open", { url: "http://evil.test/" }, "evil.test"],
      ["run", { instruction: "" }, "instruction"],
    ] as const) {
      const result = await call(client, name, given);
      expect(result).toMatchObject({ isError: true });
      expect(textOf(result)).toContain(says);
    }
    expect(await call(client, "observe")).not.toHaveProperty("isError");
  });

  test("steps are reported as progress, and a call that is cancelled ends its run", async () => {
    const never: Policy = {
      name: "waits",
      begin: () => async (turn) => {
        if (turn.history.length === 0)
          return scriptedPolicy([click("link Orders")]).begin(turn.task, 0)(turn);
        return new Promise(() => {});
      },
    };
    const client = await connect(never);
    const cancel = new AbortController();
    const progress: string[] = [];
    const running = client.callTool({ name: "run", arguments: { instruction: "Look" } }, undefined, {
      signal: cancel.signal,
      onprogress: ({ message }) => {
        progress.push(message ?? "");
        cancel.abort("enough");
      },
    });
    await expect(running).rejects.toThrow("enough");
    expect(progress).toEqual([click("link Orders")]);
    // The browser is free again.
    expect(textOf(await call(client, "observe"))).toContain("Your orders");
  });

  const empties = scriptedPolicy([
    click("button Cancel order"),
    click("button Yes, cancel order"),
    exit("Canceled."),
  ]);
  const order = "http://shop.webrl.test/orders/1361";

  test("a client that can ask its user is asked, and its yes is needed", async () => {
    const asked: string[] = [];
    const client = await connect(empties, { start: order }, (message) => {
      asked.push(message);
      return asked.length === 1 ? { action: "decline" } : { action: "accept", content: { approve: true } };
    });
    expect((await call(client, "run", { instruction: "Cancel it" })).structuredContent).toMatchObject({
      outcome: "refused",
    });
    expect(asked[0]).toContain("delete");
    await call(client, "open", { url: "/orders/1361" });
    await call(client, "run", { instruction: "Cancel it" });
    expect(asked).toHaveLength(2);
    expect(textOf(await call(client, "open", { url: "/orders/1361" }))).toContain("Canceled");
  });

  test("where the client cannot ask, nothing is done", async () => {
    const client = await connect(empties, { start: order });
    expect((await call(client, "run", { instruction: "Cancel it" })).structuredContent).toMatchObject({
      outcome: "refused",
    });
    expect(textOf(await call(client, "open", { url: "/orders/1361" }))).not.toContain("Canceled");
  });
});

test("the command speaks the protocol over stdio, and nothing else", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-mcp-"));
  const client = new Client({ name: "test", version: "1" });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...WEBRL, "agent", "mcp", "--site", "storefront", "--out", directory, "--max-steps", "2"],
    env: { ...(process.env as Record<string, string>) },
    stderr: "ignore",
  });
  await client.connect(transport, { timeout: 110_000 });
  expect(client.getServerVersion()).toMatchObject({ name: "webrl" });
  const run = await call(client, "run", { instruction: "What does the Alder desk lamp cost?" });
  expect(run.structuredContent).toMatchObject({
    outcome: expect.stringMatching(/^(done|stopped|gave up)$/),
    steps: expect.any(Number),
  });
  await client.close();
  await rm(directory, { recursive: true, force: true });
});
