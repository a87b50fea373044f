/** @file Starts the dashboard on this machine's loopback address. */

import { serve } from "@hono/node-server";
import type { Server } from "node:http";
import { ConfigError } from "../core/errors.ts";
import { APP_CSS } from "./app-css.ts";
import { dashboardScript } from "./assets.ts";
import { openRunList } from "./run-list.ts";
import type { DashboardOptions } from "./server.ts";
import { createDashboard } from "./server.ts";
import { THEME_CSS } from "./views/theme.ts";

export interface DashboardServer extends AsyncDisposable {
  readonly url: string;
}

/** Binds to 127.0.0.1; port 0 takes a free one. Throws a `ConfigError` where the port is taken. */
export async function serveDashboard(options: {
  runs: readonly string[];
  port: number;
  tokenizer?: DashboardOptions["tokenizer"];
  pollMs?: number;
}): Promise<DashboardServer> {
  const { runs, port, tokenizer, pollMs } = options;
  const app = createDashboard({
    runs: openRunList(runs),
    script: dashboardScript,
    style: THEME_CSS + APP_CSS,
    ...(tokenizer && { tokenizer }),
    ...(pollMs !== undefined && { pollMs }),
  });
  const hostname = "127.0.0.1";
  const { server, bound } = await new Promise<{ server: Server; bound: number }>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, port, hostname }, (info) =>
      resolve({ server: starting, bound: info.port }),
    ) as Server;
    starting.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === "EADDRINUSE"
          ? new ConfigError(`port ${port} is in use`, "Give another --port; 0 takes a free one.", { cause })
          : cause,
      ),
    );
  });
  return {
    url: `http://${hostname}:${bound}/`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Live streams stay open until someone ends them.
        server.closeAllConnections();
      }),
  };
}
