/** @file Serves on a port: the customers' API and widget, and the operators' pages. */

import { Hono } from "hono";
import { THEME_CSS } from "../../http/theme.ts";
import { listen } from "../../http/listen.ts";
import type { AccessOptions } from "./access.ts";
import { openAccess } from "./access.ts";
import { clientScript } from "./assets.ts";
import { customerApi } from "./customer-api.ts";
import { operatorApp } from "./operator-app.tsx";
import { OPERATOR_CSS } from "./operator-css.ts";
import type { Service, ServiceOptions } from "./service.ts";
import { openService } from "./service.ts";

/** Where the service listens, and for whom. */
export interface ServeOptions extends ServiceOptions, Partial<AccessOptions> {
  /** 0 picks a free port. */
  port: number;
}

/** A running service for customers, with pages for them and for operators. */
export interface CustomerService extends AsyncDisposable {
  /** For customers: a page with the widget. */
  readonly url: string;
  /** For operators: contains the key, so do not show it to customers. */
  readonly operatorUrl: string;
  readonly directory: string;
}

/**
 * Serves customers until it is disposed. Throws a `ConfigError` when port, site, model, policy, key or directory are
 * wrong, and then leaves nothing open.
 */
export async function serveCustomers(options: ServeOptions): Promise<CustomerService> {
  const { port, host = "127.0.0.1", origins = [], publicUrl, key } = options;
  const access = openAccess({ host, publicUrl, origins, key });
  // Finds out that a port is taken before a browser is started.
  let fetch: (request: Request) => Response | Promise<Response> = () =>
    new Response("starting", { status: 503, headers: { "retry-after": "5" } });
  const listening = await listen((request) => fetch(request), { port, host });
  let service: Service;
  try {
    service = await openService(options);
  } catch (error) {
    await listening[Symbol.asyncDispose]();
    throw error;
  }
  const app = new Hono();
  const assets = { style: THEME_CSS + OPERATOR_CSS, script: () => clientScript("operator") };
  app.route("/operator", operatorApp(service, access, assets));
  app.route(
    "/",
    customerApi(service, access, () => clientScript("widget")),
  );
  fetch = (request) => app.fetch(request);
  const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  const url = `http://${shown}:${listening.port}/`;
  return {
    url,
    operatorUrl: `${url}operator?key=${encodeURIComponent(access.key)}`,
    directory: service.directory,
    [Symbol.asyncDispose]: async () => {
      await listening[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}
