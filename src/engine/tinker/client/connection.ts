/**
 * @file Calls to a Tinker server that survive trouble: decides what to send again, how long to wait, and which answers
 * are final.
 *
 * A queued operation has two halves. Its request is sent until a `request_id` comes back; its result is then polled,
 * which may be repeated freely. `resend` says whether the request may be repeated.
 */

import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { ConfigError } from "../../../core/errors.ts";
import {
  failedFutureSchema,
  failedRequestSchema,
  futureSchema,
  metadataSchema,
  tokenSchema,
  tryAgainSchema,
  type FutureHandle,
} from "../wire/messages.ts";
import { TinkerError } from "./errors.ts";
import { createOutageNotice } from "./outage-notice.ts";
import { API_KEY_ENV } from "./pointer.ts";
import { createTokenSource, TOKEN_PATH, type TokenSource } from "./token-source.ts";
import type { Clock, Reply, Send } from "./transport.ts";
import { NoReply, describeReply, nonsense, realClock } from "./transport.ts";

/** How long to wait for a server, in milliseconds. */
export interface Patience {
  /** One attempt at a request, ms. */
  requestMs: number;
  /** One poll; servers hold a poll for up to 300 s, and are asked again after this, ms. */
  pollMs: number;
  /** All attempts at one request, ms. */
  submitMs: number;
  /** An operation from its acceptance to its result, ms. */
  resultMs: number;
  /** A pause for billing (402), ms. */
  billingMs: number;
}

const DEFAULT_PATIENCE: Patience = {
  requestMs: 60_000,
  pollMs: 45_000,
  submitMs: 300_000,
  resultMs: 3_600_000,
  billingMs: 3_600_000,
};

export interface KeySource {
  /** Name of an environment variable. */
  env: string;
  /** The setting that names it. */
  setting?: string;
  isSet: boolean;
}

export interface Call {
  path: string;
  method?: "DELETE";
  body?: Uint8Array | object;
  /**
   * `always`: the server knows a repetition by its number, or repeating does no harm. `unless_arrived`: only while
   * nothing can have reached the server.
   */
  resend: "always" | "unless_arrived";
  headers?: Record<string, string>;
  /** A 500 means that this call cannot be done, not that the server is in trouble. */
  isFinalAt500?: boolean;
  signal?: AbortSignal | undefined;
}

export interface Queued extends FutureHandle {
  /** Whether the request was sent more than once, so that the server may have seen it twice. */
  wasResent: boolean;
}

export interface Connection {
  /** A call that is answered at once. */
  ask<T>(call: Call, schema: z.ZodType<T>): Promise<T>;
  /** A call that is queued. */
  submit(call: Call): Promise<Queued>;
  /** Tells the server that nobody waits for a result; the server may ignore it. */
  cancel(queued: Queued): void;
  /** From now on a short-lived token replaces the key, for servers whose `client/config` asks for that. */
  exchangeKey(): void;
  /** Its result. `read` gets a protobuf body; absent where the result is JSON always. */
  result<T>(
    queued: Queued,
    schema: z.ZodType<T>,
    options?: { read?: (bytes: Uint8Array) => T; signal?: AbortSignal | undefined; type?: string },
  ): Promise<T>;
}

const BACKOFF_LIMIT_MS = 30_000;
/** Statuses that a busy server, a proxy or a restart gives. */
const isPassing = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500;
/** What servers answer for a session, model or adapter that they no longer have. */
const GONE =
  /not (loaded|found)|unknown (model|session|sampl)|no (such )?(model|session)\b|does not exist|expired|unloaded/i;

