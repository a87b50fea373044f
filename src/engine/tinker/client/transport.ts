/**
 * @file One request to a Tinker server and its whole answer, with a time limit. No retries: those are in
 * `connection.ts`.
 */

import { once, setMaxListeners } from "node:events";
import http, { type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import https from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { ConfigError } from "../../../core/errors.ts";
import { describeErrorBody } from "../wire/messages.ts";
import { TinkerError } from "./errors.ts";

/** The most bytes of an answer; the largest answers are log-probabilities of a batch. */
const MAX_ANSWER_BYTES = 256 * 2 ** 20;
const PROTOBUF = "application/x-protobuf";
/** Codes of a connection that was never there, so that nothing of the request was sent. */
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/;
/** Codes of TLS connections that fail however often they are tried. */
const NO_TLS = /^(EPROTO|ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;
/** An idle connection is closed after this: servers close theirs after 5 s, possibly during a request. */
const IDLE_MS = 4000;

/** The server's answer to a request. */
export interface Reply {
  status: number;
  isProtobuf: boolean;
  bytes: Uint8Array;
  /** Parsed where it is JSON; `undefined` otherwise. */
  json: unknown;
  /** What `Retry-After` asks for. */
  pauseMs: number | null;
}

/** Thrown if no complete answer came. */
export class NoReply extends Error {
  override readonly name = "NoReply";
  /** Whether the server may have received the request. */
  readonly mayHaveArrived: boolean;
  /** Whether the request ended because we stopped waiting. */
  readonly isOurLimit: boolean;

  constructor(message: string, mayHaveArrived: boolean, cause: unknown, isOurLimit = false) {
    super(message, { cause });
    this.mayHaveArrived = mayHaveArrived;
    this.isOurLimit = isOurLimit;
  }
}

/** A request to the server. */
export interface Outgoing {
  path: string;
  /** Default: POST with a body, else GET. */
  method?: "DELETE" | undefined;
  body?: Uint8Array | object;
  wantsProtobuf?: boolean;
  headers?: Record<string, string>;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Time as the client sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { ...(signal && { signal }), ref: true });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Sends a request and resolves with the answer. */
export type Send = (outgoing: Outgoing) => Promise<Reply>;

/** Where a server's paths begin, and how it is given the key. */
export interface Dialect {
  prefix: string;
  keyHeader(apiKey: string): Record<string, string>;
}
const TINKER: Dialect = { prefix: "/api/v1/", keyHeader: (key) => ({ "x-api-key": key }) };

/**
 * `url`: the server's root. The key is sent in a header and is in no message.
 *
 * Uses Node's own client and not `fetch`, which takes seven times the processor time for a request: an orchestrator
 * sends two for every step of thousands of episodes.
 */
export function createSend(url: string, apiKey: string | null, dialect = TINKER): Send {
  const root = url.replace(/\/+$/, "");
  const { request: open, Agent } = root.startsWith("https:") ? https : http;
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  return async ({ path, method, body, wantsProtobuf, headers, timeoutMs, signal }) => {
    const isBytes = body instanceof Uint8Array;
    const bytes = body && Buffer.from(isBytes ? body : JSON.stringify(body));
    const asked = open(`${root}${dialect.prefix}${path}`, {
      agent,
      method: method ?? (body ? "POST" : "GET"),
      headers: {
        accept: wantsProtobuf ? PROTOBUF : "application/json",
        "accept-encoding": "identity",
        ...(bytes && {
          "content-type": isBytes ? PROTOBUF : "application/json",
          "content-length": bytes.length,
        }),
        ...(apiKey !== null && dialect.keyHeader(apiKey)),
        ...headers,
      },
    });
    // Whoever waits is told the error; a socket may break once more after that.
    asked.on("error", () => {});
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      asked.destroy(new Error("late"));
    }, timeoutMs);
    const abort = () => asked.destroy(signal?.reason as Error);
    if (signal) setMaxListeners(0, signal);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      const answering = once(asked, "response") as Promise<[IncomingMessage]>;
      asked.end(bytes);
      return await readReply((await answering)[0]);
    } catch (cause) {
      asked.destroy();
      signal?.throwIfAborted();
      const said = isLate ? `no complete answer within ${timeoutMs / 1000} s` : describe(cause as Error);
      const { code = "" } = cause as NodeJS.ErrnoException;
      if (NO_TLS.test(code))
        throw new ConfigError(
          `${root} cannot be reached by TLS: ${(cause as Error).message.trim()}`,
          "Write http:// if the server speaks plain HTTP. For a certificate that is not known here, set NODE_EXTRA_CA_CERTS.",
          { cause },
        );
      throw new NoReply(said, !NEVER_SENT.test(code), cause, isLate);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  };
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new TypeError("the answer is too long");
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  const isProtobuf = /^application\/(x-)?protobuf\b/.test(response.headers["content-type"] ?? "");
  return {
    status: response.statusCode!,
    isProtobuf,
    bytes,
    json: isProtobuf ? undefined : parse(bytes),
    pauseMs: pauseOf(response.headers),
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function pauseOf(headers: IncomingHttpHeaders): number | null {
  const exact = Number(headers["retry-after-ms"] ?? Number.NaN);
  if (exact >= 0) return exact;
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  return seconds >= 0 ? seconds * 1000 : null;
}

/** A connection that was tried at several addresses fails without a message of its own. */
const describe = (error: NodeJS.ErrnoException) => error.code ?? error.message;

/** What a refusal says, short enough for a message. */
export function describeReply({ status, json, bytes }: Reply): string {
  const said = describeErrorBody(json) ?? Buffer.from(bytes.subarray(0, 200)).toString("utf8").trim();
  return `${status}${said === "" ? "" : `: ${said.split("\n")[0]!.slice(0, 300)}`}`;
}

export const nonsense = (what: string, path: string, cause?: unknown) =>
  new TinkerError("nonsense", `the server's answer to ${path} is ${what}`, { cause });
