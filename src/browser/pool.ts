/**
 * @file Browsers for many episodes: one that is started here when first needed, and again after it broke; or several
 * elsewhere, used by weight. An endpoint that goes away takes its episodes with it (`browser_lost`), pauses for a
 * growing time, and is connected to again.
 */

import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { BrowserBlock, BrowserEndpoint } from "../core/browser-settings.ts";
import type { BrowserSettings } from "../core/trajectory.ts";
import { ConfigError, Fault, invariant } from "../core/errors.ts";
import { withDeadline, TooLate } from "./with-deadline.ts";
import { joinBrowser, nameOf } from "./connect.ts";
import { launchBrowser, resolveBrowser, switches } from "./launch.ts";
import type { BrowserConfig } from "./launch.ts";
import { refuseWebRtc } from "./no-webrtc.ts";
import { listenerHook, openPageWorld } from "./page-world.ts";
import { choosePlace, CLOSE_MS, Place, watchBrowser, within } from "./place.ts";
import type { RunningBrowser } from "./place.ts";
import { openNetwork } from "./proxy.ts";
import type { EpisodeNetwork } from "./proxy.ts";
import type { EpisodeWorld } from "./world.ts";

/** What an episode can ask about its browser. */
export interface ContextBrowser {
  isConnected(): boolean;
  /** Its name, if it runs elsewhere. */
  readonly endpoint?: string | null;
}

/** A browser context with its own network. Disposing it frees both, even when the browser is gone. */
export interface EpisodeContext extends AsyncDisposable {
  readonly browser: ContextBrowser;
  readonly context: BrowserContext;
  readonly network: Pick<EpisodeNetwork, "blocked" | "lastBlocked" | "failures" | "allows">;
  newPage(): Promise<Page>;
  /** The page that was handed in, if there is one; it is there from the start. */
  readonly given?: Page;
  /** Resolves when {@link countCreatedPages} counts, some round trips after the first page was opened. */
  waitUntilCounted(): Promise<void>;
  /** Pages that the browser has created in this context, including those that Playwright has not announced yet. */
  countCreatedPages(): number;
}

/** Where an episode gets its context from. */
export interface ContextSource {
  openContext(world: EpisodeWorld): Promise<EpisodeContext>;
}

/** Milliseconds that a browser may take to open a context before it is replaced. */
const OPEN_MS = 30_000;
/** Milliseconds for the page that shows whether a browser elsewhere reaches this machine. */
const REACH_MS = 10_000;
const PROBE = "reach.webrl.test";
/** Milliseconds between checks whether an endpoint is there. */
const HEALTH_MS = 10_000;

export class BrowserPool implements ContextSource, AsyncDisposable {
  readonly #config: ReturnType<typeof resolveBrowser>;
  readonly #places: readonly Place[];
  readonly #open = new Set<EpisodeContext>();
  /** Episodes that wait until a place has room. */
  #waiting: (() => void)[] = [];
  #health: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(config: BrowserConfig = {}) {
    this.#config = resolveBrowser(config);
    const { endpoints, proxyHost } = this.#config;
    if (endpoints.length > 0) checkListen(this.#config);
    this.#places =
      endpoints.length === 0
        ? [localPlace(config)]
        : endpoints.map(
            (endpoint) =>
              new Place({
                name: nameOf(endpoint),
                weight: endpoint.weight,
                max: endpoint.max ?? Number.POSITIVE_INFINITY,
                start: async () => {
                  const running = await joinWatched(endpoint, switches(proxyHost));
                  await this.#assertReach(running, nameOf(endpoint));
                  return running;
                },
                onTrouble: config.onTrouble,
              }),
          );
  }

  /** Contexts that were opened and not disposed. */
  get open(): number {
    return this.#open.size;
  }

  /** How its pages are shown. */
  get settings(): BrowserSettings {
    const { width, height, locale, timezone } = this.#config;
    return { width, height, locale, timezone };
  }

  /** How often a browser was started or joined; more than there are places after a crash. */
  get launches(): number {
    return this.#places.reduce((sum, place) => sum + place.launches, 0);
  }

