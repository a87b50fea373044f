/**
 * @file Reads what comes through a tunnel of the proxy: HTTPS, which ends here, and WebSockets. Only for episodes with
 * a guard; without one, a tunnel is passed on unread.
 */

import { createServer } from "node:http";
import type { ClientRequest, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { ownCertificate } from "./certificate.ts";
import type { EpisodeGuard } from "./guard.ts";
import { guardFrames } from "./web-socket-frames.ts";

export interface TunnelHandlers {
  request(url: URL, req: IncomingMessage, res: ServerResponse): void;
  upgrade(url: URL, req: IncomingMessage, socket: Duplex, head: Buffer): void;
}

export interface Tunnels {
  /** Takes over a client that was told that its tunnel to `host` (with the port, if it is not 80) is there. */
  open(client: Socket, host: string): void;
  close(): void;
}

/** The first byte of a TLS handshake. */
const HANDSHAKE = 0x16;

export function openTunnels(handlers: TunnelHandlers): Tunnels {
  /** The address to which the requests from a socket were sent. */
  const origins = new WeakMap<Duplex, string>();
  const addressOf = (req: IncomingMessage): URL | null => {
    const origin = origins.get(req.socket);
    const path = req.url ?? "";
    return origin !== undefined && path.startsWith("/") && URL.canParse(origin + path)
      ? new URL(origin + path)
      : null;
  };
  // Requests come from sockets that are handed to it: it listens nowhere.
  const server = createServer((req, res) => {
    const url = addressOf(req);
    if (url) handlers.request(url, req, res);
    else res.writeHead(400, { connection: "close" }).end();
  });
  server.on("upgrade", (req, socket, head) => {
    const url = addressOf(req);
    if (url) handlers.upgrade(url, req, socket, head);
    else socket.destroy();
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  server.keepAliveTimeout = 60_000;
  return {
    open: (client, host) => {
      client.once("data", (first: Buffer) => {
        client.pause();
        client.unshift(first);
        let stream: Duplex = client;
        if (first[0] === HANDSHAKE) {
          stream = new TLSSocket(client, {
            isServer: true,
            secureContext: ownCertificate(),
            ALPNProtocols: ["http/1.1"],
          });
          stream.on("error", () => client.destroy());
          // A tunnel says 443 where a URL says nothing.
          origins.set(stream, `https://${host.replace(/:443$/, "")}`);
        } else origins.set(stream, `http://${host}`);
        server.emit("connection", stream);
        // The server reads the socket itself, below what was put back into it.
        if (stream === client) client.resume();
      });
    },
    close: () => server.closeAllConnections(),
  };
}

/** Passes a WebSocket on, message by message. */
export async function relayUpgrade(
  upstream: ClientRequest,
  url: URL,
  req: IncomingMessage,
  client: Duplex,
  head: Buffer,
  guard: EpisodeGuard,
  onOpen: (socket: Duplex) => void,
): Promise<void> {
  const address = url.href.replace(/^http/, "ws");
  client.on("error", () => client.destroy());
  client.on("close", () => upstream.destroy());
  // Compressed frames cannot be read; without the offer there are none.
  for (const [name, value] of Object.entries(req.headers))
    if (value !== undefined && !["sec-websocket-extensions", "proxy-connection"].includes(name))
      upstream.setHeader(name, value);
  const answered = new Promise<{ res: IncomingMessage; socket: Socket; rest: Buffer }>((resolve, reject) => {
    upstream.on("upgrade", (res: IncomingMessage, socket: Socket, rest: Buffer) =>
      resolve({ res, socket, rest }),
    );
    upstream.on("response", (res) =>
      reject(new Error(`${url.host} answered ${res.statusCode} to a WebSocket`)),
    );
    upstream.on("error", reject);
    upstream.end();
  });
  const { res, socket, rest } = await answered;
  onOpen(socket);
  const lines = [`HTTP/1.1 101 ${res.statusMessage}`];
  for (let i = 0; i < res.rawHeaders.length; i += 2)
    lines.push(`${res.rawHeaders[i]!}: ${res.rawHeaders[i + 1]!}`);
  client.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (rest.length > 0) client.write(rest);
  socket.on("error", () => client.destroy());
  socket.on("close", () => client.destroy());
  client.on("close", () => socket.destroy());
  socket.pipe(client);
  const headers = Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
  );
  guardFrames({
    from: client,
    head,
    to: socket,
    ask: async (body) => {
      const tell = await guard.request({ method: "WS", url: address, headers, body });
      tell?.({ status: 101 });
      return tell !== null;
    },
  });
}
