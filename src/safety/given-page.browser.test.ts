import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startBrowserEpisode } from "../browser/episode.ts";
import { givenPage } from "../browser/given-page.ts";
import { browserInfo, launchBrowser } from "../browser/launch.ts";
import { testTask } from "../browser/test-support.ts";
import { parseAction } from "../text/action.ts";
import { guardBy } from "./episode-gate.ts";
import { openGate } from "./gate.ts";
import { parsePolicy } from "./policy.ts";
import type { SafetySettings } from "./policy.ts";

const reached: string[] = [];
/** A server of somebody else. */
const evil = createServer((request, response) => {
  reached.push(`evil ${request.url}`);
  response.writeHead(200, { "access-control-allow-origin": "*" }).end();
});
const addressOf = ({ port }: AddressInfo) => `http://127.0.0.1:${port}`;
/** Each part tries another way out. */
const tries = (to: string) => `<!doctype html><title>Tries</title>
  <iframe src="/away?frame"></iframe><button onclick="window.open('/away?window')">Open</button><a href="/away?link">Leave</a>
  <script>
    fetch("/away?fetch", { mode: "no-cors" });
    try { new SharedWorker("/shared.js") } catch {}
    try { fetchLater("${to}/later", { activateAfter: 0 }) } catch {}
    try { navigator.serviceWorker.register("/shared.js") } catch {}
    addEventListener("pagehide", () => {
      fetch("/payments?kept", { method: "POST", keepalive: true, body: "a" });
      navigator.sendBeacon("${to}/beacon", "a");
    });
  </script>`;
const server = createServer((request, response) => {
  if (request.method === "POST") reached.push(request.url!);
  const [path, query] = request.url!.split("?");
  const to = addressOf(evil.address() as AddressInfo);
  if (path === "/away") return void response.writeHead(302, { location: `${to}/${query}` }).end();
  if (path === "/tries") return void response.writeHead(200, { "content-type": "text/html" }).end(tries(to));
  if (path === "/shared.js")
    return void response
      .writeHead(200, { "content-type": "text/javascript" })
      .end(`fetch("${to}/shared", { mode: "no-cors" }); fetch("/payments?shared", { method: "POST" })`);
  response
    .writeHead(200, { "content-type": "text/html" })
    .end(
      `<!doctype html><title>Shop</title><form method=post action=/orders><button>Place order</button></form><button onclick="fetch('/payments', {method: 'POST'})">Next</button><button onclick="fetch('/cart', {method: 'POST'})">Add to cart</button>`,
    );
});
/** A browser of somebody else, without the switches that ours gets. */
let browser: Browser;
beforeAll(async () => {
  // Unpacks the browser if necessary.
  await (await launchBrowser()).close();
  const { location } = await browserInfo();
  browser = await chromium.launch({
    executablePath: location,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  for (const each of [server, evil])
    await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await browser.close();
  for (const each of [server, evil]) {
    each.closeAllConnections();
    each.close();
  }
});

async function clickAll(
  settings: SafetySettings,
  path: string,
  elements: readonly string[],
): Promise<(string | undefined)[]> {
  reached.length = 0;
  const { host } = new URL(addressOf(server.address() as AddressInfo));
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const world = { hosts: new Map(), allowedHosts: [host], cookies: [], startUrl: `http://${host}${path}` };
    await using episode = await startBrowserEpisode(givenPage(page), testTask(), world, {
      format: "compact",
      seed: 0,
      guard: guardBy(openGate({ policy: parsePolicy(settings) })),
    });
    const codes = [];
    for (const name of elements) {
      // A window that was opened is in front.
      await episode.step(parseAction(`do(action="Switch Tab", argument="0")`));
      const next = await episode.step(parseAction(`do(action="Click", element="${name}")`));
      codes.push(next.observation?.error?.code);
    }
    return codes;
  } finally {
    await context.close();
  }
}

const BUTTONS = ["button Add to cart", "button Next", "button Place order"];

it("in a page that was handed in only what is allowed leaves", async () => {
  expect(await clickAll({}, "/", BUTTONS)).toEqual([undefined, "blocked", "blocked"]);
  expect(reached).toEqual(["/cart"]);
  expect(await clickAll({ effects: { buy: "allow", pay: "allow" } }, "/", BUTTONS)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(reached).toEqual(["/cart", "/payments", "/orders"]);
});

it("neither redirects nor what is sent when it is left, and no worker that others share, lead out of it", async () => {
  const [, leaving] = await clickAll({}, "/tries", ["button Open", "link Leave"]);
  expect(leaving).toBe("blocked");
  await sleep(300);
  expect(reached).toEqual([]);
});
