/** @file A port for a `fetch` handler, with the limits that clients need who are slow, broken or hostile. */

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
  /** More are not accepted. */
  maxConnections?: number;
}

/** Port 0 picks a free one. Throws a `ConfigError` where the port or address cannot be had. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { port, host = "127.0.0.1", maxConnections = 256 }: ListenOptions,
): Promise<Listening> {
  const server = serve({
    fetch,
    port,
    hostname: host,
    // A request that does not arrive is given up, header by header and as a whole.
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
  }) as Server;
  // Nor is one held that nobody reads from; live streams say something every 15 s.
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
  const byPort = "Choose another one with --port, or 0 for any that is free.";
  if (cause.code === "EADDRINUSE") return new ConfigError(`port ${port} is in use`, byPort, { cause });
  if (cause.code === "EACCES") return new ConfigError(`port ${port} may not be opened`, byPort, { cause });
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND")
    return new ConfigError(
      `${host} is not an address of this machine`,
      "Give one of its own with --host, or 0.0.0.0 for all of them.",
      { cause },
    );
  return cause;
}
