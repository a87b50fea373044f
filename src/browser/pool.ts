/** @file One browser process for many episodes: started when first needed, started again after it broke. */

import { randomBytes } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { BrowserSettings } from "../core/trajectory.ts";
import { Fault, invariant } from "../core/errors.ts";
import { bounded, TooLate } from "./bounded.ts";
import { launchBrowser, resolveBrowser } from "./launch.ts";
import type { BrowserConfig } from "./launch.ts";
import { refuseWebRtc } from "./no-webrtc.ts";
import { listenerHook, openPageWorld } from "./page-world.ts";
import { openNetwork } from "./proxy.ts";
import type { EpisodeNetwork } from "./proxy.ts";
import type { EpisodeWorld } from "./world.ts";

/** A browser context with a network of its own. Disposing it frees both, also when the browser is gone. */
export interface EpisodeContext extends AsyncDisposable {
  readonly browser: Pick<Browser, "isConnected">;
  readonly context: BrowserContext;
  readonly network: Pick<EpisodeNetwork, "blocked" | "lastBlocked" | "failures" | "allows">;
  newPage(): Promise<Page>;
  /** A page that is there from the start, where one was handed in. */
  readonly given?: Page;
  /** Resolves when {@link pagesCreated} counts, some round trips after the first page was opened. */
  counted(): Promise<void>;
  /** Pages that the browser has created in this context, those included that Playwright has not announced yet. */
  pagesCreated(): number;
}

/** Where an episode gets its context from. */
export interface ContextSource {
  openContext(world: EpisodeWorld): Promise<EpisodeContext>;
}

/** Milliseconds that closing may take before it is given up and the browser is replaced. */
const CLOSE_MS = 10_000;
/** Milliseconds that a browser may take to open a context before it is replaced. */
const OPEN_MS = 30_000;

export class BrowserPool implements ContextSource, AsyncDisposable {
  readonly #config: BrowserConfig;
  #browser: Promise<Browser> | undefined;
  #open = new Set<EpisodeContext>();
  #launches = 0;
  /** Pages created so far, by the browser's own id of the context. */
  #pagesCreated = new Map<string, number>();
  #disposed = false;

  constructor(config: BrowserConfig = {}) {
    this.#config = config;
  }

  /** Contexts that were opened and not disposed. */
  get open(): number {
    return this.#open.size;
  }

