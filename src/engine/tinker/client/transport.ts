/** @file One request to a Tinker server and its whole answer, with a time limit. No retries: those are in `connection.ts`. */

import { setTimeout as delay } from "node:timers/promises";
import { readBody } from "../../../core/read-body.ts";
import { describeErrorBody } from "../wire/messages.ts";
import { TinkerError } from "./errors.ts";

/** Of an answer. The largest are log-probabilities of a batch. */
const MAX_ANSWER_BYTES = 256 * 2 ** 20;
const PROTOBUF = "application/x-protobuf";
/** Codes of a connection that was never there, so that nothing of the request was sent. */
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

export interface Reply {
  status: number;
  isProtobuf: boolean;
  bytes: Uint8Array;
  /** Parsed where it is JSON; `undefined` otherwise. */
  json: unknown;
  /** What `Retry-After` asks for. */
  pauseMs: number | null;
}

/** No whole answer came. */
export class NoReply extends Error {
  override readonly name = "NoReply";
  /** Whether the server may have received the request. */
  readonly mayHaveArrived: boolean;
  /** Whether it was we who waited no longer. */
  readonly isOurLimit: boolean;

  constructor(message: string, mayHaveArrived: boolean, cause: unknown, isOurLimit = false) {
    super(message, { cause });
    this.mayHaveArrived = mayHaveArrived;
    this.isOurLimit = isOurLimit;
  }
}

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

export interface Clock {
  now(): number;
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

export type Send = (outgoing: Outgoing) => Promise<Reply>;

/** Where a server's paths begin, and how it is given the key. */
export interface Dialect {
  prefix: string;
  keyHeader(apiKey: string): Record<string, string>;
}
const TINKER: Dialect = { prefix: "/api/v1/", keyHeader: (key) => ({ "x-api-key": key }) };

/** `url`: the server's root. The key is sent in a header and is in no message. */
export function createSend(url: string, apiKey: string | null, dialect = TINKER): Send {
  const root = url.replace(/\/+$/, "");
  return async ({ path, method, body, wantsProtobuf, headers, timeoutMs, signal }) => {
    const limit = AbortSignal.timeout(timeoutMs);
    const isBytes = body instanceof Uint8Array;
    try {
      const response = await fetch(`${root}${dialect.prefix}${path}`, {
        method: method ?? (body ? "POST" : "GET"),
        headers: {
          accept: wantsProtobuf ? PROTOBUF : "application/json",
          ...(body && { "content-type": isBytes ? PROTOBUF : "application/json" }),
          ...(apiKey !== null && dialect.keyHeader(apiKey)),
          ...headers,
        },
        ...(body && { body: isBytes ? Buffer.from(body) : JSON.stringify(body) }),
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      return await readReply(response);
    } catch (cause) {
      signal?.throwIfAborted();
      const reason = (cause as Error).cause as NodeJS.ErrnoException | undefined;
      const said = limit.aborted ? `no whole answer within ${timeoutMs / 1000} s` : describe(cause as Error);
      throw new NoReply(said, !NEVER_SENT.test(reason?.code ?? ""), cause, limit.aborted);
    }
  };
}

async function readReply(response: Response): Promise<Reply> {
  const bytes = new Uint8Array(await readBody(response, MAX_ANSWER_BYTES));
  const isProtobuf = /^application\/(x-)?protobuf\b/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
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

function pauseOf(headers: Headers): number | null {
  const exact = Number(headers.get("retry-after-ms") ?? Number.NaN);
  if (exact >= 0) return exact;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return seconds >= 0 ? seconds * 1000 : null;
}

const describe = (error: Error) => {
  const { cause } = error as { cause?: Error & { code?: string } };
  return cause ? `${error.message}: ${cause.code ?? cause.message}` : error.message;
};

/** What a refusal says, short enough for a message. */
export function describeReply({ status, json, bytes }: Reply): string {
  const said = describeErrorBody(json) ?? Buffer.from(bytes.subarray(0, 200)).toString("utf8").trim();
  return `${status}${said === "" ? "" : `: ${said.split("\n")[0]!.slice(0, 300)}`}`;
}

export const nonsense = (what: string, path: string, cause?: unknown) =>
  new TinkerError("nonsense", `the server's answer to ${path} is ${what}`, { cause });