  /** How many episodes each endpoint has. */
  get load(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#places.map(({ name, open }) => [name ?? "here", open]));
  }

  /** A running browser; starts one if there is none. */
  async browser(): Promise<Browser> {
    const place = await this.#take();
    try {
      return (await place.running()).browser;
    } finally {
      this.#give(place);
    }
  }

  /**
   * Connects to every endpoint. Throws a `ConfigError` if one cannot be used, or none answers. Starts nothing on this
   * machine.
   */
  async check(): Promise<void> {
    const remote = this.#places.filter((place) => place.name !== null);
    if (remote.length === 0) return;
    const tried = await Promise.allSettled(remote.map((place) => place.running()));
    const wrong = tried.find((one) => one.status === "rejected" && one.reason instanceof ConfigError);
    if (wrong?.status === "rejected") throw wrong.reason;
    if (tried.every((one) => one.status === "rejected")) throw this.#noneAnswers();
  }

  /**
   * Opens a context that reaches `world` and nothing else. Throws a `Fault` if that fails, and then leaves nothing
   * behind.
   */
  async openContext(world: EpisodeWorld): Promise<EpisodeContext & { network: EpisodeNetwork }> {
    const place = await this.#take();
    try {
      const running = await place.running();
      return await this.#openIn(place, running, world);
    } catch (error) {
      this.#give(place);
      throw error;
    }
  }

