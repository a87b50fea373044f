/** @file Serves a `fetch` handler on a port, with limits against slow, broken or hostile clients. */

import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { ConfigError } from "../core/errors.ts";

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export interface ListenOptions {
  port: number;
  host?: string;
  /** More connections are not accepted. */
  maxConnections?: number;
}

/** Port 0 picks a free one. Throws a `ConfigError` if the port or address is not available. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { port, host = "127.0.0.1", maxConnections = 256 }: ListenOptions,
): Promise<Listening> {
  const server = serve({
    fetch,
    port,
    hostname: host,
    // Gives up on a request that does not arrive, both for its headers and as a whole.
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
  }) as Server;
  // Closes a connection from which nobody reads; live streams send something every 15 s.
  server.setTimeout(60_000);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, port, host)));
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Live streams stay open until someone ends them.
        server.closeAllConnections();
      }),
  };
}

function cannotListen(cause: NodeJS.ErrnoException, port: number, host: string): Error {
  const byPort = "Choose another one with --port, or 0 for any free one.";
  if (cause.code === "EADDRINUSE") return new ConfigError(`port ${port} is in use`, byPort, { cause });
  if (cause.code === "EACCES") return new ConfigError(`port ${port} may not be opened`, byPort, { cause });
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND")
    return new ConfigError(
      `${host} is not an address of this machine`,
      "Give one of this machine's addresses with --host, or 0.0.0.0 for all of them.",
      { cause },
    );
  return cause;
}
