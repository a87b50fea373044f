/**
 * @file What a step costs on MiniWoB++ pages beside bare Playwright: `tsx scripts/miniwob/step-time.ts HTML_DIRECTORY
 * [ROUNDS]`. The same clicks and the same typing on the same pages, an episode of ours and a bare page in turn, one at
 * a time. A bare step finds the element, acts on it and reads the page's text.
 */

import { resolve } from "node:path";
import { serve } from "@hono/node-server";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { launchBrowser } from "../../src/browser/launch.ts";
import { fields } from "../../src/tasks/miniwob/solvers/hands.ts";
import { loadMiniwobSuite, servePage } from "../../src/tasks/miniwob/suite.ts";
import { percentile } from "../../src/tasks/check.ts";
import { parseAction } from "../../src/text/action.ts";

const [directory, rounds = "20"] = process.argv.slice(2);
if (!directory) throw new Error("the directory of MiniWoB++'s pages is missing");
const CLICKS = "click-checkboxes-large";
const TYPING = "enter-text";

const times = {
  ours: { click: [] as number[], type: [] as number[] },
  bare: { click: [] as number[], type: [] as number[] },
};
const timed = async <T>(into: number[], body: () => Promise<T>): Promise<T> => {
  const from = performance.now();
  const value = await body();
  into.push(performance.now() - from);
  return value;
};

const suite = await loadMiniwobSuite(directory);
await using site = await suite.createSite();

async function ours(seed: number): Promise<void> {
  await using boxes = await site.start(suite.task(`miniwob.${CLICKS}`), { seed });
  for (const { name } of boxes.first.elements.filter(({ role }) => role === "checkbox"))
    await timed(times.ours.click, () =>
      boxes.step(parseAction(`do(action="Click", element=${JSON.stringify(name)})`)),
    );
  await using text = await site.start(suite.task(`miniwob.${TYPING}`), { seed });
  const field = JSON.stringify(fields(text.first)[0]!.name);
  await timed(times.ours.type, () =>
    text.step(parseAction(`do(action="Type", argument="Jerald", element=${field})`)),
  );
}

async function bare(page: Page, base: string): Promise<void> {
  const read = () => page.evaluate(() => document.body.innerText);
  const open = async (name: string) => page.goto(`${base}/miniwob/${name}.html`);
  const middles = async (selector: string) =>
    (await page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      return [left + width / 2, top + height / 2];
    })`)) as [number, number][];
  await open(CLICKS);
  const count = (await middles("input[type=checkbox]")).length;
  for (let nth = 0; nth < count; nth++)
    await timed(times.bare.click, async () => {
      await page.mouse.click(...(await middles("input[type=checkbox]"))[nth]!);
      await read();
    });
  await open(TYPING);
  await timed(times.bare.type, async () => {
    await page.mouse.click(...(await middles("input[type=text]"))[0]!);
    await page.keyboard.type("Jerald");
    await read();
  });
}

let seed = 1;
const server = serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => servePage(resolve(directory), request, seed),
});
const browser = await launchBrowser();
try {
  if (!server.listening) await new Promise((done) => server.once("listening", done));
  const context = await browser.newContext({
    viewport: { width: 1280, height: 720 },
    // The browser is launched with a dead proxy; loopback goes past it here.
    proxy: { server: "http://127.0.0.1:9", bypass: "127.0.0.1" },
  });
  const page = await context.newPage();
  for (; seed <= Number(rounds); seed++) {
    await ours(seed);
    await bare(page, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }
} finally {
  await browser.close();
  server.close();
}
for (const what of ["click", "type"] as const) {
  const [a, b] = [percentile(times.ours[what], 0.5), percentile(times.bare[what], 0.5)];
  process.stdout.write(
    `${what}: ours ${a.toFixed(0)} ms, bare ${b.toFixed(0)} ms, ${(a / b).toFixed(1)} times (medians of ${times.ours[what].length})\n`,
  );
}
