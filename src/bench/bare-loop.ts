/**
 * @file The work of the benchmark's random agent done with Playwright alone, without proxy, guard and observations: a
 * fresh context, then clicks on what can be seen, reading the page after each.
 */

import { Hono } from "hono";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchBrowser } from "../browser/launch.ts";
import type { Rng } from "../core/rng.ts";
import { createRng } from "../core/rng.ts";
import type { Task } from "../core/task.ts";
import { guard, isLoopback } from "../http/guard.ts";
import { listen } from "../http/listen.ts";
import { APPS, createWorld } from "../sites/world.ts";
import { seedOf, servePage } from "../tasks/miniwob/suite.ts";

/** What the loop visits: pages on ports of this machine. */
export interface BarePages extends AsyncDisposable {
  /** Where an episode begins. */
  begin(rng: Rng): { url: string; cookies: readonly { name: string; value: string; url: string }[] };
  /** Clicks once, and resolves when the page can be read. */
  click(page: Page, rng: Rng): Promise<void>;
  /** An expression that says whether the episode is over. */
  ended: string;
}

/** The built-in sites; every click leads to another page. */
export async function builtInPages(): Promise<BarePages> {
  const servers = await Promise.all(
    APPS.map(async (site) => {
      const { hosts, cookies } = createWorld([site.name]);
      const fetchPage = hosts.get(site.host)!;
      const app = new Hono();
      app.use(guard({ isOurs: isLoopback, methods: ["POST"], policy: "frame-ancestors 'none'" }));
      app.all("*", (c) => {
        const { pathname, search } = new URL(c.req.url);
        return fetchPage(new Request(`http://${site.host}${pathname}${search}`, c.req.raw));
      });
      const listening = await listen(app.fetch, { port: 0 });
      const url = `http://127.0.0.1:${listening.port}/`;
      const own = cookies.filter((cookie) => cookie.host === site.host);
      return { listening, url, cookies: own.map(({ name, value }) => ({ name, value, url })) };
    }),
  );
  return {
    begin: (rng) => rng.pick(servers),
    click: async (page, rng) => {
      const links = await middles(
        page,
        `[...document.querySelectorAll('a[href^="/"]')].filter((a) => !/sign out/i.test(a.textContent))`,
      );
      const loaded = page.waitForEvent("load");
      if (links.length > 0) await page.mouse.click(...rng.pick(links));
      else await page.goto(new URL("/", page.url()).href);
      await loaded;
    },
    ended: "false",
    [Symbol.asyncDispose]: async () => {
      for (const { listening } of servers) await listening[Symbol.asyncDispose]();
    },
  };
}

/** MiniWoB++ pages with the problems of these tasks; `directory` is the suite's. */
export async function miniwobPages(directory: string, tasks: readonly Task[]): Promise<BarePages> {
  // The first part of the path is the problem's seed; the pages name their files relative to themselves.
  const listening = await listen(
    (request) => {
      const [, seed, path] = /^\/(\d+)(\/.*)$/.exec(new URL(request.url).pathname) ?? [];
      if (path === undefined) return new Response("not found", { status: 404 });
      return servePage(directory, new Request(`http://127.0.0.1${path}`), Number(seed));
    },
    { port: 0 },
  );
  return {
    begin: (rng) => {
      const task = rng.pick(tasks);
      const { pathname } = new URL(task.startUrl);
      const seed = seedOf(task) ?? rng.int(2 ** 31);
      return { url: `http://127.0.0.1:${listening.port}/${seed}${pathname}`, cookies: [] };
    },
    click: async (page, rng) => {
      const places = await middles(
        page,
        `((all) => all.some((e) => e.tagName === "A") ? all.filter((e) => e.tagName === "A") : all)(
          [...document.querySelectorAll("#area :is(a, button, input, select, textarea, summary)")])`,
      );
      const area = places.length > 0 ? places : await middles(page, `[document.getElementById("area")]`);
      if (area.length > 0) await page.mouse.click(...rng.pick(area));
    },
    ended: "Boolean(globalThis.WOB_DONE_GLOBAL)",
    [Symbol.asyncDispose]: async () => listening[Symbol.asyncDispose](),
  };
}

/** Middles of the elements of `list`, an expression, that are in the viewport and not covered. */
const middles = async (page: Page, list: string): Promise<[x: number, y: number][]> =>
  page.evaluate(`(${list}).flatMap((e) => {
  const { left, top, width, height } = e.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  return width > 0 && y > 0 && y < innerHeight && e.contains(document.elementFromPoint(x, y)) ? [[x, y]] : [];
})`);

export interface BareOptions {
  parallel: number;
  seconds: number;
  /** Clicks of an episode. */
  steps: number;
  seed: number;
  signal?: AbortSignal | undefined;
}

/** Milliseconds of each step within `seconds`, and how many episodes ended within them. */
export async function bareLoop(
  pages: BarePages,
  { parallel, seconds, steps, seed, signal }: BareOptions,
): Promise<{ stepMs: number[]; episodes: number; seconds: number }> {
  const stepMs: number[] = [];
  let episodes = 0;
  const browser = await launchBrowser();
  try {
    const began = performance.now();
    const until = began + seconds * 1000;
    const rng = createRng(seed).fork(`bare ${parallel}`);
    const worker = async (own: Rng) => {
      while (performance.now() < until) {
        signal?.throwIfAborted();
        await bareEpisode(browser, pages, { rng: own, until, steps, stepMs });
        if (performance.now() < until) episodes++;
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, i) => worker(rng.fork(i))));
    return { stepMs, episodes, seconds: (performance.now() - began) / 1000 };
  } finally {
    await browser.close();
  }
}

export const BARE_CONTEXT: BrowserContextOptions = {
  viewport: { width: 1280, height: 720 },
  // The browser is launched with a dead proxy; loopback goes past it here.
  proxy: { server: "http://127.0.0.1:9", bypass: "127.0.0.1" },
};

async function bareEpisode(
  browser: Browser,
  pages: BarePages,
  { rng, until, steps, stepMs }: { rng: Rng; until: number; steps: number; stepMs: number[] },
): Promise<void> {
  const context = await browser.newContext(BARE_CONTEXT);
  try {
    const { url, cookies } = pages.begin(rng);
    await context.addCookies([...cookies]);
    const page = await context.newPage();
    await page.goto(url);
    for (let step = 0, ended = false; step < steps && !ended && performance.now() < until; step++) {
      const from = performance.now();
      await pages.click(page, rng);
      ended = await page.evaluate(`(document.body.innerText, ${pages.ended})`);
      stepMs.push(performance.now() - from);
    }
  } finally {
    await context.close();
  }
}
