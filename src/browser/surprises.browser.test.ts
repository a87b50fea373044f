/** What pages do that is not a fault becomes an observation, with a note if the agent would wonder. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const broken = () => {
  throw new Error("secret stack of the shop");
};
const click = (name: string) => `do(action="Click", element="${name}")`;
const notes = (text: string) => [...text.matchAll(/^(?:note|error): (.*)$/gm)].map(([, note]) => note!);

describe("only the document that was asked for can be a fault", () => {
  it("a failed request of the page is the page's own business", async () => {
    const app = pages({
      "/": `<h1>Shop</h1><img src=/broken><script src=/broken></script><link rel=stylesheet href=/broken>
        <iframe src=/broken></iframe><p id=a>-</p><p id=b>-</p><p id=c>-</p><a href=/next>Next</a><script>
        fetch("/broken").then((r) => { a.textContent = "status " + r.status }, () => { a.textContent = "no fetch" });
        const x = new XMLHttpRequest(); x.onerror = () => { b.textContent = "no request" }; x.open("GET", "/broken"); x.send();
        navigator.sendBeacon("/broken", "x");
        fetch("/broken", { method: "POST" }).catch(() => { c.textContent = "no post" });</script>`,
      "/next": "<p>next",
      "/broken": broken,
    });
    await using page = await open(pool, app);
    const first = await page.act('do(action="Wait")');
    expect(body(first)).toContain("no fetch");
    expect(body(first)).toContain("no request");
    expect(body(first)).toContain("no post");
    expect(first.text).not.toContain("secret stack");
    expect(body(await page.act(click("link Next")))).toBe("next");
  });

  it("a closed socket of a passed-through host is a failed request, not a broken site", async () => {
    let posts = 0;
    const server = createServer((req, res) => {
      if (req.method === "POST") posts++;
      if (req.url === "/metrics") return void req.socket.destroy();
      res.writeHead(200, { "content-type": "text/html" });
      res.end(`<!doctype html><p id=out>-</p><a href=/two>Two</a><script>
        fetch("/metrics", { method: "POST", body: "x" }).catch((e) => { out.textContent = "failed " + e.name })</script>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await using page = await open(pool, "", {
        world: { allowedHosts: [host], startUrl: `http://${host}/` },
      });
      expect(body(await page.act('do(action="Wait")'))).toContain("failed TypeError");
      expect((await page.act(click("link Two"))).url).toBe(`http://${host}/two`);
      // Sent once for each page, never again by the browser.
      expect(posts).toBe(2);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("a popup that closes itself, at once or later, leaves the agent where it was", async () => {
    const app = pages({
      "/": `<h1>Shop</h1><button onclick="window.open('/closing')">Soon</button>
        <button onclick="window.open('/closing').close()">At once</button>
        <button onclick="window.open('about:blank').close()">Blank</button>
        <button onclick="const w = window.open('/two'); setTimeout(() => w.close(), 50)">Later</button>
        <button onclick="for (let i = 0; i < 3; i++) window.open('/closing')">Three</button>`,
      "/closing": `<p>closing<script>window.close()</script>`,
      "/two": "<p>two",
    });
    await using page = await open(pool, app);
    for (const name of ["Soon", "At once", "Blank", "Later", "Three"]) {
      await page.act(click(`button ${name}`));
      const after = await page.act('do(action="Wait")');
      expect({ name, url: after.url, tabs: after.tabs.length, error: after.error }).toEqual({
        name,
        url: "http://shop.test/",
        tabs: 1,
        error: null,
      });
    }
  });

  it.each(["same tab", "new tab"])(
    "a redirect loop, a PDF, a download, an empty answer, an unknown protocol: %s",
    async (where) => {
      const target = where === "new tab" ? "target=_blank" : "";
      const app = pages({
        "/": `<h1>Shop</h1><a ${target} href=/loop>Loop</a><a ${target} href=/pdf>PDF</a><a ${target} href=/csv>CSV</a><a ${target} href=/empty>Empty</a>
        <a ${target} href="mailto:ann@example.com">Mail</a><a ${target} href="tel:123">Phone</a><a ${target} href="weird:thing">Weird</a>
        <a ${target} href="http://shop.test:1/">Unsafe</a>
        <a ${target} href=/odd>Odd</a><a ${target} href=/file>File</a>`,
        "/loop": () => new Response(null, { status: 302, headers: { location: "/loop" } }),
        "/pdf": () => new Response("%PDF-1.4\n%%EOF", { headers: { "content-type": "application/pdf" } }),
        "/csv": () =>
          new Response("a,b", {
            headers: { "content-type": "text/csv", "content-disposition": "attachment; filename=a.csv" },
          }),
        "/empty": () => new Response(null, { status: 204 }),
        "/odd": () => new Response(null, { status: 302, headers: { location: "weird:thing" } }),
        "/file": () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }),
      });
      await using page = await open(pool, app);
      const said: Record<string, string[]> = {};
      for (const link of ["Loop", "PDF", "CSV", "Empty", "Mail", "Phone", "Weird", "Unsafe", "Odd", "File"]) {
        const after = await page.act(click(`link ${link}`));
        expect({ link, url: after.url, tabs: after.tabs.length }).toEqual({
          link,
          url: "http://shop.test/",
          tabs: 1,
        });
        said[link] = notes(after.text);
      }
      expect(said).toMatchSnapshot();
    },
  );

  it("document.open, window.stop, about:blank, data: and blob: documents are pages", async () => {
    const app = pages({
      "/": `<h1>Shop</h1><button onclick="document.open(); document.write('<p>written<a href=/>Back</a>'); document.close()">Write</button>
        <button onclick="document.open(); document.write('<p>half<a href=/>Back</a>')">Half</button>
        <a href=/stop>Stop</a><a href=/opens>Opens</a>
        <button onclick="location = '/slow'; setTimeout(() => stop(), 30)">Slow</button>
        <button onclick="location = 'about:blank'">Blank</button>
        <button onclick="location = window.URL.createObjectURL(new Blob(['<p>blob'], { type: 'text/html' }))">Blob</button>
        <button onclick="window.open(window.URL.createObjectURL(new Blob(['<p>blob tab'], { type: 'text/html' })))">Blob tab</button>
        <button onclick="const w = window.open('', '_blank'); w.document.write('<title>W</title><p>written tab')">Written tab</button>
        <button onclick="location = 'data:text/html,<p>data'">Data</button>`,
      "/stop": `<p>stopped<script>window.stop()</script><p>never`,
      "/opens": `<p>first<script>setTimeout(() => { document.open(); document.write("<p>second"); document.close() }, 20)</script>`,
      "/slow": () => new Promise<Response>(() => {}),
    });
    const after = async (name: string) => {
      await using page = await open(pool, app);
      await page.act(click(name));
      const { text } = await page.act('do(action="Wait")');
      return text.replace(/^[\s\S]*?---\n?/, "");
    };
    expect(await after("button Write")).toContain("written");
    expect(await after("button Half")).toContain("half");
    expect(await after("link Stop")).toContain("stopped");
    expect(await after("link Opens")).toContain("second");
    expect(await after("button Slow")).toContain("Shop");
    expect(await after("button Blank")).toBe("");
    expect(await after("button Blob")).toBe("blob");
    expect(await after("button Blob tab")).toBe("blob tab");
    expect(await after("button Written tab")).toBe("written tab");
    // Chromium lets no page navigate its tab to a data: document.
    expect(await after("button Data")).toContain("Shop");
  });

  it("a tab in the background whose process is gone or hangs does not end the episode", async () => {
    const app = pages({
      "/": `<h1>Shop</h1><button onclick="window.open('/two', '', 'noopener')">Two</button>`,
      "/two": `<title>Two</title><button onclick="setTimeout(() => { for (;;); }, 500)">Hang</button>`,
    });
    await using page = await open(pool, app, { limits: { responseMs: 5000 } });
    await page.act(click("button Two"));
    await page.act(click("button Hang"));
    const back = await page.act('do(action="Switch Tab", argument="0")').catch((error: Error) => error);
    expect(back).toMatchObject({ url: "http://shop.test/" });
  });
});