  /** What its pages are shown in. */
  get settings(): BrowserSettings {
    const { width, height, locale, timezone } = resolveBrowser(this.#config);
    return { width, height, locale, timezone };
  }

  /** How often a browser was started; more than 1 after a crash. */
  get launches(): number {
    return this.#launches;
  }

  /** The running browser; starts one if there is none. */
  async browser(): Promise<Browser> {
    invariant(!this.#disposed, "the browser pool is in use after its disposal");
    if (this.#browser && !(await this.#browser).isConnected()) this.#browser = undefined;
    if (!this.#browser) {
      this.#launches++;
      const launching = this.#launch();
      this.#browser = launching;
      launching.catch(() => {
        if (this.#browser === launching) this.#browser = undefined;
      });
    }
    return this.#browser;
  }

  /** Opens a context that reaches `world` and nothing else. Throws a `Fault`; nothing is left behind then. */
  async openContext(world: EpisodeWorld): Promise<EpisodeContext & { network: EpisodeNetwork }> {
    const { proxyHost, endpoint } = resolveBrowser(this.#config);
    const { width, height, locale, timezone } = this.settings;
    const browser = await this.browser();
    const credentials = endpoint
      ? { username: "episode", password: randomBytes(16).toString("hex") }
      : undefined;
    const network = await openNetwork(world, {
      listenHost: proxyHost === "127.0.0.1" ? proxyHost : "0.0.0.0",
      ...(credentials ? { credentials } : {}),
    });
    let context: BrowserContext;
    try {
      const opening = browser.newContext({
        viewport: { width, height },
        deviceScaleFactor: 1,
        locale,
        timezoneId: timezone,
        colorScheme: "light",
        reducedMotion: "reduce",
        acceptDownloads: false,
        // With a guard HTTPS ends in the proxy, which checks certificates itself.
        ignoreHTTPSErrors: (world.selfSigned ?? false) || world.guard !== undefined,
        ...(world.storage && { storageState: world.storage.state }),
        proxy: { server: `http://${proxyHost}:${network.port}`, ...credentials },
      });
      context = await bounded(opening, OPEN_MS);
    } catch (cause) {
      await network[Symbol.asyncDispose]();
      if (cause instanceof TooLate) {
        await this.#discard(browser);
        throw new Fault("browser_crashed", "the browser does not answer", { retryable: true, cause });
      }
      throw browserFault(browser, cause, "a browser context could not be opened");
    }
    let contextId: string | undefined;
    /** Pages that were there before the first one that was asked for. */
    let earlier = 0;
    let counted: Promise<void> | undefined;
    const identify = async (page: Page) => {
      contextId = (await openPageWorld(page)).browserContextId;
    };
    try {
      const hook = { content: await listenerHook() };
      await bounded(Promise.all([context.addInitScript(refuseWebRtc), context.addInitScript(hook)]), OPEN_MS);
      if (world.storage) {
        // Playwright filled the storage with a page of its own, which nobody is to wait for.
        const page = await bounded(context.newPage(), OPEN_MS);
        await bounded(identify(page), OPEN_MS);
        earlier = this.#pagesCreated.get(contextId!) ?? 0;
        await bounded(page.close(), OPEN_MS);
      }
    } catch (cause) {
      await within(context.close(), CLOSE_MS);
      await network[Symbol.asyncDispose]();
      throw browserFault(browser, cause, "a browser context could not be prepared");
    }
    let disposal: Promise<void> | undefined;
    const opened: EpisodeContext & { network: EpisodeNetwork } = {
      browser,
      context,
      network,
      newPage: async () => {
        const page = await context.newPage();
        if (counted === undefined) {
          counted = identify(page);
          // Whoever needs it asks for it.
          counted.catch(() => {});
        }
        return page;
      },
      counted: async () => counted,
      pagesCreated: () => (contextId === undefined ? 0 : (this.#pagesCreated.get(contextId) ?? 0) - earlier),
      [Symbol.asyncDispose]: () =>
        (disposal ??= (async () => {
          this.#open.delete(opened);
          if (contextId !== undefined) this.#pagesCreated.delete(contextId);
          const closed = await within(context.close(), CLOSE_MS);
          await network[Symbol.asyncDispose]();
          // A browser that does not close a context any more is replaced.
          if (!closed && browser.isConnected()) await this.#discard(browser);
        })()),
    };
    this.#open.add(opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const context of this.#open) await context[Symbol.asyncDispose]();
    const browser = await this.#browser?.catch(() => undefined);
    if (browser) await this.#discard(browser);
  }

  async #launch(): Promise<Browser> {
    const browser = await launchBrowser(this.#config);
    this.#pagesCreated.clear();
    // Playwright announces a new page only once it is set up, which is too late to know that a click opened one.
    const session = await browser.newBrowserCDPSession();
    session.on("Target.targetCreated", ({ targetInfo }) => {
      const id = targetInfo.browserContextId;
      if (targetInfo.type !== "page" || id === undefined) return;
      this.#pagesCreated.set(id, (this.#pagesCreated.get(id) ?? 0) + 1);
    });
    await session.send("Target.setDiscoverTargets", { discover: true, filter: [{ type: "page" }] });
    return browser;
  }

  async #discard(browser: Browser): Promise<void> {
    if ((await this.#browser?.catch(() => undefined)) === browser) this.#browser = undefined;
    await within(browser.close(), CLOSE_MS);
  }
}

/** Whether `promise` was fulfilled within the time; its failure counts as not. */
async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = promise.then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The fault behind a failed browser call. */
export function browserFault(browser: Pick<Browser, "isConnected">, cause: unknown, message: string): Fault {
  if (cause instanceof Fault) return cause;
  const detail = String((cause as Error).message ?? cause)
    .split("\n")[0]!
    .slice(0, 200);
  return browser.isConnected()
    ? new Fault("observation_failed", `${message}: ${detail}`, { retryable: true, cause })
    : new Fault("browser_crashed", "the browser is gone", { retryable: true, cause });
}
