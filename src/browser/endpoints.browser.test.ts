import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { open, pages } from "./test-support.ts";
import { devToolsServer, playwrightServer } from "./testing/servers.ts";
import type { BrowserServer } from "./testing/servers.ts";

let playwright: BrowserServer;
let devTools: BrowserServer;
beforeAll(async () => {
  [playwright, devTools] = await Promise.all([playwrightServer(), devToolsServer()]);
});
afterAll(async () => {
  await Promise.all([playwright, devTools].map((server) => server[Symbol.asyncDispose]()));
});

describe("a browser elsewhere", () => {
  it.each(["playwright", "cdp"] as const)("shows a world and lets nothing else out: %s", async (kind) => {
    const address = kind === "cdp" ? devTools.address : playwright.address;
    await using pool = new BrowserPool({ endpoints: [{ [kind]: address }] });
    const listening = createServer();
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    let reached = 0;
    listening.on("connection", (socket) => {
      reached++;
      socket.destroy();
    });
    const elsewhere = `127.0.0.1:${(listening.address() as AddressInfo).port}`;
    await using page = await open(
      pool,
      pages({
        "/": `<h1>Shop</h1><a href=/two>Two</a><a href=http://${elsewhere}/>Out</a>
          <script>fetch("http://${elsewhere}/").catch(() => {}); new WebSocket("ws://${elsewhere}/")</script>`,
        "/two": "<h1>Second page</h1>",
      }),
    );
    expect(page.first.text).toContain("Shop");
    expect((await page.act('do(action="Click", element="link Out")')).error?.code).toBe("blocked");
    expect((await page.act('do(action="Click", element="link Two")')).text).toContain("Second page");
    expect(page.episode.countBlockedHosts()[elsewhere]).toBeGreaterThan(0);
    expect(reached).toBe(0);
    listening.close();
  });
});

describe("an endpoint that cannot be used is named, with what to do", () => {
  const check = async (endpoint: object, other: object = {}) => {
    await using pool = new BrowserPool({ endpoints: [endpoint], ...other });
    return pool.check().then(
      () => null,
      (error: unknown) => error,
    );
  };

  it("a DevTools endpoint is no Playwright server, nor the other way round", async () => {
    for (const endpoint of [
      { playwright: devTools.address.replace("http", "ws") },
      { cdp: playwright.address },
      { cdp: playwright.address.replace("ws", "http") },
    ])
      expect(await check(endpoint)).toMatchObject({ name: "ConfigError" });
  });

  it("TLS is spoken to a server without", async () => {
    expect(await check({ cdp: devTools.address.replace("http", "https") })).toMatchObject({
      name: "ConfigError",
      message: expect.stringMatching(/the secure connection fails|perhaps it speaks no TLS/) as string,
    });
  });

  it("pages there do not reach this machine's proxy", async () => {
    // An address that no machine has: the browser's connection goes nowhere.
    const other = { proxyHost: "127.0.0.2", proxyListen: "127.0.0.3" };
    expect(await check({ cdp: devTools.address }, other)).toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining("does not reach this machine at 127.0.0.2") as string,
    });
  });
});
