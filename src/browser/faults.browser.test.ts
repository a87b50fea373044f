import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { Fault } from "../core/errors.ts";
import { parseAction } from "../text/action.ts";
import { BrowserPool } from "./pool.ts";
import { html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const never = () => new Promise<Response>(() => {});
const quick = { navigationMs: 2000, responseMs: 8000, settleMs: 500 };
const startFault = async (promise: Promise<unknown>): Promise<Fault> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Fault);
  return error as Fault;
};
const nextEpisodeWorks = async () => {
  await using page = await open(pool, "<p>fine");
  expect(page.first.text).toContain("fine");
};

/** Processes below this one that run a browser. */
function browserProcesses(): number[] {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name)))
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [, pid, name, rest] = /^(\d+) \((.*)\) (.*)$/s.exec(stat)!;
      if (rest!.startsWith("Z")) continue;
      parents.set(Number(pid), Number(rest!.split(" ")[1]));
      names.set(Number(pid), name!);
    } catch (error) {
      // The process ended while it was being read.
      if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  const below = (pid: number | undefined): boolean =>
    pid !== undefined && pid !== 0 && (pid === process.pid || below(parents.get(pid)));
  return [...names].flatMap(([pid, name]) => (/chrom/i.test(name) && below(pid) ? [pid] : []));
}

