/**
 * @file The tabs of an episode: tracks which one is active and which open and close, and waits until the active one is
 * at rest.
 */

import type { Page } from "playwright-core";
import { z } from "zod";
import type { ActionError } from "../core/action.ts";
import { Fault, invariant } from "../core/errors.ts";
import type { ObservationFormat, Observation } from "../core/observation.ts";
import { Background } from "./background.ts";
import { withDeadline, TooLate } from "./with-deadline.ts";
import { explainNetError, isWorldsError } from "./net-error.ts";
import { observeDocument } from "./observe.ts";
import type { ObservedDocument } from "./observe.ts";
import { DocumentGone } from "./page-world.ts";
import { travel } from "./perform.ts";
import type { EpisodeContext } from "./pool.ts";
import { Tab, shortenUrl } from "./tab.ts";

export const browserLimitsSchema = z.strictObject({
  navigationMs: z
    .int()
    .min(100)
    .default(15_000)
    .describe("Milliseconds after which a navigation that has not arrived is a fault."),
  settleMs: z
    .int()
    .min(0)
    .default(4000)
    .describe("The most milliseconds that a page may take to become quiet before it is observed as it is."),
  responseMs: z
    .int()
    .min(100)
    .default(15_000)
    .describe(
      "Milliseconds after which a page that does not react to an action or an observation is a fault.",
    ),
  waitMs: z
    .int()
    .min(0)
    .default(1000)
    .describe("The most milliseconds that `Wait` waits for something to happen."),
});

export type BrowserLimits = z.infer<typeof browserLimitsSchema>;

/** When a document counts as at rest. */
export interface Settle {
  /** It has been unchanged for this long. */
  quietMs: number;
  /** Before that, wait up to this long for anything to happen at all. */
  awaitActivityMs: number;
  /** A navigation and an answer of the page may take this long, even if the limits allow less. */
  patienceMs?: number;
}

const MAX_TABS = 8;
/** How long a tab in the background may take to tell its title. */
const TITLE_MS = 1000;
/** How long a new tab may take to appear, and to begin its first navigation. */
const NEW_TAB_MS = 2000;

export class Tabs {
  readonly #opened: EpisodeContext;
  readonly #limits: BrowserLimits;
  readonly #format: ObservationFormat;
  #tabs: Tab[] = [];
  #active: Tab | undefined;
  /** Pages that Playwright has announced. */
  #pagesSeen = 0;
  #pageWaiters: (() => void)[] = [];
  /** Tabs when the action began. */
  #known = 0;
  /** A tab was opened and went away before it could be used. */
  #lostTab = false;
  #blockedHost: string | null = null;
  /** What is known to change for ever in the pages of this episode. */
  readonly #noise = new Set<string>();
  readonly #background: Background;
  readonly #isDown: (status: number) => boolean;

