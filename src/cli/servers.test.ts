/**
 * @file HTTP servers of ours, asked by hand as no library would ask it. A new server joins the list, or asks
 * `findOpenings` where its own tests start it.
 */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { serveDashboard } from "../dashboard/serve.ts";
import { makeRun } from "../dashboard/testing/made-run.ts";
import { serveEngine } from "../engine/tinker/server/serve.ts";
import { ask, findOpenings, send } from "../http/testing/raw-request.ts";
import { makeTinyModel } from "../engine/tinker/server/testing/tiny-model.ts";
import { serveSites } from "../sites/serve.ts";
import { APPS } from "../sites/world.ts";

let world: string;
const ports: Record<string, number> = {};
const closing: AsyncDisposable[] = [];
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-servers-"));
  await makeRun(join(world, "run"), { seed: 1, unfinished: true });
  const dashboard = await serveDashboard({ runs: [world], port: 0 });
  const sites = await serveSites({ port: 0 });
  await makeTinyModel(join(world, "tiny"));
  const engine = await serveEngine({
    models: [join(world, "tiny")],
    directory: join(world, "engine"),
    port: 0,
    engine: { threads: 1 },
  });
  closing.push(dashboard, sites, engine);
  ports["engine serve"] = Number(new URL(engine.url).port);
  ports["dashboard"] = Number(new URL(dashboard.url).port);
  ports["suite serve"] = sites.port;
}, 60_000);
afterAll(async () => {
  for (const server of closing) await server[Symbol.asyncDispose]();
  await rm(world, { recursive: true, force: true });
});

describe.each(["dashboard", "suite serve"])("%s", (name) => {
  const port = () => ports[name]!;

  it("answers to names of this machine only", async () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]"])
      expect([host, (await ask(port(), "GET /", { Host: host })).status]).toEqual([host, 200]);
    const rebound = ["evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "10.0.0.1", "0.0.0.0"];
    for (const host of [...rebound, "localhost:80@evil.test"]) {
      const { status, body } = await ask(port(), "GET /", { Host: host });
      expect([host, status >= 400 && status < 500, body.includes("<!doctype")]).toEqual([host, true, false]);
    }
    expect((await send(port(), "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).status).toBe(400);
    // What the line names counts, not the header.
    expect((await ask(port(), "GET http://evil.test/")).status).toBeGreaterThanOrEqual(400);
  });

  it("has a policy on every answer, also on refusals, and no opening to other origins", async () => {
    const asked = [
      ask(port(), "GET /"),
      ask(port(), "GET /nowhere"),
      ask(port(), "GET /", { Host: "evil.test" }),
      ask(port(), "DELETE /"),
      ask(port(), "OPTIONS /", { Origin: "http://evil.test", "Access-Control-Request-Method": "POST" }),
    ];
    for (const { headers } of await Promise.all(asked)) {
      expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-resource-policy": "same-origin",
      });
      expect(Object.keys(headers).filter((key) => key.startsWith("access-control"))).toEqual([]);
    }
  });

  it("refuses other methods, however they are spelt", async () => {
    for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
      expect([method, (await ask(port(), `${method} /`)).status]).toEqual([method, 405]);
    expect((await ask(port(), "TRACE /")).status).toBeGreaterThanOrEqual(400);
    const head = await ask(port(), "HEAD /");
    expect([head.status, head.body]).toEqual([200, ""]);
    const ranged = await ask(port(), "GET /", { Range: "bytes=0-0" });
    expect([ranged.status, ranged.body.includes("</html>")]).toEqual([200, true]);
  });

  it("can be linked to by pages of other sites, and nothing else", async () => {
    for (const site of ["cross-site", "same-site"]) {
      const get = (mode: string) => ask(port(), "GET /", { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode });
      expect((await get("navigate")).status).toBe(200);
      for (const mode of ["no-cors", "cors", "websocket"]) expect((await get(mode)).status).toBe(403);
    }
  });

  it("has nothing on paths that lead elsewhere", async () => {
    const paths = [
      "/../../../../etc/passwd",
      "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
      "/..%2f..%2f..%2fetc%2fpasswd",
      "/..%5c..%5cetc%5cpasswd",
      "//etc/passwd",
      "/%00",
      "/app.js%00.png",
      "/%ff%fe",
      "/%",
      "/api/runs/..%2f..%2fetc/screenshot?path=passwd",
      "/api/runs/run/screenshot?path=..%2f..%2f..%2fetc%2fpasswd",
      "/api/runs/run/screenshot?path=phases%2f00%2fscreenshots%2f..%2f0.png",
      "/api/runs/run/screenshot?path=%2fetc%2fpasswd",
      "/api/runs/run/screenshot?path=live%2fx.0.png%00",
    ];
    for (const path of paths) {
      const { status, body } = await ask(port(), `GET ${path}`);
      expect([path, status >= 400 && status < 500, body.includes("root:")]).toEqual([path, true, false]);
    }
  });

  it("does not read what is too long", async () => {
    expect((await ask(port(), `GET /?q=${"x".repeat(20_000)}`)).status).toBe(431);
    const flood = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`X-${i}`, "y"]));
    expect((await ask(port(), "GET /", flood)).status).toBe(431);
  });
});