export function createConnection(
  send: Send,
  options: {
    patience?: Partial<Patience> | undefined;
    clock?: Clock | undefined;
    url: string;
    /** Says, in messages, where the key comes from and whether there is one. */
    key?: KeySource | undefined;
    onTrouble?: ((message: string) => void) | undefined;
  },
): Connection {
  const patience = { ...DEFAULT_PATIENCE, ...options.patience };
  const { clock = realClock, url, key } = options;
  const outage = createOutageNotice(url, patience.submitMs, options.onTrouble);
  let tokens: TokenSource | null = null;
  const sendAndNotice: Send = async (outgoing) => {
    const isExchange = outgoing.path === TOKEN_PATH;
    const jwt: Record<string, string> = tokens && !isExchange ? { "x-api-key": await tokens.current() } : {};
    const stopWatching = outage.watch();
    try {
      const reply = await send({ ...outgoing, headers: { ...outgoing.headers, ...jwt } });
      // The token may have been revoked before it expired.
      if (reply.status === 401 && tokens && !isExchange && tokens.renew())
        return await sendAndNotice(outgoing);
      if (reply.status >= 500) outage.begin(describeReply(reply));
      else outage.end();
      return reply;
    } catch (error) {
      // A server that holds a poll for longer than we do is at work.
      const isHeld = error instanceof NoReply && error.isOurLimit && outgoing.path === "retrieve_future";
      if (error instanceof NoReply && !isHeld) outage.begin(error.message);
      throw error;
    } finally {
      stopWatching();
    }
  };

  async function attempt(call: Call): Promise<{ reply: Reply; attempts: number }> {
    const begin = clock.now();
    let billedFor = 0;
    let wait = 0;
    const headers = { "x-idempotency-key": randomUUID(), ...call.headers };
    for (let attempts = 1; ; attempts++) {
      let trouble: { message: string; cause?: unknown };
      let pause = Math.min(2 ** wait * 1000, BACKOFF_LIMIT_MS);
      try {
        const { path, method, body, signal } = call;
        const reply = await sendAndNotice({
          path,
          method,
          ...(body && { body }),
          headers,
          timeoutMs: patience.requestMs,
          signal,
        });
        if (reply.status === 402) {
          if (billedFor >= patience.billingMs)
            throw new TinkerError("refused", `${url} wants to be paid: ${describeReply(reply)}`);
          billedFor += 5000;
          await clock.sleep(5000, signal);
          continue;
        }
        if (!isPassing(reply.status) || (reply.status === 500 && call.isFinalAt500))
          return { reply, attempts };
        trouble = { message: describeReply(reply) };
        pause = Math.min(reply.pauseMs ?? pause, BACKOFF_LIMIT_MS);
        // The server received the request, and its answer does not say that it dropped it.
        if (call.resend === "unless_arrived" && reply.status >= 500 && reply.status !== 503)
          throw unknownStep(call.path, trouble.message);
      } catch (cause) {
        if (!(cause instanceof NoReply)) throw cause;
        trouble = { message: cause.message, cause };
        if (call.resend === "unless_arrived" && cause.mayHaveArrived)
          throw unknownStep(call.path, cause.message, cause);
      }
      wait++;
      if (clock.now() - begin + pause > patience.submitMs)
        throw new TinkerError(
          trouble.cause ? "unreachable" : "busy",
          `${url} did not take ${call.path} in ${Math.round(patience.submitMs / 1000)} s (${trouble.message})`,
          trouble,
        );
      await clock.sleep(pause, call.signal);
    }
  }

  async function settle(call: Call): Promise<{ reply: Reply; attempts: number }> {
    const { reply, attempts } = await attempt(call);
    if (reply.status >= 200 && reply.status < 300) return { reply, attempts };
    throw refusal(reply, call.path, url, key);
  }

  const ask: Connection["ask"] = async (call, schema) => {
    const { reply } = await settle(call);
    return parseAs(schema, reply.json, call.path);
  };

  return {
    ask,
    exchangeKey: () => {
      tokens ??= createTokenSource(async () => {
        const { jwt } = await ask({ path: TOKEN_PATH, body: {}, resend: "always" }, tokenSchema);
        return jwt;
      });
    },
    cancel: ({ request_id }) => {
      void sendAndNotice({ path: "cancel_future", body: { request_id }, timeoutMs: 5000 }).catch(() => {});
    },
    submit: async (call) => {
      const { reply, attempts } = await settle(call);
      return { ...parseAs(futureSchema, reply.json, call.path), wasResent: attempts > 1 };
    },
    result: async (queued, schema, { read, signal, type = "" } = {}) => {
      const begin = clock.now();
      let failures = 0;
      let failingSince = begin;
      let billedFor = 0;
      for (let poll = 0; ; poll++) {
        const spent = clock.now() - begin;
        if (spent > patience.resultMs)
          throw new TinkerError(
            "busy",
            `${url} had no result of ${type} after ${Math.round(spent / 60_000)} min`,
          );
        if (failures === 0) failingSince = clock.now();
        let pause: number;
        try {
          const reply = await sendAndNotice({
            path: "retrieve_future",
            body: { request_id: queued.request_id },
            wantsProtobuf: read !== undefined,
            headers: { "x-tinker-request-iteration": String(poll), "x-tinker-request-type": type },
            timeoutMs: patience.pollMs,
            signal,
          });
          const outcome = readPoll(reply, type, url, key);
          if (outcome === "done")
            return reply.isProtobuf && read
              ? readAs(read, reply.bytes, type)
              : parseAs(schema, reply.json, type);
          if (outcome === "pending") {
            failures = 0;
            continue;
          }
          if (outcome === "billing") {
            if (billedFor >= patience.billingMs)
              throw new TinkerError("refused", `${url} wants to be paid: ${describeReply(reply)}`);
            billedFor += 5000;
            await clock.sleep(5000, signal);
            continue;
          }
          // This may come from a proxy or be a real failure; only repeating tells.
          if (reply.status === 400 && failures >= 3)
            throw new TinkerError("failed", `${type} failed: ${describeReply(reply)}`);
          pause = Math.min(reply.pauseMs ?? 2 ** failures * 1000, BACKOFF_LIMIT_MS);
          if (clock.now() - failingSince + pause > patience.submitMs)
            throw new TinkerError("busy", `${url} gives no result of ${type}: ${describeReply(reply)}`);
        } catch (cause) {
          if (!(cause instanceof NoReply)) throw cause;
          // A server that holds a poll for longer than we do (SkyRL: 300 s) is at work.
          if (cause.isOurLimit) continue;
          pause = Math.min(2 ** failures * 1000, BACKOFF_LIMIT_MS);
          if (clock.now() - failingSince + pause > patience.submitMs)
            throw new TinkerError(
              "unreachable",
              `${url} is not reachable; ${type} was accepted, its result is there (${cause.message})`,
              { cause },
            );
        }
        failures++;
        await clock.sleep(pause, signal);
      }
    },
  };
}

