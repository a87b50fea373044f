/** @file Starts the dashboard on this machine's loopback address. */

import { listen } from "../http/listen.ts";
import { APP_CSS } from "./app-css.ts";
import { dashboardScript } from "./assets.ts";
import { openRunList } from "./run-list.ts";
import type { DashboardOptions } from "./server.ts";
import { createDashboard } from "./server.ts";
import { THEME_CSS } from "../http/theme.ts";

export interface DashboardServer extends AsyncDisposable {
  readonly url: string;
}

/** Binds to 127.0.0.1; port 0 picks a free one. Throws a `ConfigError` where the port is taken. */
export async function serveDashboard(options: {
  runs: readonly string[];
  port: number;
  tokenizer?: DashboardOptions["tokenizer"];
}): Promise<DashboardServer> {
  const { runs, port, tokenizer } = options;
  const app = createDashboard({
    runs: openRunList(runs),
    script: dashboardScript,
    style: THEME_CSS + APP_CSS,
    ...(tokenizer && { tokenizer }),
  });
  const listening = await listen(app.fetch, { port });
  return {
    url: `http://127.0.0.1:${listening.port}/`,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}