  async #openIn(
    place: Place,
    running: RunningBrowser,
    world: EpisodeWorld,
  ): Promise<EpisodeContext & { network: EpisodeNetwork }> {
    const { context, network } = await this.#openBare(running, world, place.name).catch((error: unknown) => {
      if (error instanceof Fault && error.cause instanceof TooLate) place.lose(running, error.message);
      throw error;
    });
    const ours = contextBrowser(running, place.name);
    const { pagesCreated } = running;
    let contextId: string | undefined;
    /** Pages that were there before the first one that was asked for. */
    let earlier = 0;
    let counted: Promise<void> | undefined;
    const identify = async (page: Page) => {
      contextId = (await openPageWorld(page)).browserContextId;
    };
    try {
      // One script costs every document less than two would.
      const content = `${refuseWebRtc};\n${await listenerHook()}`;
      await withDeadline(context.addInitScript({ content }), OPEN_MS);
      if (world.storage) {
        // To fill the storage, Playwright opened a page of its own. Nobody should wait for that one.
        const page = await withDeadline(context.newPage(), OPEN_MS);
        await withDeadline(identify(page), OPEN_MS);
        earlier = pagesCreated.get(contextId!) ?? 0;
        await withDeadline(page.close(), OPEN_MS);
      }
    } catch (cause) {
      await within(context.close(), CLOSE_MS);
      await network[Symbol.asyncDispose]();
      throw await soonFault(ours, cause, "a browser context could not be prepared");
    }
    let disposal: Promise<void> | undefined;
    const opened: EpisodeContext & { network: EpisodeNetwork } = {
      browser: ours,
      context,
      network,
      newPage: async () => {
        const page = await context.newPage();
        if (counted === undefined) {
          counted = identify(page);
          // Whoever needs the count gets the error.
          counted.catch(() => {});
        }
        // If the page script comes later than the document, it has to be sent and read a second time.
        await openPageWorld(page);
        return page;
      },
      waitUntilCounted: async () => counted,
      countCreatedPages: () => (contextId === undefined ? 0 : (pagesCreated.get(contextId) ?? 0) - earlier),
      [Symbol.asyncDispose]: () =>
        (disposal ??= (async () => {
          this.#open.delete(opened);
          if (contextId !== undefined) pagesCreated.delete(contextId);
          const closed = running.isConnected() && (await within(context.close(), CLOSE_MS));
          await network[Symbol.asyncDispose]();
          // A browser that no longer closes a context is replaced.
          if (!closed && running.isConnected()) place.lose(running, "it does not close a context");
          this.#give(place);
        })()),
    };
    this.#open.add(opened);
    return opened;
  }

  /** A context whose only network is `world`. */
  async #openBare(running: RunningBrowser, world: NetworkWorld, name: string | null) {
    const { proxyHost, proxyListen, width, height, locale, timezone } = this.#config;
    // If the browser is elsewhere, others can reach the port, too.
    const credentials =
      name === null ? undefined : { username: "episode", password: randomBytes(16).toString("hex") };
    const network = await openNetwork(world, {
      listenHost: name === null ? "127.0.0.1" : (proxyListen ?? proxyHost),
      ...(credentials ? { credentials } : {}),
    });
    const server = name === null ? "127.0.0.1" : urlHost(proxyHost);
    try {
      const opening = running.browser.newContext({
        viewport: { width, height },
        deviceScaleFactor: 1,
        locale,
        timezoneId: timezone,
        colorScheme: "light",
        reducedMotion: "reduce",
        acceptDownloads: false,
        // With a guard, HTTPS ends in the proxy, which checks certificates itself.
        ignoreHTTPSErrors: (world.selfSigned ?? false) || world.guard !== undefined,
        ...(world.storage && { storageState: world.storage.state }),
        proxy: { server: `http://${server}:${network.port}`, ...credentials },
      });
      return { context: await withDeadline(opening, OPEN_MS), network };
    } catch (cause) {
      await network[Symbol.asyncDispose]();
      if (cause instanceof TooLate)
        throw name === null
          ? new Fault("browser_crashed", "the browser does not answer", { retryable: true, cause })
          : reportLost(name, "it opens no context", cause);
      throw await soonFault(contextBrowser(running, name), cause, "a browser context could not be opened");
    }
  }

  /** Throws a `ConfigError` if pages in a browser elsewhere cannot reach this machine. */
  async #assertReach(running: RunningBrowser, name: string): Promise<void> {
    const world = { hosts: new Map([[PROBE, () => new Response("reached")]]), allowedHosts: [] };
    try {
      const { context, network } = await this.#openBare(running, world, name);
      try {
        const page = await withDeadline(context.newPage(), OPEN_MS);
        const found = await withDeadline(page.goto(`http://${PROBE}/`, { timeout: REACH_MS }), OPEN_MS);
        if ((await found?.text()) !== "reached") throw new Error("another page came");
      } finally {
        await within(context.close(), CLOSE_MS);
        await network[Symbol.asyncDispose]();
      }
    } catch (cause) {
      const fault = await soonFault(contextBrowser(running, name), cause, "");
      await running.close();
      if (cause instanceof Fault) throw cause;
      if (fault.code === "browser_lost") throw fault;
      const { proxyHost, proxyListen } = this.#config;
      const said = /net::\w+/.exec(String(cause))?.[0] ?? String((cause as Error).message).split("\n")[0];
      throw new ConfigError(
        `the browser at ${name} does not reach this machine at ${proxyHost} (browser.proxyHost): ${said}`,
        `Set browser.proxyHost to the address of this machine that the browser sees; it listens on ${proxyListen ?? proxyHost} (browser.proxyListen), on any free port.`,
        { cause },
      );
    }
  }

  /** Finds a place that has room and whose browser runs, and counts one episode more in it. */
  async #take(): Promise<Place> {
    invariant(!this.#disposed, "the browser pool is in use after its disposal");
    this.#watchHealth();
    const tried = new Set<Place>();
    for (;;) {
      const place = choosePlace(this.#places, tried);
      if (place === null) {
        if (tried.size === this.#places.length) throw this.#noneAnswers();
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
        invariant(!this.#disposed, "the browser pool was disposed while an episode waited for a place");
        continue;
      }
      place.open++;
      try {
        await place.running();
        return place;
      } catch (error) {
        this.#give(place);
        if (place.name === null || error instanceof ConfigError) throw error;
        tried.add(place);
      }
    }
  }

  #give(place: Place): void {
    place.open--;
    this.#wake();
  }

  /** Lets everybody who waits for room look again. */
  #wake(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  #noneAnswers(): Error {
    const all =
      this.#places.length === 1 ? "the browser endpoint" : `all ${this.#places.length} browser endpoints`;
    const message = `${all} cannot be used: ${this.#places.map((place) => place.why).join("; ")}`;
    return this.#places.some((place) => place.worked)
      ? new Fault("browser_lost", message, { retryable: true })
      : new ConfigError(message, "Start the browsers, or correct browser.endpoints.");
  }

  /** From time to time, checks whether every endpoint answers, and reconnects to those that paused. */
  #watchHealth(): void {
    if (this.#health !== undefined || this.#places[0]!.name === null) return;
    this.#health = setInterval(() => {
      for (const place of this.#places) void place.checkHealth().then(() => this.#wake());
    }, HEALTH_MS);
    this.#health.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    clearInterval(this.#health);
    for (const context of this.#open) await context[Symbol.asyncDispose]();
    await Promise.all(this.#places.map((place) => place[Symbol.asyncDispose]()));
    this.#wake();
  }
}

type NetworkWorld = Pick<
  EpisodeWorld,
  "hosts" | "allowedHosts" | "privateHosts" | "selfSigned" | "guard" | "storage"
>;

function localPlace(config: BrowserConfig): Place {
  return new Place({
    name: null,
    weight: 1,
    max: Number.POSITIVE_INFINITY,
    start: async () => watchBrowser(await launchBrowser(config)),
  });
}

/** Throws a `ConfigError` if the endpoint's browser is not Chromium. */
async function joinWatched(endpoint: BrowserEndpoint, args: string[]): Promise<RunningBrowser> {
  const browser = await joinBrowser(endpoint, args);
  try {
    return await withDeadline(watchBrowser(browser), OPEN_MS);
  } catch (cause) {
    await within(browser.close(), CLOSE_MS);
    const kind = browser.browserType().name();
    if (kind === "chromium") throw reportLost(nameOf(endpoint), "it does not answer", cause);
    throw new ConfigError(
      `the browser at ${nameOf(endpoint)} is ${kind} and has no DevTools`,
      "Start a Chromium or Chrome there.",
      { cause },
    );
  }
}

/** Browsers elsewhere reach the proxy at `proxyHost`: something of this machine has to listen there. */
function checkListen({ proxyHost, proxyListen }: Pick<BrowserBlock, "proxyHost" | "proxyListen">): void {
  if (proxyListen !== null || proxyHost === "localhost" || isOwnAddress(proxyHost)) return;
  throw new ConfigError(
    `${proxyHost} (browser.proxyHost) is not an address of this machine, so its proxy cannot listen there`,
    "Set browser.proxyListen to the address to listen on, or to 0.0.0.0 for all.",
  );
}

const isOwnAddress = (host: string): boolean =>
  /^127\.|^::1$/.test(host) ||
  Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host));

