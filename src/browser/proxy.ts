/**
 * @file The network of one episode: an HTTP proxy on its own port, inside this process. It answers for hosts of the
 * episode's world, passes allowed hosts through, and refuses and counts everything else. An incomplete answer never
 * looks complete to the browser.
 *
 * One port for each episode instead of one proxy with credentials: with credentials Playwright has to intercept every
 * request of the context, and no page's request can end up in another episode either way.
 */

import { createServer, request as httpRequest, Agent } from "node:http";
import type { IncomingMessage, RequestOptions, ServerResponse } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { connect, isIP } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { hostMatches, publicLookup } from "./addresses.ts";
import { findEncodingFault } from "./encoded.ts";
import type { RequestOutcome } from "./guard.ts";
import { openTunnels, relayUpgrade } from "./tunnel.ts";
import type { EpisodeWorld, HostFetch } from "./world.ts";

export interface EpisodeNetwork extends AsyncDisposable {
  readonly port: number;
  /** Requests that were refused, by host. */
  readonly blocked: Record<string, number>;
  /** The host that was refused last; clear it to learn of the next one. */
  lastBlocked: string | null;
  /**
   * Why the last failed request to a host failed. It may have been any kind of request, so this only explains, and
   * decides nothing.
   */
  readonly failures: ReadonlyMap<string, string>;
  /** Whether a request to this URL would be let through. */
  allows(url: string): boolean;
}

