/**
 * @file A session with a Tinker server, kept alive by a heartbeat, and started again when the server has forgotten it.
 */

import { clientConfigSchema, sessionSchema, type ClientConfig } from "../wire/messages.ts";
import { z } from "zod";
import type { Connection } from "./connection.ts";
import { ConfigError } from "../../../core/errors.ts";
import { TinkerError } from "./errors.ts";

const HEARTBEAT_MS = 10_000;
/** We speak as this SDK does. */
const SDK_VERSION = "0.25.0";

export interface Session extends AsyncDisposable {
  readonly config: ClientConfig;
  /** The session's id, and the next number of each kind. Begins a session if there is none. */
  id(): Promise<string>;
  nextModel(): number;
  nextSampler(): number;
  /** The server has forgotten it: the next use begins another. */
  forget(id: string): void;
}

export async function openSession(connection: Connection, signal?: AbortSignal): Promise<Session> {
  const config = await connection
    .ask(
      { path: "client/config", body: { sdk_version: SDK_VERSION }, resend: "always", signal },
      clientConfigSchema,
    )
    .catch((error: unknown) => {
      if (!(error instanceof TinkerError) || error.trouble !== "refused") throw error;
      throw new ConfigError(
        `the server does not take a client that speaks as the SDK ${SDK_VERSION} does: ${error.message}`,
        "Use a version of the server that accepts it, or a newer webrl.",
        { cause: error },
      );
    });
  if (config.pjwt_auth_enabled) connection.exchangeKey();
  let current: Promise<string> | null = null;
  let last = "";
  let models = 0;
  let samplers = 0;
  const begin = async () => {
    const { session_id: id, error_message: error } = await connection.ask(
      {
        path: "create_session",
        body: { tags: [], user_metadata: {}, sdk_version: SDK_VERSION, type: "create_session" },
        resend: "always",
        signal,
      },
      sessionSchema,
    );
    if (error) throw new TinkerError("refused", `the server opens no session: ${error}`);
    last = id;
    return id;
  };
  let beating = false;
  const beat = async () => {
    if (!current || beating) return;
    beating = true;
    try {
      const id = await current;
      await connection.ask(
        {
          path: "session_heartbeat",
          body: { session_id: id, type: "session_heartbeat" },
          resend: "always",
          signal,
        },
        z.unknown(),
      );
    } catch (error) {
      // Whoever next uses the session finds out what is wrong; a missed beat alone is not a problem.
      if (error instanceof TinkerError && error.trouble === "lost") current = null;
    } finally {
      beating = false;
    }
  };
  const timer = setInterval(() => void beat(), HEARTBEAT_MS);
  timer.unref();
  return {
    config,
    id: () => {
      current ??= begin().catch((error: unknown) => {
        current = null;
        throw error;
      });
      return current;
    },
    nextModel: () => models++,
    nextSampler: () => samplers++,
    forget: (id) => {
      if (id === last) current = null;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await Promise.resolve();
    },
  };
}