const unknownStep = (path: string, message: string, cause?: unknown) =>
  new TinkerError(
    "unknown_step",
    `the connection broke during ${path}, and this server would execute it twice if it were sent again (${message}); continue from the last checkpoint`,
    { cause },
  );

function refusal(reply: Reply, path: string, url: string, key: KeySource | undefined): Error {
  const said = describeReply(reply);
  if (reply.status === 401 || reply.status === 403) {
    const { env, isSet, setting = "engine.apiKeyEnv" } = key ?? { env: API_KEY_ENV, isSet: true };
    return new ConfigError(
      isSet
        ? `${url} does not accept the API key of ${env} (${said})`
        : `${url} wants an API key, and ${env} is not set (${said})`,
      `Put the server's key into ${env}, or name another environment variable with ${setting}.`,
    );
  }
  if (reply.status >= 300 && reply.status < 400)
    return new ConfigError(
      `${url} answers ${path} with a redirect`,
      "Give the address that it redirects to as engine.url.",
    );
  if (reply.status === 410 || (reply.status === 404 && GONE.test(said)))
    return new TinkerError("lost", `${url} no longer has what ${path} is about (${said})`);
  if (reply.status === 404)
    return new TinkerError(
      "refused",
      `${url} has no ${path} (${said}); is it a server of the Tinker protocol?`,
    );
  return new TinkerError("refused", `${url} refuses ${path} (${said})`);
}

type Outcome = "done" | "pending" | "billing" | "again";

/** The cases of a poll, in the order in which they must be distinguished. Final failures throw. */
function readPoll(reply: Reply, type: string, url: string, key: KeySource | undefined): Outcome {
  const { status, json } = reply;
  if (status >= 200 && status < 300) {
    if (reply.isProtobuf) return "done";
    if (json === undefined) throw nonsense("no JSON", type);
    if (tryAgainSchema.safeParse(json).success || metadataSchema.safeParse(json).success) return "pending";
    const failed = failedFutureSchema.safeParse(json);
    if (failed.success) throw failure(type, failed.data.error);
    return "done";
  }
  const said = describeReply(reply);
  if (status === 408) return "pending";
  if (status === 402) return "billing";
  if (status === 400) {
    const failed = failedRequestSchema.safeParse(json);
    if (failed.success) throw failure(type, failed.data.error_message);
    return "again";
  }
  if (status === 422 || status === 409) throw failure(type, said);
  if (status === 410 || status === 404)
    throw new TinkerError("lost", `${url} no longer has the result of ${type} (${said})`);
  if (status === 429 || status >= 500) return "again";
  throw refusal(reply, type, url, key);
}

const failure = (type: string, said: string) =>
  new TinkerError(
    GONE.test(said) || /cancel/i.test(said) ? "lost" : "failed",
    `${type} failed on the server: ${said.split("\n")[0]!.slice(0, 300)}`,
  );

function parseAs<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw nonsense(`none of the protocol (${issue?.path.join(".")}: ${issue?.message})`, path);
}

function readAs<T>(read: (bytes: Uint8Array) => T, bytes: Uint8Array, path: string): T {
  try {
    return read(bytes);
  } catch (cause) {
    throw nonsense(`damaged (${(cause as Error).message})`, path, cause);
  }
}
