/** Every way in which a page may try to reach a host that the episode was not given. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
/** A real server on loopback; nothing may ever reach it unless it is allowed. */
let reached: string[] = [];
const server = createServer((req, res) => {
  reached.push(req.url ?? "");
  res.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": "*" });
  res.end("<p>outside</p>");
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await pool[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
});

/** Runs `script` in a page and waits until `window.result` is set. */
async function attempt(script: string, more: Record<string, string> = {}) {
  reached = [];
  const app = pages({
    "/": `<p id=out>-</p><script>
      const done = (text) => { out.textContent = String(text) };
      const OUT = "http://127.0.0.1:${port}", EVIL = "http://evil.example", SAFE = "https://evil.example";
      (async () => { ${script} })().catch((error) => done("failed " + error.name));
    </script>`,
    ...more,
  });
  await using page = await open(pool, app, { limits: { settleMs: 3000 } });
  let text = body(page.first);
  for (let i = 0; i < 20 && text === "-"; i++) text = body(await page.act('do(action="Wait")'));
  await sleep(50);
  return { text, blocked: page.episode.countBlockedHosts(), reached };
}

const loopback = () => `127.0.0.1:${port}`;

describe("a page cannot reach hosts that the episode was not given", () => {
  it("by fetch, XMLHttpRequest, sendBeacon and EventSource", async () => {
    const result = await attempt(`
      const tries = [];
      for (const url of [OUT, EVIL, SAFE, "http://localhost:${port}", "http://[::1]:${port}", "http://0.0.0.0:${port}"])
        tries.push(await fetch(url, { mode: "no-cors" }).then((r) => r.type, (e) => e.name));
      await new Promise((resolve) => { const x = new XMLHttpRequest(); x.onloadend = resolve; x.open("GET", OUT + "/xhr"); x.send(); });
      navigator.sendBeacon(OUT + "/beacon", "x");
      await new Promise((resolve) => { const s = new EventSource(OUT + "/events"); s.onerror = () => { s.close(); resolve(); }; });
      done(tries.join());`);
    expect(result.reached).toEqual([]);
    expect(result.blocked).toMatchObject({
      "evil.example": 2,
      [`localhost:${port}`]: 1,
      [`[::1]:${port}`]: 1,
    });
    expect(result.blocked[loopback()]).toBeGreaterThanOrEqual(4);
    // TLS is refused as a tunnel; plain requests get the proxy's empty refusal, which `no-cors` cannot read.
    expect(result.text.split(",")[2]).toBe("TypeError");
  });

  it("by images, scripts, styles, fonts, media and frames", async () => {
    const result = await attempt(`
      for (const html of ['<img src="' + OUT + '/img">', '<link rel=stylesheet href="' + OUT + '/css">', '<iframe src="' + OUT + '/frame"></iframe>',
        '<video src="' + OUT + '/video"></video>', '<object data="' + OUT + '/object"></object>', '<embed src="' + OUT + '/embed">',
        '<style>@font-face { font-family: X; src: url(' + OUT + '/font) } p { font-family: X }</style>', '<div style="background:url(' + OUT + '/bg)">x</div>'])
        document.body.insertAdjacentHTML("beforeend", html);
      const script = document.createElement("script"); script.src = OUT + "/script"; document.body.append(script);
      await new Promise((resolve) => setTimeout(resolve, 600));
      done("tried");`);
    expect(result.reached).toEqual([]);
    expect(result.blocked[loopback()]).toBeGreaterThanOrEqual(6);
  });

  it("by workers, shared workers, and workers from blobs", async () => {
    const result = await attempt(
      `
      const from = (url, make) => new Promise((resolve) => { const w = make(url); (w.port ?? w).onmessage = (e) => resolve(e.data); w.onerror = () => resolve("error"); });
      const code = "fetch('" + OUT + "/blob-worker',{mode:'no-cors'}).then((r) => postMessage(r.type + r.status), (e) => postMessage(e.name))";
      const a = await from("/worker.js", (u) => new Worker(u));
      const b = await from(URL.createObjectURL(new Blob([code])), (u) => new Worker(u));
      const c = await from("/shared.js", (u) => new SharedWorker(u));
      done([a, b, c].join());`,
      {},
    );
    expect(result.reached).toEqual([]);
    expect(result.blocked[loopback()]).toBeGreaterThanOrEqual(1);
  });

  it("by a service worker on a secure host", async () => {
    reached = [];
    // `localhost` is a secure context over plain HTTP, so a service worker may register.
    const app = pages({
      "/": `<p id=out>-</p><script>
        navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready).then((r) => {
          navigator.serviceWorker.onmessage = (e) => { out.textContent = e.data };
          r.active.postMessage("go");
        }).catch((e) => { out.textContent = "failed " + e.message });</script>`,
      "/sw.js": () =>
        new Response(
          `onmessage = (e) => fetch("http://127.0.0.1:${port}/sw", { mode: "no-cors" }).then((r) => e.source.postMessage("type " + r.type), (x) => e.source.postMessage(x.name))`,
          { headers: { "content-type": "text/javascript" } },
        ),
    });
    await using page = await open(pool, app, {
      world: { hosts: new Map([["localhost", app]]), startUrl: "http://localhost/" },
    });
    let text = body(page.first);
    for (let i = 0; i < 5 && text === "-"; i++) text = body(await page.act('do(action="Wait")'));
    expect(text).not.toBe("-");
    expect(text).not.toContain("failed");
    expect(reached).toEqual([]);
    expect(page.episode.countBlockedHosts()[loopback()]).toBe(1);
  });

  it("by redirects, refreshes, forms, base and navigation of data: and blob: documents", async () => {
    reached = [];
    const app = pages({
      "/": `<a href=/redirect>Redirect</a><a href=/refresh>Refresh</a><a href=/form>Form</a><a href=/base>Base</a><a href=/blob>Blob</a><a href=/data>Data</a><a href=/home>Home</a>`,
      "/redirect": () =>
        new Response(null, { status: 302, headers: { location: `http://127.0.0.1:${port}/redirect` } }),
      "/refresh": `<meta http-equiv=refresh content="0;url=http://127.0.0.1:${port}/refresh"><p>refreshing`,
      "/form": `<form method=post action="http://127.0.0.1:${port}/form"><input name=a value=b></form><p>form</p><script>document.forms[0].submit()</script>`,
      "/base": `<base href="http://127.0.0.1:${port}/"><img src=base><p>base`,
      "/blob": `<p>blob</p><script>location.href = URL.createObjectURL(new Blob(["<p>inside<img src='http://127.0.0.1:${port}/blob'>"], { type: "text/html" }))</script>`,
      "/data": `<p>data</p><iframe src="data:text/html,<img src='http://127.0.0.1:${port}/data'>"></iframe>`,
    });
    await using page = await open(pool, app, { limits: { waitMs: 200 } });
    for (const link of ["Redirect", "Refresh", "Form", "Base", "Blob", "Data"]) {
      const before = page.episode.countBlockedHosts()[loopback()] ?? 0;
      const observation = await page.act(`do(action="Click", element="link ${link}")`);
      expect(`${link}: ${observation.url}`).not.toContain(String(port));
      await page.act('do(action="Wait")');
      expect({ link, refused: (page.episode.countBlockedHosts()[loopback()] ?? 0) > before }).toEqual({
        link,
        refused: true,
      });
      for (let i = 0; i < 3; i++) {
        const now = await page.act('do(action="Wait")');
        if (now.elements.some((e) => e.name === "link Redirect")) break;
        await page.act("go_backward()");
      }
    }
    expect(reached).toEqual([]);
  });

  it("by WebSockets, to the episode's own hosts neither", async () => {
    const result = await attempt(`
      const tries = [];
      for (const url of ["ws://127.0.0.1:${port}/", "wss://evil.example/", "ws://shop.test/"])
        tries.push(await new Promise((resolve) => { const s = new WebSocket(url); s.onopen = () => resolve("open"); s.onerror = () => resolve("refused"); }));
      done(tries.join());`);
    expect(result.text).toBe("refused,refused,refused");
    expect(result.reached).toEqual([]);
    expect(result.blocked).toMatchObject({ [loopback()]: 1, "evil.example": 1, "shop.test": 1 });
  });

  it("by new windows, prefetch, preload, preconnect, prerender and DNS", async () => {
    const result = await attempt(`
      window.open(OUT + "/open"); window.open("about:blank")?.document.write("<img src='" + OUT + "/written'>");
      for (const rel of ["prefetch", "preload", "dns-prefetch", "preconnect", "prerender", "modulepreload", "icon", "manifest"]) {
        const link = document.createElement("link"); link.rel = rel; link.href = OUT + "/" + rel; link.as = "script"; document.head.append(link);
      }
      const rules = document.createElement("script"); rules.type = "speculationrules";
      rules.textContent = JSON.stringify({ prefetch: [{ urls: [OUT + "/speculation"] }], prerender: [{ urls: [OUT + "/prerender2"] }] }); document.head.append(rules);
      document.body.insertAdjacentHTML("beforeend", '<a href="/" ping="' + OUT + '/ping">x</a>');
      await new Promise((resolve) => setTimeout(resolve, 500));
      done("tried");`);
    expect(result.reached).toEqual([]);
  });

  it("by WebRTC: pages are refused it, in every way to it, however often they try", async () => {
    const packets: number[] = [];
    const stun = createSocket("udp4", (message) => packets.push(message.length));
    await new Promise<void>((resolve) => stun.bind(0, "127.0.0.1", resolve));
    try {
      const result = await attempt(`
        const servers = { iceServers: [{ urls: "stun:127.0.0.1:${stun.address().port}" }] };
        const frame = document.body.appendChild(document.createElement("iframe"));
        class Own extends RTCPeerConnection {}
        const ways = [RTCPeerConnection, webkitRTCPeerConnection, RTCPeerConnection.prototype.constructor, Own,
          frame.contentWindow.RTCPeerConnection, frame.contentWindow.RTCPeerConnection.prototype.constructor];
        const said = new Set();
        for (let i = 0; i < 10; i++)
          for (const Way of ways)
            try {
              const pc = new Way(servers);
              pc.createDataChannel("x");
              await pc.setLocalDescription(await pc.createOffer());
              said.add("made");
            } catch (error) { said.add(error.name) }
        await new Promise((resolve) => setTimeout(resolve, 500));
        done([...said].join());`);
      expect(result.text).toBe("NotSupportedError");
      expect(packets).toEqual([]);
    } finally {
      stun.close();
    }
  });

  it("by links: the agent stays where it was and learns why", async () => {
    reached = [];
    const app = pages({
      "/": `<a href="http://127.0.0.1:${port}/a">Plain</a><a href="https://evil.example/">Secure</a><a target=_blank href="http://127.0.0.1:${port}/b">Tab</a><a target=_blank href="https://evil.example/">Secure tab</a><a href="file:///etc/passwd">File</a><a href="chrome://version">Browser</a>`,
    });
    await using page = await open(pool, app);
    for (const [link, host] of [
      ["Plain", `127.0.0.1:${port}`],
      ["Secure", "evil.example"],
      ["Tab", `127.0.0.1:${port}`],
      ["Secure tab", "evil.example"],
    ] as const) {
      const after = await page.act(`do(action="Click", element="link ${link}")`);
      expect({ link, error: after.error, url: after.url, tabs: after.tabs.length }).toEqual({
        link,
        error: { code: "blocked", message: `${host} is outside of the sites of this task` },
        url: "http://shop.test/",
        tabs: 1,
      });
    }
    expect((await page.act("no action")).error?.code).toBe("parse_error");
    for (const link of ["File", "Browser"]) {
      const after = await page.act(`do(action="Click", element="link ${link}")`);
      expect({ link, url: after.url }).toEqual({ link, url: "http://shop.test/" });
    }
    expect(reached).toEqual([]);
  });
});

describe("allowed hosts", () => {
  it("are passed through, at their port only", async () => {
    reached = [];
    const app = pages({ "/": `<a href="http://127.0.0.1:${port}/in">In</a>` });
    await using page = await open(pool, app, { world: { allowedHosts: [`127.0.0.1:${port}`] } });
    expect(body(await page.act('do(action="Click", element="link In")'))).toBe("outside");
    expect(reached).toContain("/in");
    expect(page.episode.countBlockedHosts()).toEqual({});
  });

  it("two episodes at once have their own worlds under the same host name", async () => {
    const world = (name: string) => pages({ "/": () => html(`<p>${name}`) });
    await using one = await open(pool, world("one"));
    await using two = await open(pool, world("two"));
    expect([body(one.first), body(two.first)]).toEqual(["one", "two"]);
  });
});