  constructor(
    opened: EpisodeContext,
    limits: BrowserLimits,
    format: ObservationFormat,
    isDown = (status: number) => status >= 500,
  ) {
    this.#opened = opened;
    this.#limits = limits;
    this.#format = format;
    this.#isDown = isDown;
    this.#background = new Background(limits.settleMs);
    if (opened.given) this.#add(opened.given);
    opened.context.on("page", (page) => this.#add(page));
  }

  /** The process of the active tab's page is gone. */
  get crashed(): boolean {
    return this.#active?.crashed ?? false;
  }

  /** Forgets what earlier actions led to. */
  beginAction(): void {
    this.#known = this.#tabs.length;
    this.#blockedHost = null;
    this.#lostTab = false;
    this.#opened.network.lastBlocked = null;
    this.#background.act();
    for (const tab of this.#tabs) tab.failedNavigation = null;
  }

  /** The host to which the action would have led, had it been allowed. */
  findBlockedHost(): string | null {
    return this.#blockedHost ?? (this.#hasLostTab() ? this.#opened.network.lastBlocked : null);
  }

  /** A tab that the action opened is gone again. */
  #hasLostTab(): boolean {
    return this.#lostTab || this.#tabs.slice(this.#known).some((tab) => tab.page.isClosed());
  }

  takeNotices(): string[] {
    const notices = this.#tabs.flatMap((tab) => tab.takeNotices());
    if (notices.length > 0 || !this.#hasLostTab() || this.findBlockedHost() !== null) return notices;
    // This is reported once for each action.
    this.#lostTab = false;
    this.#known = this.#tabs.length;
    return ["a new tab opened and closed again"];
  }

  switchTo(index: number): ActionError | null {
    const tabs = this.open();
    const tab = tabs[index];
    if (!tab)
      return {
        code: "not_actionable",
        message: `there is no tab ${index}; there are ${tabs.length}, counted from 0`,
      };
    this.#active = tab;
    return null;
  }

  /** The tabs for an observation of the active one. */
  async describe(
    active: { title: string; url: string },
    signal: AbortSignal | undefined,
  ): Promise<Observation["tabs"]> {
    return Promise.all(
      this.open().map(async (tab) => {
        if (tab === this.#active) return { title: active.title, url: active.url, active: true };
        return { title: await this.#title(tab, signal), url: tab.page.url(), active: false };
      }),
    );
  }

  /**
   * The title of a tab in the background. Its page may hang or be gone, which does not matter before somebody looks at
   * it.
   */
  async #title(tab: Tab, signal: AbortSignal | undefined): Promise<string> {
    try {
      const title = await withDeadline(tab.unlessNavigating(tab.page.title()), TITLE_MS, signal);
      return title;
    } catch (error) {
      signal?.throwIfAborted();
      if (!this.#opened.browser.isConnected()) throw error;
      return shortenUrl(tab.page.url());
    }
  }

  /** Waits until the page is quiet, and returns its state. */
  async waitUntilQuiet(settle: Settle, signal: AbortSignal | undefined): Promise<ObservedDocument> {
    const { settleMs } = this.#limits;
    const [navigationMs, responseMs] = (["navigationMs", "responseMs"] as const).map((name) =>
      Math.max(this.#limits[name], settle.patienceMs ?? 0),
    ) as [number, number];
    const started = performance.now();
    const measureSpent = () => performance.now() - started;
    let forgetNavigation = false;
    let { awaitActivityMs } = settle;
    for (;;) {
      signal?.throwIfAborted();
      if (measureSpent() > navigationMs + settleMs + 2 * responseMs)
        throw new Fault("observation_failed", "the page does not come to rest", { retryable: true });
      await this.#newTabs();
      const tab = await this.current();
      if (tab !== this.#tabs[0] && !tab.begun && isBlank(tab)) {
        // A tab that a page opened; its navigation is about to follow.
        await this.#waitForFirstDocument(tab);
        if (tab.page.isClosed()) continue;
      }
      if (tab.navigating) {
        await this.#arrival(tab, navigationMs - measureSpent(), signal);
        continue;
      }
      if (await this.#refusedNavigation(tab)) {
        forgetNavigation = true;
        continue;
      }
      this.#checkDocument(tab);
      const { version } = tab;
      let document: ObservedDocument | null | "navigating";
      try {
        const maxMs = Math.max(0, settleMs - measureSpent());
        const { width, height } = tab.page.viewportSize()!;
        const look = observeDocument(tab.page, this.#format, [0, 0, width, height], {
          quietMs: settle.quietMs,
          maxMs: Math.max(maxMs, awaitActivityMs),
          awaitActivityMs,
          forgetNavigation,
          noise: [...this.#noise],
        });
        document = await withDeadline(
          tab.unlessNavigating(look),
          responseMs + maxMs + awaitActivityMs,
          signal,
        );
      } catch (error) {
        if (!isReplaced(error) && !(tab.page.isClosed() && this.open().length > 0)) throw error;
        continue;
      }
      awaitActivityMs = 0;
      forgetNavigation = false;
      if (document === "navigating") continue;
      if (this.#active !== tab || tab.page.isClosed() || this.#opened.countCreatedPages() > this.#pagesSeen)
        continue;
      if (document === null) {
        if (measureSpent() > navigationMs) throw navigationTimeout(tab);
        // A navigation was asked for, but the browser has not begun it; a `beforeunload` or a script may still stop it.
        const before = tab.version;
        await withDeadline(tab.happens(version, 1000), 2000, signal);
        forgetNavigation = tab.version === before && version === before;
        continue;
      }
      if (tab.navigating || tab.failedNavigation) continue;
      if (document.snapshot.url.startsWith("chrome-error:")) {
        await this.#leaveErrorPage(tab);
        continue;
      }
      this.#checkDocument(tab);
      for (const name of document.noise) this.#noise.add(name);
      if (tab.requests > 0 && measureSpent() < settleMs) {
        await withDeadline(tab.happens(tab.version, settleMs - measureSpent()), settleMs + 1000, signal);
        continue;
      }
      // If a script in the head does not come, the rest of the document is kept from the page. A document that a script
      // has emptied says that it is loading, too, but nothing of it is to come.
      if (isEmpty(document) && tab.arriving && (await this.#isParsing(tab, signal))) {
        if (measureSpent() > navigationMs) throw navigationTimeout(tab);
        await withDeadline(tab.happens(tab.version, 500), 1500, signal);
        continue;
      }
      if (measureSpent() >= settleMs) tab.giveUpRequests();
      return document;
    }
  }

  async #isParsing(tab: Tab, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      const state = tab.unlessNavigating(tab.page.evaluate("document.readyState"));
      return !["interactive", "complete"].includes(
        (await withDeadline(state, this.#limits.responseMs, signal)) as string,
      );
    } catch (error) {
      if (!isReplaced(error) && !tab.page.isClosed()) throw error;
      // There is another document to look at.
      return true;
    }
  }

  async #waitForFirstDocument(tab: Tab): Promise<void> {
    const { network } = this.#opened;
    const end = performance.now() + NEW_TAB_MS;
    while (tab.version === 0 && network.lastBlocked === null && performance.now() < end)
      await tab.happens(0, 50);
    tab.begun = true;
    // It was opened for a download.
    if (!tab.navigating && !URL.canParse(tab.page.url()))
      await withDeadline(tab.page.close(), this.#limits.responseMs);
    // Its navigation may have been refused before it could be listened to.
    if (tab.version === 0 && network.lastBlocked !== null && tab.page.url() === "about:blank") {
      this.#blockedHost = network.lastBlocked;
      await withDeadline(tab.page.close(), this.#limits.responseMs);
    }
  }

  /** Waits for pages that the browser has opened but that are not tabs yet. */
  async #newTabs(): Promise<void> {
    if (this.#opened.countCreatedPages() <= this.#pagesSeen) return;
    const announced = new Promise<void>((resolve) => this.#pageWaiters.push(resolve));
    // Chromium itself closes a tab whose first navigation was refused.
    await withDeadline(announced, this.#opened.network.lastBlocked === null ? NEW_TAB_MS : 500).catch(
      (error: unknown) => {
        if (!(error instanceof TooLate)) throw error;
        // It was closed before it was set up.
        this.#pagesSeen = this.#opened.countCreatedPages();
        this.#lostTab = true;
      },
    );
  }

  /** Waits until the tab's navigation has arrived or come to nothing. */
  async #arrival(tab: Tab, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const end = performance.now() + ms;
    while (tab.navigating && !tab.page.isClosed() && !tab.crashed) {
      if (performance.now() >= end) throw navigationTimeout(tab);
      await withDeadline(tab.happens(tab.version, end - performance.now()), ms + 1000, signal);
    }
  }

  /** Deals with a navigation that came to nothing. `true`: the tab is not what it was, look again. */
  async #refusedNavigation(tab: Tab): Promise<boolean> {
    const failed = tab.failedNavigation;
    if (!failed) return false;
    tab.failedNavigation = null;
    if (!this.#opened.network.allows(failed.url))
      this.#blockedHost = URL.canParse(failed.url) ? new URL(failed.url).host || failed.url : failed.url;
    else if (isWorldsError(failed.error))
      throw new Fault(
        "site_down",
        `${failed.url} cannot be reached: ${this.why(failed.url) ?? failed.error}`,
        {
          retryable: true,
        },
      );
    // Aborted: by the page itself, by a navigation that came after it, or because it was a download.
    else if (!/ERR_ABORTED/.test(failed.error))
      tab.notices.push(`${shortenUrl(failed.url)} could not be opened: ${explainNetError(failed.error)}`);
    // A new tab that shows nothing and is not going to.
    if (tab.page.url() === "about:blank" && tab.empty && this.open().length > 1)
      await withDeadline(tab.page.close(), this.#limits.responseMs);
    return true;
  }

  /** Chromium's own page about a navigation that failed: the agent stays where it was. */
  async #leaveErrorPage(tab: Tab): Promise<void> {
    const { network } = this.#opened;
    if (network.lastBlocked !== null) this.#blockedHost ??= network.lastBlocked;
    const { responseMs } = this.#limits;
    const back = await withDeadline(travel(tab.page, -1), responseMs);
    // This tab was never anywhere else.
    if (!back) await withDeadline(tab.page.close(), responseMs);
  }

  /** A document is not a page if it says that its site is down, or if a part of it is missing. */
  #checkDocument({ document }: Tab): void {
    if (!document) return;
    const { url, status, broken } = document;
    if (broken !== null)
      throw new Fault("site_down", `${url} did not arrive whole: ${this.why(url) ?? broken}`, {
        retryable: true,
      });
    if (this.#isDown(status)) throw new Fault("site_down", `${url} answered ${status}`, { retryable: true });
  }

  /** Why its host could not be reached, as far as the proxy knows. */
  why(url: string): string | undefined {
    return URL.canParse(url) ? this.#opened.network.failures.get(new URL(url).host) : undefined;
  }

  #add(page: Page): void {
    this.#pagesSeen++;
    for (const resume of this.#pageWaiters.splice(0)) resume();
    if (this.open().length >= MAX_TABS) {
      void page.close().catch(() => this.open());
      return;
    }
    const tab = new Tab(page, this.#background);
    this.#tabs.push(tab);
    this.#active = tab;
  }

  open(): Tab[] {
    return this.#tabs.filter((tab) => !tab.page.isClosed());
  }

  /** The active tab. If it was closed: the newest tab that is left, or a blank one if none is left. */
  async current(): Promise<Tab> {
    if (this.#active?.crashed) throw createCrashFault();
    if (this.#active && !this.#active.page.isClosed()) return this.#active;
    this.#active = this.open().at(-1);
    if (!this.#active) await withDeadline(this.#opened.newPage(), this.#limits.responseMs);
    invariant(this.#active, "a new page is a tab");
    return this.#active;
  }
}

export const createCrashFault = (cause?: unknown) =>
  new Fault("page_crashed", "the page's process crashed", { retryable: true, cause });

const navigationTimeout = (tab: Tab) =>
  new Fault("navigation_timeout", `a navigation from ${tab.page.url()} did not arrive`, { retryable: true });

const isEmpty = ({ snapshot }: ObservedDocument) =>
  snapshot.elements.length === 0 && snapshot.lines.every((line) => line.trim() === "");

/** A tab whose first navigation became a download does not even have a blank document. */
const isBlank = ({ page }: Tab) => page.url() === "about:blank" || !URL.canParse(page.url());

/** The document went away while it was being read. */
export function isReplaced(error: unknown): boolean {
  if (error instanceof DocumentGone) return true;
  return /Execution context was destroyed|Cannot find context|frame was detached|frame got detached|navigat/i.test(
    String((error as Error).message),
  );
}