const urlHost = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

function contextBrowser(running: RunningBrowser, endpoint: string | null): ContextBrowser {
  return { isConnected: () => running.isConnected(), endpoint };
}

function reportLost(name: string, why: string, cause: unknown): Fault {
  return new Fault("browser_lost", `the browser at ${name} is gone: ${why}`, { retryable: true, cause });
}

/** {@link browserFault} after a short wait: the message that the connection has ended may come after the failure. */
async function soonFault(browser: ContextBrowser, cause: unknown, message: string): Promise<Fault> {
  if (/closed|disconnected/i.test(String(cause)))
    for (let i = 0; i < 20 && browser.isConnected(); i++) await sleep(25);
  return browserFault(browser, cause, message);
}

/** The fault behind a failed browser call. */
export function browserFault(browser: ContextBrowser, cause: unknown, message: string): Fault {
  if (cause instanceof Fault) return cause;
  const detail = String((cause as Error).message ?? cause)
    .split("\n")[0]!
    .slice(0, 200);
  if (browser.isConnected())
    return new Fault("observation_failed", `${message}: ${detail}`, { retryable: true, cause });
  return browser.endpoint
    ? reportLost(browser.endpoint, detail, cause)
    : new Fault("browser_crashed", "the browser is gone", { retryable: true, cause });
}