describe.runIf(process.platform === "linux")("faults", () => {
  it("a killed browser ends the episode as browser_crashed, and the next episode has a new one", async () => {
    await using page = await open(pool, "<button>Go</button>");
    const launches = pool.launches;
    const main = browserProcesses().filter(
      (pid) => !/--type=/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8")),
    );
    expect(main.length).toBeGreaterThan(0);
    for (const pid of main) process.kill(pid, "SIGKILL");
    const last = await page.episode.step(parseAction('do(action="Click", element="button Go")'));
    expect(last).toMatchObject({
      kind: "last",
      observation: null,
      ending: { kind: "faulted", code: "browser_crashed" },
    });
    await expect(page.episode.screenshot()).rejects.toMatchObject({ code: "browser_crashed" });
    await expect(page.episode.step(parseAction('do(action="Wait")'))).rejects.toThrow("invariant");
    await nextEpisodeWorks();
    expect(pool.launches).toBe(launches + 1);
  });

  it("a crashed page ends only its own episode as page_crashed", async () => {
    await using other = await open(pool, "<button>Go</button>");
    await using page = await open(pool, `<a href="chrome://crash">x</a><button>Go</button>`, {
      limits: quick,
    });
    const renderers = browserProcesses().filter((pid) =>
      /--type=renderer/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8")),
    );
    // The page that was opened last has the youngest renderer.
    const started = (pid: number) =>
      Number(
        readFileSync(`/proc/${pid}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ")[19],
      );
    const candidates = renderers.sort((a, b) => started(b) - started(a));
    process.kill(candidates[0]!, "SIGKILL");
    let last = await page.episode.step(parseAction('do(action="Click", element="button Go")'));
    // Chromium keeps a spare renderer, which may be the youngest.
    for (const pid of candidates.slice(1)) {
      if (last.kind === "last") break;
      process.kill(pid, "SIGKILL");
      last = await page.episode.step(parseAction('do(action="Click", element="button Go")'));
    }
    expect(last).toMatchObject({
      kind: "last",
      observation: null,
      ending: { kind: "faulted", code: "page_crashed" },
    });
    await nextEpisodeWorks();
    void other;
  });

  it("a page whose script never returns is a fault within the limit", async () => {
    await using page = await open(pool, `<button onclick="for (;;);">Hang</button>`, {
      limits: { ...quick, responseMs: 3000 },
    });
    const started = performance.now();
    const last = await page.episode.step(parseAction('do(action="Click", element="button Hang")'));
    expect(last.kind === "last" && last.ending.kind).toBe("faulted");
    expect(last.kind === "last" && last.ending.kind === "faulted" && last.ending.code).toMatch(
      /action_timeout|observation_failed/,
    );
    expect(performance.now() - started).toBeLessThan(30_000);
    await nextEpisodeWorks();
  });

  it("a navigation that never arrives is navigation_timeout, at the start and later", async () => {
    expect((await startFault(open(pool, pages({ "/": never }), { limits: quick }))).code).toBe(
      "navigation_timeout",
    );
    await using page = await open(pool, pages({ "/": `<a href=/never>Go</a>`, "/never": never }), {
      limits: quick,
    });
    const last = await page.episode.step(parseAction('do(action="Click", element="link Go")'));
    expect(last).toMatchObject({ kind: "last", ending: { kind: "faulted", code: "navigation_timeout" } });
    await nextEpisodeWorks();
  });

  it("the first page may take longer, where a start that may take longer is expected; later ones may not", async () => {
    const late = () =>
      new Promise<Response>((resolve) =>
        setTimeout(
          () =>
            resolve(
              html(
                `<script>for (const end = Date.now() + 1500; Date.now() < end;);</script><a href=/never>Go</a>`,
              ),
            ),
          1000,
        ),
      );
    const limits = { navigationMs: 500, responseMs: 500, settleMs: 200 };
    const app = pages({ "/": late, "/never": never });
    expect((await startFault(open(pool, app, { limits }))).code).toBe("navigation_timeout");
    await using page = await open(pool, app, {
      limits: { ...limits, responseMs: 8000 },
      world: { startMs: 60_000 },
    });
    expect(page.first.text).toContain("link Go");
    const last = await page.episode.step(parseAction('do(action="Click", element="link Go")'));
    expect(last).toMatchObject({ kind: "last", ending: { kind: "faulted", code: "navigation_timeout" } });
  });

  it("what a page loads beside its document faults no episode, whatever becomes of it", async () => {
    const parts: Record<string, string> = {
      sheet: `<link rel=stylesheet href=/part>`,
      picture: `<img src=/part alt=picture>`,
      request: `<script>fetch("/part").then((answer) => answer.json())</script>`,
      script: `<script async src=/part></script>`,
      frame: `<iframe src=/part></iframe>`,
    };
    const broken: Record<string, () => Response | Promise<Response>> = {
      never,
      fails: () => html("x", { status: 503 }),
      throws: () => {
        throw new Error("no disk");
      },
      "breaks off": () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await new Promise((resolve) => setTimeout(resolve, 30));
              controller.error(new Error("cut"));
            },
          }),
        ),
    };
    for (const [name, part] of Object.entries(parts))
      for (const [kind, answer] of Object.entries(broken)) {
        await using page = await open(
          pool,
          pages({ "/": `<head><title>Test</title>${part}</head><body><button>Go</button>`, "/part": answer }),
          {
            limits: quick,
          },
        );
        const seen = await page.act('do(action="Click", element="button Go")');
        expect(seen.text, `${name} ${kind}`).toContain("button Go");
      }
  });

  it("a script that holds up the whole document is waited for; where it never comes, that is a fault", async () => {
    const page = `<head><title>T</title><script src=/script></script></head><body><p>at last</p>`;
    const late = () => new Promise<Response>((resolve) => setTimeout(() => resolve(new Response("0")), 1200));
    await using slow = await open(pool, pages({ "/": page, "/script": late }), { limits: quick });
    expect(slow.first.text).toContain("at last");
    const hanging = open(pool, pages({ "/": page, "/script": never }), { limits: quick });
    expect(await startFault(hanging)).toMatchObject({ code: "navigation_timeout", retryable: true });
    await nextEpisodeWorks();
  });

  it("a site that fails at the start is site_down, by its own failure and by nobody answering", async () => {
    const broken = () => {
      throw new Error("no database");
    };
    const thrown = await startFault(open(pool, broken));
    expect(thrown.code).toBe("site_down");
    expect(thrown.message).toContain("no database");
    expect((await startFault(open(pool, () => html("no", { status: 503 })))).code).toBe("site_down");
    const closed = { startUrl: "http://127.0.0.1:1/", allowedHosts: ["127.0.0.1:1"] };
    expect((await startFault(open(pool, "<p>x", { world: closed }))).code).toBe("site_down");
    const foreign = await startFault(open(pool, "<p>x", { world: { startUrl: "http://elsewhere.test/" } }));
    expect(foreign).toMatchObject({ code: "site_down", retryable: false });
    await nextEpisodeWorks();
  });

  it("a site that breaks later is site_down; pages about errors of the visitor are pages", async () => {
    const app = pages({
      "/": `<a href=/error>Error</a><a href=/missing>Missing</a><a href=/broken>Broken</a><a href=/half>Half</a>`,
      "/error": () => html("<p>sorry", { status: 500 }),
      "/half": () => {
        let parts = 2;
        const body = new ReadableStream({
          async pull(controller) {
            // This gives the browser time to begin with the page.
            await new Promise((resolve) => setTimeout(resolve, 100));
            if (parts-- === 0) throw new Error("secret stack");
            controller.enqueue(new TextEncoder().encode(`<h1>Half</h1>${" ".repeat(2000)}`));
          },
        });
        return new Response(body, { headers: { "content-type": "text/html" } });
      },
      "/broken": () => {
        throw new Error("out of memory");
      },
    });
    const ending = async (link: string, isDown?: (status: number) => boolean) => {
      await using page = await open(pool, app, { world: isDown ? { isDown } : {} });
      const last = await page.episode.step(parseAction(`do(action="Click", element="link ${link}")`));
      return last.kind === "mid" ? last.observation.text : last.ending;
    };
    expect(await ending("Missing")).toContain("not found");
    for (const [link, message] of [
      ["Error", "http://shop.test/error answered 500"],
      ["Broken", "out of memory"],
      ["Half", "http://shop.test/half did not arrive whole: secret stack"],
    ] as const)
      expect(await ending(link)).toMatchObject({
        kind: "faulted",
        code: "site_down",
        message: expect.stringContaining(message) as string,
      });
    // The site says which statuses mean that it is down.
    expect(await ending("Error", (status) => status === 503)).toContain("sorry");
    expect(await ending("Missing", (status) => status === 404)).toMatchObject({ code: "site_down" });
  });

  it("a document that breaks off on its way through the network is site_down, at the start and later", async () => {
    const gzip = gzipSync("<!doctype html><p>whole".repeat(1000));
    const half = `<!doctype html><p>half${" ".repeat(3000)}`;
    const server = createServer((req, res) => {
      const type = { "content-type": "text/html" };
      if (req.url === "/short") res.writeHead(200, { ...type, "content-length": 9000 }).write(half);
      else if (req.url === "/chunked") res.writeHead(200, type).write(half);
      else if (req.url === "/gzip")
        res
          .writeHead(200, { ...type, "content-encoding": "gzip", "content-length": 40 })
          .end(gzip.subarray(0, 40));
      else if (req.url === "/whole") res.writeHead(200, { ...type, "content-encoding": "gzip" }).end(gzip);
      else
        res
          .writeHead(200, type)
          .end(["short", "chunked", "gzip", "whole"].map((name) => `<a href=/${name}>${name}</a>`).join(" "));
      if (/short|chunked/.test(req.url!)) setTimeout(() => res.destroy(), 30);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const network = { allowedHosts: [host], startUrl: `http://${host}/` };
    try {
      for (const name of ["short", "chunked", "gzip"]) {
        await using page = await open(pool, "", { world: network });
        const last = await page.episode.step(parseAction(`do(action="Click", element="link ${name}")`));
        expect({ name, last }).toMatchObject({ last: { ending: { kind: "faulted", code: "site_down" } } });
        const atStart = open(pool, "", { world: { ...network, startUrl: `http://${host}/${name}` } });
        expect({ name, code: (await startFault(atStart)).code }).toEqual({ name, code: "site_down" });
      }
      await using page = await open(pool, "", { world: network });
      expect((await page.act('do(action="Click", element="link whole")')).text).toContain("whole");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("a start that fails leaves nothing open and disposes its world once", async () => {
    let disposed = 0;
    await startFault(
      open(pool, () => html("no", { status: 500 }), { world: { dispose: () => void disposed++ } }),
    );
    expect(pool.open).toBe(0);
    expect(disposed).toBe(1);
  });

  it("a browser that does not start is browser_launch_failed, one that does not exist the user's mistake", async () => {
    await using failing = new BrowserPool({ executable: "/bin/false" });
    expect((await startFault(open(failing, "<p>x"))).code).toBe("browser_launch_failed");
    await using missing = new BrowserPool({ executable: "/nowhere/chrome" });
    await expect(open(missing, "<p>x")).rejects.toMatchObject({ name: "ConfigError" });
  });
});

describe.runIf(process.platform === "linux")("leaks", () => {
  // WEBRL_EPISODES=1000 for the long run; the numbers must not depend on it.
  const episodes = Number(process.env["WEBRL_EPISODES"] ?? 30);

  it(
    `after ${episodes} episodes no context, page, port or process is left`,
    async () => {
      await using own = new BrowserPool();
      const app = pages({ "/": `<a href=/two target=_blank>Two</a>`, "/two": "<p>two" });
      const run = async (index: number) => {
        const page = await open(own, app);
        await page.act('do(action="Click", element="link Two")');
        if (index % 3 === 0) await page.episode.step(parseAction("exit()"));
        await page[Symbol.asyncDispose]();
      };
      await run(0);
      const browser = await own.browser();
      const settled = async () => {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return browserProcesses().length;
      };
      const before = await settled();
      const sockets = process.getActiveResourcesInfo().filter((kind) => /TCP/.test(kind)).length;
      for (let done = 0; done < episodes; done += 4)
        await Promise.all([0, 1, 2, 3].filter((i) => done + i < episodes).map((i) => run(done + i)));
      expect(own.open).toBe(0);
      expect(own.launches).toBe(1);
      expect(browser.contexts()).toHaveLength(0);
      // Chromium keeps a spare renderer or two.
      expect(await settled()).toBeLessThanOrEqual(before + 2);
      expect(process.getActiveResourcesInfo().filter((kind) => /TCP/.test(kind)).length).toBeLessThanOrEqual(
        sockets + 1,
      );
    },
    60_000 + episodes * 2000,
  );

  it("a disposed pool leaves no process", async () => {
    const before = browserProcesses().length;
    const own = new BrowserPool();
    const page = await open(own, "<p>x");
    expect(browserProcesses().length).toBeGreaterThan(before);
    await own[Symbol.asyncDispose]();
    await page[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(browserProcesses().length).toBeLessThanOrEqual(before);
  });
});
