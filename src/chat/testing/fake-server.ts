/** @file A chat server on loopback that answers as a test tells it to. */

import { serve } from "@hono/node-server";
import type { ServerType } from "@hono/node-server";
import { Hono } from "hono";
import type { Context } from "hono";
import type { AddressInfo } from "node:net";

export interface FakeServer extends AsyncDisposable {
  /** Base URL, up to `/v1`. */
  url: string;
  /** Bodies of the requests so far. */
  requests: FakeRequest[];
}

export interface FakeRequest {
  model: string;
  messages: { role: string; content: string }[];
  [parameter: string]: unknown;
}

export type Answer = (c: Context, call: number, body: FakeRequest) => Response | Promise<Response>;

/** `answer` is called with the number of the request, from 0. `port`: the port of an earlier server. */
export async function fakeServer(answer: Answer, port = 0): Promise<FakeServer> {
  const requests: FakeRequest[] = [];
  const app = new Hono();
  app.post("/v1/chat/completions", async (c) => {
    const body = (await c.req.json()) as FakeRequest;
    return answer(c, requests.push(body) - 1, body);
  });
  const server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function close(server: ServerType): Promise<void> {
  (server as unknown as { closeAllConnections(): void }).closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The answer of a server that works. */
export const completion = (
  content: unknown,
  over: { finish?: string | null; message?: object; usage?: object } = {},
) => ({
  id: "1",
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content, ...over.message },
      finish_reason: over.finish === undefined ? "stop" : over.finish,
    },
  ],
  usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110, ...over.usage },
});

/** Tells the client to try again without its usual half a second. */
export const AT_ONCE = { "retry-after-ms": "1" };
