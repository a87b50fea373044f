/**
 * @file Uses a page that somebody else opened as the context of an episode. Its guard consists of Playwright's routes,
 * a DevTools session for what these miss, and a script that refuses what neither sees. That is less than the proxy of a
 * pool's context: docs/agent.md says what gets through.
 */

import type {
  BrowserContext,
  CDPSession,
  Frame,
  Page,
  Request,
  Route,
  WebSocketRoute,
} from "playwright-core";
import { ConfigError } from "../core/errors.ts";
import { DEFAULT_BROWSER } from "../core/trajectory.ts";
import { hostMatches } from "./addresses.ts";
import type { OutgoingRequest } from "./guard.ts";
import { refuseWebRtc } from "./no-webrtc.ts";
import { listenerHook, openPageWorld } from "./page-world.ts";
import type { ContextSource, EpisodeContext } from "./pool.ts";
import type { EpisodeWorld } from "./world.ts";

/**
 * Gives the context of `page`, as often as it is requested. Disposing it removes the routes and leaves the page open in
 * its original size.
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
    waitUntilCounted: () => Promise.resolve(),
    // Playwright's own announcement has to be enough.
    countCreatedPages: () => 0,
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
  /** Why a request is stopped; `null` if it may leave. */
  const stop = async (request: OutgoingRequest): Promise<"BlockedByClient" | "Aborted" | null> => {
    if (!allows(request.url)) {
      refuse(request.url);
      return "BlockedByClient";
    }
    const tell = await guard?.request(request);
    // The answer goes to the page without being read here.
    tell?.({ failure: "not looked at" });
    return tell === null ? "Aborted" : null;
  };
  const onRequest = async (route: Route) => {
    const request = route.request();
    const why = await stop({
      method: request.method(),
      url: request.url(),
      headers: await request.allHeaders(),
      body: request.postDataBuffer() ?? new Uint8Array(),
    });
    if (why !== null) return route.abort(why.toLowerCase());
    return isFirstOfWindow(request) ? answerFirst(route) : route.fallback();
  };
  const sessions = new Map<Page, Promise<CDPSession>>();
  const onPage = (each: Page) => {
    const opening = guardTarget(context, each, stop);
    sessions.set(each, opening);
    // A page that is gone makes no requests.
    opening.catch(() => sessions.delete(each));
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
      // The next observation shows the result, whatever it is.
      void page.goto(last).catch(() => page.isClosed());
    }
  };
  await context.route("**/*", onRequest);
  await context.routeWebSocket(/.*/, onSocket);
  page.on("framenavigated", onNavigated);
  context.on("page", onPage);
  for (const each of context.pages()) onPage(each);
  await Promise.allSettled(sessions.values());
  return {
    network,
    end: async () => {
      page.off("framenavigated", onNavigated);
      context.off("page", onPage);
      await context.unroute("**/*", onRequest);
      for (const session of sessions.values())
        await session.then((open) => open.detach()).catch(() => page.isClosed());
    },
  };
}

/** Handles what Playwright's routes miss: the targets of redirects, and what is sent when a page is left. */
async function guardTarget(
  context: BrowserContext,
  page: Page,
  stop: (request: OutgoingRequest) => Promise<"BlockedByClient" | "Aborted" | null>,
): Promise<CDPSession> {
  const session = await context.newCDPSession(page);
  // What is sent to a page that is gone is answered by an error.
  const send = (name: "Fetch.continueRequest" | "Fetch.failRequest", params: PausedReply) =>
    void session.send(name as "Fetch.failRequest", params as never).catch(() => page.isClosed());
  session.on("Fetch.requestPaused", ({ requestId, networkId, redirectedRequestId, request }) => {
    // Playwright's routes see this request.
    if (networkId !== undefined && redirectedRequestId === undefined)
      return send("Fetch.continueRequest", { requestId });
    void stop({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: Buffer.concat(
        (request.postDataEntries ?? []).map(({ bytes = "" }) => Buffer.from(bytes, "base64")),
      ),
    }).then((why) =>
      why === null
        ? send("Fetch.continueRequest", { requestId })
        : send("Fetch.failRequest", { requestId, errorReason: why }),
    );
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
  await session.send("Page.enable");
  await session.send("Page.addScriptToEvaluateOnNewDocument", { source: REFUSALS });
  await page.evaluate(REFUSALS);
  return session;
}

/**
 * Whether this is the first request of a window that opens. A session of its page comes too late to see where the
 * request is redirected to.
 */
function isFirstOfWindow(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame() === null;
  } catch {
    return true;
  }
}

/** Turns a redirect into a page that lets the window itself request the target, because that request is seen. */
async function answerFirst(route: Route): Promise<void> {
  const response = await route.fetch({ maxRedirects: 0 }).catch(() => null);
  if (response === null) return route.abort();
  const { location } = response.headers();
  const status = response.status();
  if (status < 300 || status > 399 || location === undefined) return route.fulfill({ response });
  // Its body would be lost.
  if (status > 306 && route.request().method() !== "GET") return route.abort();
  const to = new URL(location, route.request().url()).href.replace(/[&"<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  return route.fulfill({
    contentType: "text/html",
    body: `<!doctype html><meta http-equiv="refresh" content="0;url=${to}">`,
  });
}

interface PausedReply {
  requestId: string;
  errorReason?: "BlockedByClient" | "Aborted";
}

/** Disables whatever could send past all of this, in every document while the session is open. */
const REFUSALS = `${refuseWebRtc};
for (const name of ["SharedWorker", "WebTransport", "WebSocketStream", "fetchLater"])
  if (name in globalThis) delete globalThis[name];
if (globalThis.ServiceWorkerContainer)
  ServiceWorkerContainer.prototype.register = () => Promise.reject(new DOMException("Service workers are not available.", "NotSupportedError"));`;
