/** @file What the browser tests share: worlds of small pages, and steps written as a model writes them. */

import type { Episode, Site } from "../core/episode.ts";
import type { ObservationFormat, Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import { parseAction } from "../text/action.ts";
import type { BrowserEpisodeOptions } from "./episode.ts";
import { startBrowserEpisode } from "./episode.ts";
import type { BrowserPool } from "./pool.ts";
import type { EpisodeWorld, HostFetch } from "./world.ts";

const HOST = "shop.test";

export const testTask = (overrides: Partial<Task> = {}): Task => ({
  id: "test.page/0",
  sites: ["shop"],
  instruction: "Look around.",
  startUrl: `http://${HOST}/`,
  templateId: null,
  params: {},
  category: "navigation",
  difficulty: 1,
  split: "test",
  ...overrides,
});

/** A host that serves fixed pages; what is not listed is 404. */
export function pages(
  byPath: Record<string, string | ((request: Request) => Response | Promise<Response>)>,
): HostFetch {
  return (request) => {
    const page = byPath[new URL(request.url).pathname];
    if (page === undefined) return new Response("not found", { status: 404 });
    if (typeof page === "function") return page(request);
    return html(page);
  };
}

export const html = (body: string, init: ResponseInit = {}) =>
  new Response(`<!doctype html>${body.includes("<title>") ? "" : "<title>Test</title><body>"}${body}`, {
    ...init,
    headers: { "content-type": "text/html; charset=utf-8", ...(init.headers as Record<string, string>) },
  });

function testWorld(app: HostFetch, overrides: Partial<EpisodeWorld> = {}): EpisodeWorld {
  return {
    hosts: new Map([[HOST, app]]),
    allowedHosts: [],
    cookies: [],
    startUrl: `http://${HOST}/`,
    ...overrides,
  };
}

export interface TestEpisode extends AsyncDisposable {
  episode: Episode;
  first: Observation;
  /** Carries out what a model wrote and returns the page after it; throws if the episode ended. */
  act(text: string): Promise<Observation>;
}

export async function open(
  pool: BrowserPool,
  page: string | HostFetch,
  options: Partial<BrowserEpisodeOptions> & { world?: Partial<EpisodeWorld> } = {},
): Promise<TestEpisode> {
  const { world, ...rest } = options;
  const app = typeof page === "string" ? pages({ "/": page }) : page;
  const episode = await startBrowserEpisode(pool, testTask(), testWorld(app, world), {
    format: "compact",
    seed: 1,
    ...rest,
  });
  return {
    episode,
    first: episode.first,
    async act(text) {
      const time = await episode.step(parseAction(text));
      if (time.kind === "last") throw new Error(`the episode ended: ${JSON.stringify(time.ending)}`);
      return time.observation;
    },
    [Symbol.asyncDispose]: () => episode[Symbol.asyncDispose](),
  };
}

/** The page's lines after the header. */
export function body(observation: Observation): string {
  return observation.text.slice(observation.text.indexOf("---\n") + 4);
}

/** A site of one shop in which one link leads to the answer. */
export function shopSite(pool: BrowserPool, format: ObservationFormat = "compact"): Site {
  return {
    name: "shop",
    start: (task, { seed, signal }) => {
      let ordered = 0;
      const app = pages({
        "/": `<h1>Shop</h1><a href="/lamp">Lamp</a>`,
        "/lamp": `<h1>Lamp</h1><p>$12</p><form method=post action=/order><button>Order</button></form>`,
        "/order": () => {
          ordered++;
          return html("<h1>Thank you</h1>");
        },
      });
      const world = testWorld(app, {
        verify: (_answer, page) => {
          if (task.templateId === null) return null;
          const success = ordered === 1 && page.pageText === "Thank you";
          return {
            by: "verifier",
            success,
            probability: success ? 1 : 0,
            reasons: success ? [] : [`${ordered} orders, on the page ${page.pageText}`],
          };
        },
      });
      return startBrowserEpisode(pool, task, world, { format, seed, ...(signal ? { signal } : {}) });
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