describe("engine serve", () => {
  const port = () => ports["engine serve"]!;

  it("answers to names of this machine", async () => {
    for (const host of ["localhost", "127.0.0.1", "[::1]"])
      expect([host, (await ask(port(), "GET /api/v1/healthz", { Host: host })).status]).toEqual([host, 200]);
  });

  it("is used by programs, by no page of a browser, and has nothing elsewhere", async () => {
    expect(await findOpenings(port(), "/api/v1/create_session")).toEqual([]);
    const { status } = await ask(port(), "GET /api/v1/training_runs/..%2f..%2f/checkpoints");
    expect([400, 404]).toContain(status);
  });
});

it("a server that refuses nothing is found open", async () => {
  const open = createServer((_, answer) => answer.end("root:")).listen(0, "127.0.0.1");
  await once(open, "listening");
  const openings = await findOpenings((open.address() as AddressInfo).port, "/");
  open.close();
  const expected = ["the name evil.test", "PUT", '{"Origin":"null"}', "/%00", "a long body"];
  const missed = expected.filter((what) => !openings.some((opening) => opening.startsWith(what)));
  expect(missed).toEqual([]);
});

describe("suite serve", () => {
  const reset = (headers: Record<string, string>, line = "POST /reset") =>
    ask(ports["suite serve"]!, line, { "Content-Length": "0", ...headers });

  it("is reset by its own page and by programs, by no other page", async () => {
    const own = `http://localhost:${ports["suite serve"]}`;
    expect((await reset({})).status).toBe(303);
    expect((await reset({ Origin: own, "Sec-Fetch-Site": "same-origin" })).status).toBe(303);
    // A page without a referrer.
    expect((await reset({ Origin: "null", "Sec-Fetch-Site": "same-origin" })).status).toBe(303);
    const strangers: Record<string, string>[] = [
      { Origin: "http://evil.test" },
      { Origin: "null" },
      { Origin: `http://localhost:${ports["suite serve"]! + 1}` },
      { Origin: own, "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" },
    ];
    for (const headers of strangers) expect([headers, (await reset(headers)).status]).toEqual([headers, 403]);
    expect((await reset({ "X-HTTP-Method-Override": "POST" }, "GET /reset")).status).toBe(404);
    expect((await reset({}, "GET /reset?_method=POST")).status).toBe(404);
  });

  it("tells nobody of a body that breaks off", async () => {
    const port = ports["suite serve"]!;
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      for (const length of ["Content-Length: 100", "Transfer-Encoding: chunked"])
        for (const host of ["localhost", APPS[0]!.host.replace(".webrl.test", ".localhost")])
          await new Promise<void>((resolve) => {
            const head = `POST / HTTP/1.1\r\nHost: ${host}:${port}\r\n${length}\r\n\r\n5\r\nhello\r\n`;
            const socket = connect(port, "127.0.0.1", () => socket.write(head));
            setTimeout(() => socket.resetAndDestroy(), 100);
            socket.on("close", () => resolve());
          });
      // It goes on answering; by then it has dealt with the broken requests.
      for (let i = 0; i < 5; i++) expect((await ask(port, "GET /")).status).toBe(200);
      expect(told.mock.calls.map(String)).toEqual([]);
    } finally {
      told.mockRestore();
    }
  });

  it("refuses bodies that are too long, whether they say so or not", async () => {
    const port = ports["suite serve"]!;
    const Host = `map.localhost:${port}`;
    const line = "POST /lists/1/delete";
    expect((await ask(port, line, { Host, "Content-Length": String(1 << 30) })).status).toBe(413);
    const chunk = `${(1 << 16).toString(16)}\r\n${"x".repeat(1 << 16)}\r\n`;
    const body = `${chunk.repeat(17)}0\r\n\r\n`;
    expect((await ask(port, line, { Host, "Transfer-Encoding": "chunked" }, body)).status).toBe(413);
  });
});