export interface NetworkOptions {
  /** Address to listen on. */
  listenHost: string;
  /** Credentials that the browser must send if others can reach the port, too. */
  credentials?: { username: string; password: string };
}

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Distinguishes a request that was stopped here from one that its site answered without a page. */
const STOPPED = { "x-webrl": "stopped" };
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export async function openNetwork(
  world: Pick<EpisodeWorld, "hosts" | "allowedHosts" | "privateHosts" | "selfSigned" | "guard">,
  options: NetworkOptions,
): Promise<EpisodeNetwork> {
  const blocked: Record<string, number> = Object.create(null) as Record<string, number>;
  const failures = new Map<string, string>();
  const sockets = new Set<Duplex>();
  const { guard } = world;
  const agent = new Agent({ keepAlive: true });
  const tlsAgent = new TlsAgent({ keepAlive: true });
  const lookup = publicLookup(world.privateHosts ?? []);
  const isAllowed = (hostname: string, port: number) =>
    world.allowedHosts.some((entry) => hostMatches(entry, hostname.toLowerCase(), port));
  const portOf = (url: URL) => (url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port));
  const expected = options.credentials
    ? `Basic ${Buffer.from(`${options.credentials.username}:${options.credentials.password}`).toString("base64")}`
    : null;
  const isAuthorised = (req: IncomingMessage) =>
    expected === null || req.headers["proxy-authorization"] === expected;
  const refuse = (host: string) => {
    blocked[host] = (blocked[host] ?? 0) + 1;
    network.lastBlocked = host;
  };

  const server = createServer((req, res) => {
    handle(req, res).catch((error: unknown) => {
      fail(req, res, error as Error);
    });
  });

  /** The browser sees a network error, but not what the error says. */
  function fail(req: IncomingMessage, res: ServerResponse, error: Error, url = addressOf(req)): void {
    // The browser may have lost interest; that is no failure.
    const left = ["ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR"].includes(
      (error as NodeJS.ErrnoException).code ?? "",
    );
    if (!left && url) failures.set(url.host, error.message);
    breakOff(res);
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (!isAuthorised(req)) {
      res.writeHead(407, { "proxy-authenticate": 'Basic realm="webrl"' }).end();
      return;
    }
    const url = addressOf(req);
    if (url?.protocol !== "http:") {
      res.writeHead(400, { connection: "close" }).end();
      return;
    }
    const app = world.hosts.get(url.host);
    if (app || isAllowed(url.hostname, portOf(url))) return forward(app, url, req, res);
    refuse(url.host);
    stop(req, res);
  }

  /** "No content" leaves the page where it is; other requests fail as they do without a network. */
  function stop(req: IncomingMessage, res: ServerResponse): void {
    res.writeHead(req.headers["upgrade-insecure-requests"] === "1" ? 204 : 403, STOPPED).end();
  }

  /** With a guard, nothing of a request leaves before it has been read to its end and let through. */
  async function forward(
    app: HostFetch | undefined,
    url: URL,
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const hasBody = req.method !== "GET" && req.method !== "HEAD";
    const body = hasBody && (app || guard) ? await readBody(req) : null;
    const tell = await guard?.request({
      method: req.method ?? "GET",
      url: url.href,
      headers: Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)])),
      body: body ?? new Uint8Array(),
    });
    if (tell === null) return stop(req, res);
    // A person may have taken longer than the page wanted to wait; then nobody needs the answer.
    if (tell && res.destroyed) return tell({ failure: "the page had given it up" });
    let failure: string | undefined;
    try {
      await (app ? serve(app, url, req, res, body) : passThrough(url, req, res, body));
    } catch (error) {
      failure = (error as Error).message;
      throw error;
    } finally {
      const outcome: RequestOutcome = failure === undefined ? { status: res.statusCode } : { failure };
      tell?.(outcome);
    }
  }

  async function serve(
    app: HostFetch,
    url: URL,
    req: IncomingMessage,
    res: ServerResponse,
    body: Uint8Array<ArrayBuffer> | null,
  ): Promise<void> {
    const abort = new AbortController();
    res.on("close", () => abort.abort());
    const requestHeaders = new Headers();
    for (let i = 0; i < req.rawHeaders.length; i += 2) {
      const name = req.rawHeaders[i]!.toLowerCase();
      if (!HOP_BY_HOP.has(name)) requestHeaders.append(name, req.rawHeaders[i + 1]!);
    }
    const init: RequestInit = { method: req.method ?? "GET", headers: requestHeaders, signal: abort.signal };
    if (body) init.body = body;
    const response = await app(new Request(url, init));
    const headers: Record<string, string | string[]> = {};
    response.headers.forEach((value, name) => {
      if (!HOP_BY_HOP.has(name) && name !== "set-cookie") headers[name] = value;
    });
    const cookies = response.headers.getSetCookie();
    if (cookies.length > 0) headers["set-cookie"] = cookies;
    res.writeHead(response.status, headers);
    if (response.body && req.method !== "HEAD")
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        if (res.destroyed) break;
        if (!res.write(chunk))
          await new Promise<void>((resume) => res.once("drain", resume).once("close", resume));
      }
    res.end();
  }

  /** How a request is passed on to its host. */
  function upstreamOf(
    url: URL,
    req: IncomingMessage,
  ): RequestOptions & { servername?: string; rejectUnauthorized?: boolean } {
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(req.headers))
      if (value !== undefined && !HOP_BY_HOP.has(name)) headers[name] = value;
    const host = url.hostname.replace(/^\[|\]$/g, "");
    return {
      host,
      port: portOf(url),
      method: req.method,
      path: url.pathname + url.search,
      headers,
      agent: url.protocol === "https:" ? tlsAgent : agent,
      lookup,
      ...(url.protocol === "https:" && { rejectUnauthorized: !world.selfSigned }),
      ...(url.protocol === "https:" && isIP(host) === 0 && { servername: host }),
    };
  }
  const send = (url: URL, options: RequestOptions) =>
    url.protocol === "https:" ? httpsRequest(options) : httpRequest(options);

  async function passThrough(
    url: URL,
    req: IncomingMessage,
    res: ServerResponse,
    body: Uint8Array | null,
  ): Promise<void> {
    const upstream = send(url, upstreamOf(url, req));
    res.on("close", () => upstream.destroy());
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      upstream.on("response", resolve).on("error", reject);
      if (body) upstream.end(body);
      else req.pipe(upstream);
    });
    const copied: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(incoming.headers))
      if (value !== undefined && !HOP_BY_HOP.has(name)) copied[name] = value;
    const fault = req.method === "HEAD" ? null : findEncodingFault(incoming);
    // With it, the last byte would say that the answer is complete before that is known.
    if (fault) delete copied["content-length"];
    res.writeHead(incoming.statusCode ?? 502, copied);
    await pipeline(incoming, res, { end: false });
    const why = await fault;
    if (why) throw why;
    res.end();
  }

  // With a guard, what is in a tunnel is read here and passed on from here.
  const tunnels = guard
    ? openTunnels({
        request: (url, req, res) => {
          forward(undefined, url, req, res).catch((error: unknown) => fail(req, res, error as Error, url));
        },
        upgrade: (url, req, socket, head) => {
          sockets.add(socket);
          const options = upstreamOf(url, req);
          relayUpgrade(send(url, { ...options, agent: false }), url, req, socket, head, guard, (upstream) =>
            sockets.add(upstream),
          ).catch((error: unknown) => {
            failures.set(url.host, (error as Error).message);
            socket.destroy();
          });
        },
      })
    : null;

  // HTTPS and WebSockets come as tunnels. Hosts of the world have neither.
  server.on("connect", (req, client: Socket, head) => {
    sockets.add(client);
    client.on("close", () => sockets.delete(client));
    client.on("error", () => client.destroy());
    if (!isAuthorised(req)) {
      client.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="webrl"\r\n\r\n',
      );
      return;
    }
    const target = URL.canParse(`http://${req.url}`) ? new URL(`http://${req.url}`) : null;
    if (!target || !isAllowed(target.hostname, portOf(target))) {
      refuse((req.url ?? "").replace(/:(80|443)$/, ""));
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const to = { port: portOf(target), host: target.hostname.replace(/^\[|\]$/g, ""), lookup };
    if (tunnels) {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) client.unshift(head);
      tunnels.open(client, target.host);
      return;
    }
    let established = false;
    const upstream = connect(to, () => {
      established = true;
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on("close", () => {
      sockets.delete(upstream);
      client.destroy();
    });
    client.on("close", () => upstream.destroy());
    upstream.on("error", (error) => {
      failures.set((req.url ?? "").replace(/:(80|443)$/, ""), error.message);
      if (established) client.destroy();
      else client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
  });
  server.on("upgrade", (req, socket) => {
    const url = addressOf(req);
    refuse(url?.host ?? "unknown");
    socket.destroy();
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.keepAliveTimeout = 60_000;

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, options.listenHost, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const network: EpisodeNetwork = {
    port: (server.address() as AddressInfo).port,
    blocked,
    lastBlocked: null,
    failures,
    allows(url) {
      if (!URL.canParse(url)) return false;
      const parsed = new URL(url);
      if (/^(about|data|blob|javascript):$/.test(parsed.protocol)) return true;
      if (parsed.protocol === "http:" && world.hosts.has(parsed.host)) return true;
      return /^(https?|wss?):$/.test(parsed.protocol) && isAllowed(parsed.hostname, portOf(parsed));
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      tunnels?.close();
      agent.destroy();
      tlsAgent.destroy();
      await closed;
    },
  };
  return network;
}

const addressOf = (req: IncomingMessage): URL | null =>
  URL.canParse(req.url ?? "") ? new URL(req.url!) : null;

/**
 * Ends an answer so that the browser takes it for a failed request. If its head has not been sent, sends one that is
 * not valid: after a mere hang-up, Chromium would send the request again, even a POST.
 */
function breakOff(res: ServerResponse): void {
  if (!res.headersSent && res.socket?.writable)
    res.socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
  else res.destroy();
}

async function readBody(req: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new Error("request body too large");
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
