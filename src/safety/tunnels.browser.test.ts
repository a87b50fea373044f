/** What a page sends over HTTPS and over WebSockets, which come to the proxy as tunnels: the gate reads them, too. */

import { createHash } from "node:crypto";
import { createServer as createPlainServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BrowserPool } from "../browser/pool.ts";
import { open } from "../browser/test-support.ts";
import { CERTIFICATE, KEY } from "../tasks/testing/certificate.ts";
import { guardBy } from "./episode-gate.ts";
import { openGate } from "./gate.ts";
import { parsePolicy } from "./policy.ts";
import type { SafetySettings } from "./policy.ts";

const reached: string[] = [];
const PAGE = `<!doctype html><title>Shop</title><h1>Shop</h1>
<form method=post action=/orders><button>Place order</button></form>
<button onclick="fetch('/cart/add', {method: 'POST', body: 'id=3'}).then((r) => out.textContent = 'cart ' + r.status)">Add to cart</button>
<button onclick="talk('ping')">Ping</button><button onclick="talk('deleteAccount')">Next</button><p id=out></p>
<script>
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
  socket.onmessage = ({ data }) => (out.textContent = "heard " + data);
  const talk = (type) => socket.send(JSON.stringify({ type }));
  if (navigator.serviceWorker) navigator.serviceWorker.register("/worker.js").catch(() => {});
</script>`;

const answer: RequestListener = (request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    if (request.method !== "GET") reached.push(`${request.method} ${request.url} ${body}`.trim());
    if (request.url === "/worker.js")
      return response
        .writeHead(200, { "content-type": "text/javascript" })
        .end("fetch('/payments', { method: 'POST', body: 'by=worker' })");
    response
      .writeHead(200, { "content-type": "text/html" })
      .end(request.url === "/" ? PAGE : "<title>Done</title><h1>Done</h1>");
  });
};

/** Reads short masked frames and says what it heard. */
function talk(key: string, socket: Duplex): void {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("error", () => socket.destroy());
  socket.on("data", (frame: Buffer) => {
    if ((frame[0]! & 15) !== 1) return;
    const length = frame[1]! & 127;
    const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ frame[2 + (i & 3)]!));
    reached.push(`WS ${text.toString()}`);
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
}

const servers: Record<"https" | "http", Server> = {
  https: createServer({ key: KEY, cert: CERTIFICATE }, answer),
  http: createPlainServer(answer),
};
let pool: BrowserPool;
beforeAll(async () => {
  pool = new BrowserPool();
  for (const server of Object.values(servers)) {
    server.on("upgrade", (request, socket) => talk(String(request.headers["sec-websocket-key"]), socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  for (const server of Object.values(servers)) {
    server.closeAllConnections();
    server.close();
  }
});

async function openShop(scheme: "https" | "http", settings: SafetySettings, selfSigned = true) {
  reached.length = 0;
  const host = `127.0.0.1:${(servers[scheme].address() as AddressInfo).port}`;
  const guard = guardBy(openGate({ policy: parsePolicy(settings) }));
  return open(pool, "", {
    guard,
    world: { hosts: new Map(), allowedHosts: [host], selfSigned, startUrl: `${scheme}://${host}/` },
  });
}

const ALLOWED: SafetySettings = { effects: { buy: "allow", delete: "allow", pay: "allow" } };

it.each(["https", "http"] as const)("over %s only what is allowed leaves", async (scheme) => {
  await using test = await openShop(scheme, {});
  expect(test.first.text).toContain("Shop");
  const added = await test.act('do(action="Click", element="button Add to cart")');
  expect(added.text).toContain("cart 200");
  const order = await test.act('do(action="Click", element="button Place order")');
  expect(order.error?.code).toBe("blocked");
  const pinged = await test.act('do(action="Click", element="button Ping")');
  expect(pinged.text).toContain('heard {"type":"ping"}');
  const next = await test.act('do(action="Click", element="button Next")');
  expect(next.error?.message).toContain("would delete");
  expect(reached).toEqual(["POST /cart/add id=3", 'WS {"type":"ping"}']);
});

it.each(["https", "http"] as const)("over %s it leaves where the policy allows it", async (scheme) => {
  await using test = await openShop(scheme, ALLOWED);
  await test.act('do(action="Click", element="button Next")');
  await test.act('do(action="Click", element="button Place order")');
  expect(reached.filter((line) => !line.includes("worker"))).toEqual([
    'WS {"type":"deleteAccount"}',
    "POST /orders",
  ]);
});

it("a certificate that nobody vouches for is refused as without a gate", async () => {
  await expect(openShop("https", {}, false)).rejects.toMatchObject({ code: "site_down" });
});
