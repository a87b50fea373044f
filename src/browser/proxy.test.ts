import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openNetwork } from "./proxy.ts";

/** Asks the proxy for `url` as a browser does. */
function ask(
  port: number,
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  return new Promise((resolve, reject) => {
    const req = request(
      {
        host: "127.0.0.1",
        port,
        path: url,
        method: options.method ?? "GET",
        headers: { host: new URL(url).host, ...options.headers },
      },
      (res) => {
        let text = "";
        res.on("data", (chunk: Buffer) => (text += chunk.toString()));
        res.on("error", reject);
        res.on("end", () => resolve({ status: res.statusCode!, text, headers: res.headers }));
      },
    );
    req.on("error", reject);
    req.end(options.body);
  });
}

/** First line of the answer to a CONNECT. */
const tunnel = (port: number, host: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
    );
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString().split("\r\n")[0]!);
    });
    socket.once("error", reject);
  });

const listen = { listenHost: "127.0.0.1" };

describe("openNetwork", () => {
  it("answers for the world's hosts with method, headers, body and cookies", async () => {
    const app = async (req: Request) =>
      new Response(`${req.method} ${req.url} ${req.headers.get("x-one")} ${await req.text()}`, {
        status: 201,
        headers: [
          ["set-cookie", "a=1"],
          ["set-cookie", "b=2"],
          ["x-two", "2"],
        ],
      });
    await using network = await openNetwork(
      { hosts: new Map([["shop.test", app]]), allowedHosts: [] },
      listen,
    );
    const answer = await ask(network.port, "http://shop.test/path?q=1", {
      method: "POST",
      headers: { "x-one": "1" },
      body: "body",
    });
    expect(answer).toMatchObject({ status: 201, text: "POST http://shop.test/path?q=1 1 body" });
    expect(answer.headers).toMatchObject({ "set-cookie": ["a=1", "b=2"], "x-two": "2" });
  });

  it("refuses and counts everything else, navigations without leaving the page", async () => {
    await using network = await openNetwork({ hosts: new Map(), allowedHosts: ["ok.test"] }, listen);
    expect((await ask(network.port, "http://127.0.0.1:9/x")).status).toBe(403);
    expect(
      (await ask(network.port, "http://evil.test/", { headers: { "upgrade-insecure-requests": "1" } }))
        .status,
    ).toBe(204);
    expect(await tunnel(network.port, "evil.test:443")).toContain("403");
    expect(await tunnel(network.port, "ok.test:22")).toContain("403");
    expect(network.blocked).toEqual({ "127.0.0.1:9": 1, "evil.test": 2, "ok.test:22": 1 });
    expect(network.allows("https://ok.test/x")).toBe(true);
    expect(network.allows("http://ok.test:22/x")).toBe(false);
    expect(network.allows("file:///etc/passwd")).toBe(false);
  });

  it("is not a server of its own: a direct request is refused", async () => {
    await using network = await openNetwork({ hosts: new Map(), allowedHosts: [] }, listen);
    expect((await fetch(`http://127.0.0.1:${network.port}/`)).status).toBe(400);
  });

  it("demands its credentials where it has some", async () => {
    await using network = await openNetwork(
      { hosts: new Map([["shop.test", () => new Response("in")]]), allowedHosts: [] },
      { ...listen, credentials: { username: "u", password: "p" } },
    );
    expect((await ask(network.port, "http://shop.test/")).status).toBe(407);
    expect(await tunnel(network.port, "shop.test:443")).toContain("407");
    const authorization = `Basic ${Buffer.from("u:p").toString("base64")}`;
    const answer = await ask(network.port, "http://shop.test/", {
      headers: { "proxy-authorization": authorization },
    });
    expect(answer.text).toBe("in");
  });

  it("passes allowed hosts through, by request and by tunnel, and says who does not answer", async () => {
    const upstream = createServer((req, res) => res.end(`${req.method} ${req.url} ${req.headers.host}`));
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    await using network = await openNetwork(
      { hosts: new Map(), allowedHosts: [host, "127.0.0.1:1"] },
      listen,
    );
    expect((await ask(network.port, `http://${host}/a?b`)).text).toBe(`GET /a?b ${host}`);
    expect(await tunnel(network.port, host)).toContain("200");
    await expect(ask(network.port, "http://127.0.0.1:1/")).rejects.toThrow("Duplicate Content-Length");
    expect(network.failures.get("127.0.0.1:1")).toContain("ECONNREFUSED");
    expect(network.blocked).toEqual({});
    upstream.closeAllConnections();
    upstream.close();
  });

  it("breaks an answer off that its host breaks off, and says nothing of the reason in it", async () => {
    const gzip = gzipSync("<p>whole".repeat(1000));
    const upstream = createServer((req, res) => {
      if (req.url === "/short") res.writeHead(200, { "content-length": 100 }).write("<p>half");
      if (req.url === "/chunked") res.writeHead(200).write("<p>half");
      if (/short|chunked/.test(req.url!)) setTimeout(() => res.destroy(), 30);
      if (req.url === "/gzip") res.writeHead(200, { "content-encoding": "gzip" }).end(gzip);
      if (req.url === "/cut")
        res.writeHead(200, { "content-encoding": "gzip", "content-length": 30 }).end(gzip.subarray(0, 30));
      if (req.url === "/empty") res.writeHead(304, { "content-encoding": "gzip" }).end();
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    let stepsLeft = 2;
    const shop = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            if (stepsLeft-- === 0) throw new Error("secret stack");
            controller.enqueue(new TextEncoder().encode("<p>half"));
          },
        }),
      );
    await using network = await openNetwork(
      { hosts: new Map([["shop.test", shop]]), allowedHosts: [host] },
      listen,
    );
    for (const path of ["short", "chunked", "cut"])
      await expect(ask(network.port, `http://${host}/${path}`)).rejects.toThrow(/aborted|hang up/);
    await expect(ask(network.port, "http://shop.test/")).rejects.toThrow(/aborted|hang up/);
    expect(network.failures.get("shop.test")).toBe("secret stack");
    expect((await ask(network.port, `http://${host}/gzip`)).status).toBe(200);
    expect((await ask(network.port, `http://${host}/empty`)).status).toBe(304);
    upstream.closeAllConnections();
    upstream.close();
  });

  it("closes with requests under way", async () => {
    const network = await openNetwork(
      { hosts: new Map([["shop.test", () => new Promise<Response>(() => {})]]), allowedHosts: [] },
      listen,
    );
    const pending = ask(network.port, "http://shop.test/").catch((error: Error) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await network[Symbol.asyncDispose]();
    expect(await pending).toBeInstanceOf(Error);
    await expect(ask(network.port, "http://shop.test/")).rejects.toThrow("ECONNREFUSED");
  });
});
