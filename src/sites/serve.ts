/**
 * @file The built-in sites for an ordinary browser: one port, one world, host names below `localhost`. For people who
 * want to look; episodes have private copies and never come here.
 */

import { Hono } from "hono";
import { answerError, guard, isLoopback } from "../http/guard.ts";
import { listen } from "../http/listen.ts";
import { APPS, createWorld } from "./world.ts";
import type { World } from "./world.ts";

export interface ServedSites extends AsyncDisposable {
  /** Address of the index page. */
  url: string;
  port: number;
}

export interface ServeOptions {
  /** 0 picks a free one. */
  port: number;
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  listenHost?: string;
}

const SUFFIX = ".webrl.test";

/** The sites' pages have inline styles and scripts; nobody may show them in a frame. */
const POLICY = "frame-ancestors 'none'; object-src 'none'; base-uri 'self'";

/** Throws a `ConfigError` if the port is taken. */
export async function serveSites({ port, listenHost = "127.0.0.1" }: ServeOptions): Promise<ServedSites> {
  let world = createWorld(APPS.map((app) => app.name));
  const reset = () => {
    world = createWorld(APPS.map((app) => app.name));
  };
  const app = new Hono();
  app.use(guard({ isOurs, methods: ["POST"], policy: POLICY }));
  app.onError(answerError);
  app.all("*", (c) => respond(c.req.raw, world, listening.port, reset));
  const listening = await listen(app.fetch, { port, host: listenHost });
  return {
    url: `http://localhost:${listening.port}/`,
    port: listening.port,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

const isOurs = (hostname: string): boolean => isLoopback(hostname) || hostname.endsWith(".localhost");

async function respond(request: Request, world: World, port: number, reset: () => void): Promise<Response> {
  const url = new URL(request.url);
  if (isLoopback(url.hostname)) {
    if (url.pathname === "/reset" && request.method === "POST") {
      reset();
      return new Response(null, { status: 303, headers: { location: "/?reset" } });
    }
    if (url.pathname === "/") return html(indexPage(port, url.searchParams.has("reset")));
    return html("<h1>Not found</h1>", 404);
  }
  const name = url.hostname.replace(/\.localhost$/, "");
  const host = `${name}${SUFFIX}`;
  const app = world.hosts.get(host);
  if (!app) return html("<h1>No such site</h1>", 404);
  if (url.pathname === "/__sign-in") {
    const headers = new Headers({ location: "/" });
    for (const cookie of world.cookies.filter((c) => c.host === host))
      headers.append("set-cookie", `${cookie.name}=${cookie.value}; Path=/; HttpOnly`);
    return new Response(null, { status: 303, headers });
  }
  const outside = (text: string) =>
    text.replace(/http:\/\/([a-z-]+)\.webrl\.test/g, (_, site: string) => `http://${site}.localhost:${port}`);
  const inside = (text: string) =>
    text.replace(/http:\/\/([a-z-]+)\.localhost(:\d+)?/g, (_, site: string) => `http://${site}${SUFFIX}`);

  const headers = new Headers(request.headers);
  headers.set("host", host);
  for (const key of ["origin", "referer"]) {
    const value = headers.get(key);
    if (value !== null) headers.set(key, inside(value));
  }
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const response = await app(
    new Request(`http://${host}${url.pathname}${url.search}`, {
      method: request.method,
      headers,
      redirect: "manual",
      ...(hasBody ? { body: await request.arrayBuffer() } : {}),
    }),
  );
  const out = new Headers(response.headers);
  const location = out.get("location");
  if (location !== null) out.set("location", outside(location));
  if (!/^(text\/html|application\/json)/.test(out.get("content-type") ?? ""))
    return new Response(response.body, { status: response.status, headers: out });
  out.delete("content-length");
  return new Response(outside(await response.text()), { status: response.status, headers: out });
}

function html(body: string, status = 200): Response {
  return new Response(body, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

function indexPage(port: number, wasReset: boolean): string {
  const cards = APPS.map((app) => {
    const base = `http://${app.host.replace(SUFFIX, "")}.localhost:${port}`;
    const signIn = app.signIn ? ` <a href="${base}/__sign-in">Open signed in</a>` : "";
    return `<li><h2>${app.title}</h2><a href="${base}/">Open</a>${signIn}</li>`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sites of webrl</title><link rel="icon" href="data:,">
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:860px;margin:48px auto;padding:0 24px;color:#22252b;background:#f6f6f4}
ul{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px}
li{background:#fff;border:1px solid #e4e4e0;border-radius:12px;padding:16px 20px}h2{margin:0 0 8px;font-size:18px}a{margin-right:14px;color:#235c9c}
button{font:inherit;padding:7px 14px;border-radius:8px;border:1px solid #cfd1cd;background:#fff;cursor:pointer}p.done{background:#e0f2e5;padding:8px 14px;border-radius:8px}</style></head>
<body><h1>The built-in sites</h1>${wasReset ? '<p class="done" role="status">Everything is as in the beginning.</p>' : ""}
<p>One world that you may change as you like. Agents get private copies and never see it.</p><ul>${cards.join("")}</ul>
<form method="post" action="/reset"><button>Reset the world</button></form></body></html>`;
}
