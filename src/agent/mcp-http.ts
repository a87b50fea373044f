/**
 * @file The agent's tools over HTTP (streamable HTTP of MCP), at `/mcp`. There is one browser, so there is one client
 * at a time: another client takes its place when no call is under way.
 */

import { randomUUID } from "node:crypto";
import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { Hono } from "hono";
import { answerError, guard } from "../http/guard.ts";
import { listen } from "../http/listen.ts";
import type { AgentTools } from "./mcp.ts";
import { openTools } from "./mcp.ts";
import type { AgentOptions } from "./parts.ts";
import { openAccess } from "./service/access.ts";
import type { AccessOptions } from "./service/access.ts";

export interface McpHttpOptions
  extends Omit<AgentOptions, "approve">, Partial<Omit<AccessOptions, "origins">> {
  /** 0 picks a free one. */
  port: number;
}

export interface McpService extends AsyncDisposable {
  /** The address that clients connect to. */
  readonly url: string;
  readonly directory: string;
}

interface Client {
  server: McpServer;
  transport: WebStandardStreamableHTTPServerTransport;
}

/**
 * Serves until it is disposed. With `key`, clients must send it (`Authorization: Bearer KEY`); without one, only this
 * machine is served. Throws a `ConfigError` when port, key, site, model or policy are wrong, and then leaves nothing
 * open.
 */
export async function serveMcpOverHttp(options: McpHttpOptions): Promise<McpService> {
  const { port, host = "127.0.0.1", publicUrl, key, ...agent } = options;
  const access = openAccess({ host, publicUrl, origins: [], key });
  let answer: (request: Request) => Response | Promise<Response> = () =>
    new Response("starting", { status: 503, headers: { "retry-after": "5" } });
  // Finds out that a port is taken before a browser is started.
  const listening = await listen((request) => answer(request), { port, host });
  let tools: AgentTools;
  try {
    tools = await openTools(agent);
  } catch (error) {
    await listening[Symbol.asyncDispose]();
    throw error;
  }
  let client: Client | null = null;

  const admit = async (): Promise<Client> => {
    await client?.server.close();
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
    const server = tools.serverFor();
    client = { server, transport };
    // Its type and this project's strictness disagree only about `undefined`.
    await server.connect(transport as Transport);
    return client;
  };

  const app = new Hono();
  app.use(guard({ isOurs: access.isOurs, methods: ["POST", "DELETE"], policy: "default-src 'none'" }));
  app.onError(answerError);
  app.all("/mcp", async (c) => {
    const given = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "")?.[1] ?? "";
    if (key !== undefined && !access.isKey(given))
      return c.text("the key of the service is missing: Authorization: Bearer …", 401);
    const request = c.req.raw;
    const id = request.headers.get("mcp-session-id");
    if (id !== null)
      return client?.transport.sessionId === id
        ? client.transport.handleRequest(request)
        : refuse(
            404,
            "this session has ended: another client has taken its place, or the service was restarted",
          );
    const body: unknown = request.method === "POST" ? await request.json().catch(() => null) : null;
    if (!isInitializeRequest(body)) return refuse(400, "a client must begin with initialize");
    if (tools.isBusy) return refuse(409, "another client is using the browser");
    return (await admit()).transport.handleRequest(request, { parsedBody: body });
  });
  answer = (request) => app.fetch(request);
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return {
    url: `${publicUrl?.replace(/\/$/, "") ?? `http://${shown}:${listening.port}`}/mcp`,
    directory: tools.directory,
    [Symbol.asyncDispose]: async () => {
      await client?.server.close();
      await listening[Symbol.asyncDispose]();
      await tools[Symbol.asyncDispose]();
    },
  };
}

const refuse = (status: number, message: string): Response =>
  Response.json({ jsonrpc: "2.0", error: { code: -32000, message }, id: null }, { status });
