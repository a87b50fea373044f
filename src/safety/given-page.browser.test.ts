import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
const server = createServer((request, response) => {
  if (request.method === "POST") reached.push(request.url!);
  response
    .writeHead(200, { "content-type": "text/html" })
    .end(
      `<!doctype html><title>Shop</title><form method=post action=/orders><button>Place order</button></form><button onclick="fetch('/payments', {method: 'POST'})">Next</button><button onclick="fetch('/cart', {method: 'POST'})">Add to cart</button>`,
    );
});
/** Somebody else's, without the switches of ours. */
let browser: Browser;
beforeAll(async () => {
  // Unpacks it, where that has to be.
  await (await launchBrowser()).close();
  const { location } = await browserInfo();
  browser = await chromium.launch({
    executablePath: location,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await browser.close();
  server.closeAllConnections();
  server.close();
});

async function clickAll(settings: SafetySettings): Promise<(string | undefined)[]> {
  reached.length = 0;
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const world = { hosts: new Map(), allowedHosts: [host], cookies: [], startUrl: `http://${host}/` };
    await using episode = await startBrowserEpisode(givenPage(page), testTask(), world, {
      format: "compact",
      seed: 0,
      guard: guardBy(openGate({ policy: parsePolicy(settings) })),
    });
    const codes = [];
    for (const name of ["Add to cart", "Next", "Place order"]) {
      const next = await episode.step(parseAction(`do(action="Click", element="button ${name}")`));
      codes.push(next.observation?.error?.code);
    }
    return codes;
  } finally {
    await context.close();
  }
}

it("in a page that was handed in only what is allowed leaves", async () => {
  expect(await clickAll({})).toEqual([undefined, "blocked", "blocked"]);
  expect(reached).toEqual(["/cart"]);
  expect(await clickAll({ effects: { buy: "allow", pay: "allow" } })).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(reached).toEqual(["/cart", "/payments", "/orders"]);
});
