/**
 * @file Sits between the `openai` client and the network, so that the client's timeout and retries cover everything:
 * endless bodies, invalid answers, endless pauses, redirects.
 */

import { once } from "node:events";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { addAbortSignal, Readable } from "node:stream";
import { readBody } from "../core/read-body.ts";
import { Nonsense, readReply } from "./read-reply.ts";

/** The largest answer. A chat completion has a few kilobytes. */
const MAX_ANSWER_BYTES = 16 * 2 ** 20;

/**
 * `onRequest` is called before each request is sent; if it throws, the request ends. Bodies are read before anything is
 * returned, because the client's timeout ends with the headers. An answer that is not a model's reply becomes a 502,
 * which the client retries. The longest `Retry-After` is `maxPauseMs`: the client itself would wait for a day.
 * Redirects are not followed: what is sent goes only to the named server.
 */
export const patientFetch =
  (maxPauseMs: number, onRequest: () => void) =>
  async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    onRequest();
    const response = await send(new URL(input instanceof Request ? input.url : input), init);
    const text = (await readBody(response, MAX_ANSWER_BYTES)).toString("utf8");
    if (response.status >= 300 && response.status < 400)
      return fail(421, `it redirects to ${response.headers.get("location") ?? "another address"}`);
    if (!response.ok) return limitPause(response, text, maxPauseMs);
    try {
      readReply(parse(text));
    } catch (error) {
      if (!(error instanceof Nonsense)) throw error;
      return fail(502, `it answered with ${error.message}`);
    }
    return new Response(text, { headers: { "content-type": "application/json" } });
  };

/**
 * Like `fetch`, without following redirects. Node's own gives up after 300 s without headers, but a slow model may read
 * a page for longer.
 */
async function send(url: URL, { method, headers, body, signal }: RequestInit = {}): Promise<Response> {
  const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
    method,
    headers: Object.fromEntries(new Headers(headers)),
    ...(signal && { signal }),
  });
  // When it breaks, nobody may be listening any more.
  request.on("error", () => {});
  request.end(body);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  if (signal) addAbortSignal(signal, answer);
  const status = answer.statusCode!;
  const isEmpty = [204, 205, 304].includes(status);
  if (isEmpty) answer.resume();
  return new Response(isEmpty ? null : (Readable.toWeb(answer) as ReadableStream), {
    status,
    headers: Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const begin = text.trim().slice(0, 60);
    throw new Nonsense(`what is not JSON: ${begin === "" ? "nothing" : JSON.stringify(begin)}`);
  }
}

const fail = (status: number, message: string) => Response.json({ error: { message } }, { status });

/** Codes of rate limits that waiting does not lift. */
const NO_MONEY = /"(?:insufficient_quota|billing_hard_limit_reached|billing_not_active)"/;

function limitPause(response: Response, text: string, maxPauseMs: number): Response {
  const headers = new Headers(response.headers);
  // The body is already decompressed.
  for (const name of ["content-encoding", "content-length", "transfer-encoding"]) headers.delete(name);
  const asked = headers.get("retry-after") ?? "0";
  const pauseMs = Number.isNaN(Number(asked)) ? Date.parse(asked) - Date.now() : 1000 * Number(asked);
  const pauseInMs = Number(headers.get("retry-after-ms") ?? "0");
  if (pauseMs > maxPauseMs || pauseInMs > maxPauseMs) headers.set("retry-after-ms", String(maxPauseMs));
  if (response.status === 429 && NO_MONEY.test(text)) headers.set("x-should-retry", "false");
  return new Response(text, { status: response.status, headers });
}
