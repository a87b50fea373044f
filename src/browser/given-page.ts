/**
 * @file A page that somebody else opened, as the context of an episode. Its guard is made of Playwright's routes, which is
 * less than the proxy of a pool's context: a redirect of a host that is allowed is followed before it is seen, and is left
 * again at once; what service workers and WebRTC send is not seen at all; what was loaded before stays.
 */

import type { BrowserContext, Frame, Page, Route, WebSocketRoute } from "playwright-core";
import { ConfigError } from "../core/errors.ts";
import { DEFAULT_BROWSER } from "../core/trajectory.ts";
import { hostMatches } from "./addresses.ts";
import { listenerHook, openPageWorld } from "./page-world.ts";
import type { ContextSource, EpisodeContext } from "./pool.ts";
import type { EpisodeWorld } from "./world.ts";

/**
 * Opens the one context that `page` is in, as often as it is asked for. Disposing it takes the routes away and leaves the page
 * open, in the size that it had.
 */
export function givenPage(page: Page): ContextSource {
  return { openContext: (world) => openGiven(page, world) };
}

async function openGiven(page: Page, world: EpisodeWorld): Promise<EpisodeContext> {
  const context = page.context();
  const size = page.viewportSize();
  await assertChromium(page);
  await context.addInitScript({ content: await listenerHook() });
  await page.setViewportSize({ width: DEFAULT_BROWSER.width, height: DEFAULT_BROWSER.height });
  const guard = await guardContext(context, page, world);
  return {
    browser: { isConnected: () => context.browser()?.isConnected() ?? !page.isClosed() },
    context,
    given: page,
    network: guard.network,
    newPage: async () => (page.isClosed() ? context.newPage() : page),
    counted: () => Promise.resolve(),
    // Playwright's own announcement has to do.
    pagesCreated: () => 0,
    [Symbol.asyncDispose]: async () => {
      await guard.end();
      if (size && !page.isClosed()) await page.setViewportSize(size);
    },
  };
}

/** The page script needs the protocol of Chromium. */
async function assertChromium(page: Page): Promise<void> {
  try {
    await openPageWorld(page);
  } catch (cause) {
    throw new ConfigError(
      `the page that was handed in cannot be read: ${String((cause as Error).message).split("\n")[0]!}`,
      "Hand in an open page of Chromium or Chrome.",
      { cause },
    );
  }
}

async function guardContext(context: BrowserContext, page: Page, { allowedHosts, guard }: EpisodeWorld) {
  const blocked: Record<string, number> = Object.create(null) as Record<string, number>;
  const allows = (address: string): boolean => {
    if (!URL.canParse(address)) return false;
    const { protocol, hostname, port } = new URL(address);
    if (["about:", "blob:", "data:"].includes(protocol)) return true;
    const number = port === "" ? (/^(https|wss):$/.test(protocol) ? 443 : 80) : Number(port);
    return (
      /^(https?|wss?):$/.test(protocol) && allowedHosts.some((entry) => hostMatches(entry, hostname, number))
    );
  };
  const network: EpisodeContext["network"] = { blocked, lastBlocked: null, failures: new Map(), allows };
  const refuse = (address: string) => {
    const { host } = new URL(address);
    blocked[host] = (blocked[host] ?? 0) + 1;
    network.lastBlocked = host;
  };
  const onRequest = async (route: Route) => {
    const address = route.request().url();
    if (!allows(address)) {
      refuse(address);
      return route.abort("blockedbyclient");
    }
    const request = route.request();
    const tell = await guard?.request({
      method: request.method(),
      url: address,
      headers: await request.allHeaders(),
      body: request.postDataBuffer() ?? new Uint8Array(),
    });
    if (tell === null) return route.abort("aborted");
    // Its answer is the page's.
    tell?.({ failure: "not looked at" });
    return route.fallback();
  };
  const onSocket = (socket: WebSocketRoute) => {
    if (allows(socket.url())) {
      const server = socket.connectToServer();
      if (!guard) return;
      let passing = Promise.resolve();
      socket.onMessage((message) => {
        const body = Buffer.from(message);
        passing = passing.then(async () => {
          const tell = await guard.request({ method: "WS", url: socket.url(), headers: {}, body });
          tell?.({ status: 101 });
          if (tell !== null) server.send(message);
        });
      });
    } else {
      refuse(socket.url());
      void socket.close();
    }
  };
  let last = page.url();
  const onNavigated = (frame: Frame) => {
    if (frame !== page.mainFrame()) return;
    if (allows(frame.url())) last = frame.url();
    else if (/^https?:/.test(frame.url())) {
      refuse(frame.url());
      // Whatever comes of it: the next observation shows it.
      void page.goto(last).catch(() => page.isClosed());
    }
  };
  await context.route("**/*", onRequest);
  await context.routeWebSocket(/.*/, onSocket);
  page.on("framenavigated", onNavigated);
  return {
    network,
    end: async () => {
      page.off("framenavigated", onNavigated);
      await context.unroute("**/*", onRequest);
    },
  };
}
