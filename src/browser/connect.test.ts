import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { browserBlockSchema } from "../core/browser-settings.ts";
import { joinBrowser } from "./connect.ts";
import { BrowserPool } from "./pool.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A server that calls `answer` with every connection. */
async function listen(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const says =
  (head: string, body = "") =>
  (socket: Socket) => {
    socket.on("data", () =>
      socket.end(`HTTP/1.1 ${head}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`),
    );
  };

async function join(endpoint: object, timeoutMs = 5000) {
  const { endpoints } = browserBlockSchema.parse({ endpoints: [endpoint] });
  return joinBrowser(endpoints[0]!, [], timeoutMs).then(
    () => null,
    (error: unknown) => error as Error,
  );
}

describe("joinBrowser", () => {
  it.each([
    ["404 Not Found", "something else answers there"],
    ["200 OK", "something else answers there"],
    ["401 Unauthorized", "it refuses the key in its address"],
    ["403 Forbidden", "it refuses the key in its address"],
    ["428 Precondition Required", "it runs another version of Playwright"],
  ])("names the endpoint and what is the user's, of an answer %s", async (head, why) => {
    await using server = await listen(says(head));
    for (const endpoint of [
      { playwright: `ws://${server.host}/?token=abc123` },
      { cdp: `http://${server.host}` },
    ]) {
      const error = await join(endpoint);
      expect(error).toMatchObject({ name: "ConfigError" });
      expect(error?.message).toContain(server.host);
      expect(error?.message).toContain(why);
      expect(`${error?.stack} ${String(error?.cause)}`).not.toContain("abc123");
    }
  });

  it("says both versions of Playwright", async () => {
    const body = "Playwright version mismatch:\n  - server version: v1.40\n  - client version: v1.65";
    await using server = await listen(says("428 Precondition Required", body));
    expect((await join({ playwright: `ws://${server.host}/` }))?.message).toMatch(
      /another version of Playwright/,
    );
  });

  it("is told to speak TLS to a port that does not", async () => {
    await using server = await listen(says("400 Bad Request"));
    for (const endpoint of [{ playwright: `wss://${server.host}/` }, { cdp: `https://${server.host}` }])
      expect(await join(endpoint)).toMatchObject({
        name: "ConfigError",
        message: expect.stringContaining("the secure connection fails") as string,
      });
  });

  it("may be tried again where nobody listens, the server hangs up, is busy or never answers", async () => {
    await using hangsUp = await listen((socket) => socket.destroy());
    await using busy = await listen(says("503 Service Unavailable"));
    await using silent = await listen(() => {});
    for (const [host, why] of [
      ["127.0.0.1:9", "ECONNREFUSED"],
      [hangsUp.host, ""],
      [busy.host, "503"],
      [silent.host, "no answer within 0.5 s"],
    ])
      for (const endpoint of [{ playwright: `ws://${host}/?token=abc123` }, { cdp: `http://${host}` }]) {
        const error = await join(endpoint, 500);
        expect(error).toMatchObject({ name: "Fault", code: "browser_lost", retryable: true });
        expect(error?.message).toContain(host);
        expect(error?.message).toContain(why);
        expect(`${error?.stack} ${String(error?.cause)}`).not.toContain("abc123");
      }
  });

  it("takes keys from the environment, which has to have them", async () => {
    const seen: string[] = [];
    await using server = await listen((socket) => {
      socket.on("data", (chunk: Buffer) => {
        seen.push(chunk.toString().split("\r\n")[0]!);
        socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      });
    });
    const endpoint = { playwright: `ws://${server.host}/?token=\${BROWSER_TOKEN}` };
    expect((await join(endpoint))?.message).toContain("needs the environment variable BROWSER_TOKEN");
    vi.stubEnv("BROWSER_TOKEN", "q8#Zk2+vT");
    await join(endpoint);
    expect(seen[0]).toContain("/?token=q8%23Zk2%2BvT");
  });
});

describe("a pool of endpoints", () => {
  it("of which none was ever there is the user's mistake, and says of each why", async () => {
    await using pool = new BrowserPool({
      endpoints: [{ playwright: "ws://127.0.0.1:9/" }, { cdp: "http://127.0.0.1:10" }],
    });
    for (const use of [() => pool.check(), () => pool.browser()])
      await expect(use()).rejects.toMatchObject({
        name: "ConfigError",
        message: expect.stringMatching(/all 2 browser endpoints.*127\.0\.0\.1:9.*127\.0\.0\.1:10/) as string,
      });
  });

  it("listens on loopback, and elsewhere only where it is told to", () => {
    const endpoints = [{ cdp: "http://10.0.0.7:9222" }];
    expect(() => new BrowserPool({ endpoints, proxyHost: "trainer.test" })).toThrow(
      "trainer.test (browser.proxyHost) is not an address of this machine",
    );
    expect(
      () => new BrowserPool({ endpoints, proxyHost: "trainer.test", proxyListen: "0.0.0.0" }),
    ).not.toThrow();
  });
});
