/** @file One browser episode: a fresh context in a private world, observed and acted upon until it ends. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { z } from "zod";
import type { ActionError, ParsedAction } from "../core/action.ts";
import type { Episode, TimeStep } from "../core/episode.ts";
import { Fault, invariant } from "../core/errors.ts";
import type { ObservationFormat, Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Ending, Verdict } from "../core/trajectory.ts";
import { bounded, TooLate } from "./bounded.ts";
import { findElement } from "./lookup.ts";
import { buildObservation } from "./observation.ts";
import { observeDocument } from "./observe.ts";
import type { ElementTarget, ObservedDocument } from "./observe.ts";
import { pageCalls } from "./page/script.ts";
import { perform, travel } from "./perform.ts";
import { browserFault, VIEWPORT } from "./pool.ts";
import type { BrowserPool, EpisodeContext } from "./pool.ts";
import { Tab } from "./tab.ts";
import type { FinishedPage, EpisodeWorld } from "./world.ts";

export const browserLimitsSchema = z.strictObject({
  navigationMs: z
    .int()
    .min(100)
    .default(15_000)
    .describe("Milliseconds until a navigation that does not arrive is a fault."),
  settleMs: z
    .int()
    .min(0)
    .default(4000)
    .describe("Milliseconds at most that a page may take to become quiet before it is observed as it is."),
  responseMs: z
    .int()
    .min(100)
    .default(15_000)
    .describe("Milliseconds until a page that does not react to an action or an observation is a fault."),
  waitMs: z
    .int()
    .min(0)
    .default(1000)
    .describe("Milliseconds at most that `Wait` waits for something to happen."),
});

export type BrowserLimits = z.infer<typeof browserLimitsSchema>;

export interface BrowserEpisodeOptions {
  format: ObservationFormat;
  /** Recorded; the world is what depends on it. */
  seed: number;
  signal?: AbortSignal;
  limits?: Partial<BrowserLimits>;
}

/** How long a document has to be unchanged to count as quiet. After typing, longer: pages wait for the next key. */
const QUIET_MS = 25;
const QUIET_AFTER_TYPING_MS = 200;
const MAX_TABS = 8;
/** How long a new tab may take to appear, and to begin its first navigation. */
const NEW_TAB_MS = 2000;

/**
 * Starts an episode in `world` and takes it over: it is disposed with the episode, or at once if the start fails.
 * Throws a `Fault` if the world cannot be set up.
 */
export async function startBrowserEpisode(
  pool: BrowserPool,
  task: Task,
  world: EpisodeWorld,
  options: BrowserEpisodeOptions,
): Promise<Episode> {
  const { signal } = options;
  let opened: EpisodeContext | undefined;
  try {
    signal?.throwIfAborted();
    opened = await pool.openContext(world);
    const episode = new BrowserEpisode(task, world, opened, options);
    await episode.start(signal);
    return episode;
  } catch (error) {
    await opened?.[Symbol.asyncDispose]();
    await world.dispose?.();
    signal?.throwIfAborted();
    throw error;
  }
}

type Settle = { quietMs: number; awaitActivityMs: number };

class BrowserEpisode implements Episode {
  readonly task: Task;
  readonly #world: EpisodeWorld;
  readonly #opened: EpisodeContext;
  readonly #format: ObservationFormat;
  readonly #limits: BrowserLimits;
  #first: Observation | undefined;
  #tabs: Tab[] = [];
  #active: Tab | undefined;
  #last: Observation | undefined;
  #targets: ElementTarget[] = [];
  #pagesSeen = 0;
  /** A tab was opened and went away before it could be used. */
  #lostTab = false;
  #pageWaiters: (() => void)[] = [];
  #blockedHost: string | null = null;
  #state: "running" | "stepping" | "ended" | "disposed" = "running";
  #disposal: Promise<void> | undefined;

  constructor(task: Task, world: EpisodeWorld, opened: EpisodeContext, options: BrowserEpisodeOptions) {
    this.task = task;
    this.#world = world;
    this.#opened = opened;
    this.#format = options.format;
    this.#limits = browserLimitsSchema.parse(options.limits ?? {});
    opened.context.on("page", (page) => this.#addTab(page));
  }

  get first(): Observation {
    invariant(this.#first, "the episode has not started");
    return this.#first;
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    const { context, network } = this.#opened;
    const { startUrl, cookies } = this.#world;
    try {
      if (cookies.length > 0)
        await bounded(
          context.addCookies(
            cookies.map(({ host, name, value, path = "/", httpOnly, secure }) => ({
              name,
              value,
              domain: host.replace(/:\d+$/, ""),
              path,
              ...(httpOnly !== undefined && { httpOnly }),
              ...(secure !== undefined && { secure }),
            })),
          ),
          this.#limits.responseMs,
          signal,
        );
      const page = await bounded(this.#opened.newPage(), this.#limits.responseMs, signal);
      const response = await bounded(
        page.goto(startUrl, { waitUntil: "commit", timeout: 0 }),
        this.#limits.navigationMs,
        signal,
      );
      if (response && response.status() >= 500)
        throw new Fault("site_down", `${startUrl} answered ${response.status()}${this.#why(startUrl)}`, {
          retryable: true,
        });
      this.#first = await this.#observe(null, { quietMs: QUIET_MS, awaitActivityMs: 0 }, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TooLate)
        throw new Fault("navigation_timeout", `${startUrl} did not arrive: ${error.message}`, {
          retryable: true,
          cause: error,
        });
      if (!network.allows(startUrl))
        throw new Fault("site_down", `the start page ${startUrl} is not on a host of this episode`, {
          retryable: false,
          cause: error,
        });
      if (/net::ERR_/.test(String(error)))
        throw new Fault("site_down", `${startUrl} cannot be reached${this.#why(startUrl)}`, {
          retryable: true,
          cause: error,
        });
      throw await this.#fault(error);
    }
  }

  async step(parsed: ParsedAction, options: { signal?: AbortSignal } = {}): Promise<TimeStep> {
    invariant(this.#state === "running", `step on an episode that is ${this.#state}`);
    const { signal } = options;
    signal?.throwIfAborted();
    this.#state = "stepping";
    try {
      const next = await this.#step(parsed, signal);
      this.#state = next.kind === "last" ? "ended" : "running";
      return next;
    } catch (error) {
      this.#state = "ended";
      signal?.throwIfAborted();
      const { code, message } = await this.#fault(error);
      return { kind: "last", observation: null, ending: { kind: "faulted", code, message } };
    }
  }

  async screenshot(): Promise<Uint8Array> {
    invariant(this.#state !== "disposed", "screenshot after disposal");
    try {
      const tab = await this.#currentTab();
      return await bounded(tab.page.screenshot({ type: "png", timeout: 0 }), this.#limits.responseMs);
    } catch (error) {
      throw await this.#fault(error);
    }
  }

  async verify(answer: string | null): Promise<Verdict | null> {
    invariant(this.#state !== "disposed", "verify after disposal");
    if (!this.#world.verify) return null;
    let page: FinishedPage;
    try {
      const tab = await this.#currentTab();
      const text = await bounded(tab.page.evaluate(pageCalls.text()), this.#limits.responseMs);
      page = {
        url: tab.page.url(),
        title: this.#last?.title ?? "",
        pageText: String(text).replace(/\s+/g, " ").trim(),
        read: (expression) => bounded(tab.page.evaluate(expression), this.#limits.responseMs),
      };
    } catch (error) {
      throw await this.#fault(error);
    }
    return this.#world.verify(answer, page);
  }

  blockedHosts(): Record<string, number> {
    return { ...this.#opened.network.blocked };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "disposed";
    this.#disposal ??= (async () => {
      try {
        await this.#opened[Symbol.asyncDispose]();
      } finally {
        await this.#world.dispose?.();
      }
    })();
    return this.#disposal;
  }

  async #step(parsed: ParsedAction, signal: AbortSignal | undefined): Promise<TimeStep> {
    const settle: Settle = { quietMs: QUIET_MS, awaitActivityMs: 0 };
    const known = this.#tabs.length;
    const action = parsed.ok ? parsed.action : null;
    if (action?.kind === "exit") {
      const ending: Ending = { kind: "terminated", reason: "exit", answer: action.message };
      return { kind: "last", observation: await this.#observe(null, settle, signal), ending };
    }
    let error: ActionError | null = parsed.ok ? null : parsed.error;
    if (action) {
      this.#blockedHost = null;
      this.#opened.network.lastBlocked = null;
      this.#lostTab = false;
      if (action.kind === "switch_tab") error = this.#switchTab(action.tab);
      else if (action.kind === "wait") {
        settle.quietMs = QUIET_AFTER_TYPING_MS;
        settle.awaitActivityMs = this.#limits.waitMs;
      } else {
        if (action.kind === "type") settle.quietMs = QUIET_AFTER_TYPING_MS;
        const tab = await this.#currentTab();
        for (const each of this.#tabs) each.failedNavigation = null;
        const lookup = (name: string) => findElement(name, this.#last!, this.#targets);
        error = await this.#acting(tab, perform(tab.page, action, lookup), signal);
      }
    }
    let observation = await this.#observe(error, settle, signal);
    const lost = this.#lostTab || this.#tabs.slice(known).some((tab) => tab.page.isClosed());
    if (lost) this.#blockedHost ??= this.#opened.network.lastBlocked;
    if (this.#blockedHost !== null) {
      const blocked: ActionError = {
        code: "blocked",
        message: `${this.#blockedHost} is outside of the sites of this task`,
      };
      observation = await this.#observe(blocked, { quietMs: 0, awaitActivityMs: 0 }, signal);
    }
    const tab = this.#active;
    if (this.#world.ended && tab) {
      const read = (expression: string) =>
        bounded(tab.page.evaluate(expression), this.#limits.responseMs, signal);
      if (await this.#world.ended({ url: observation.url, read }))
        return {
          kind: "last",
          observation,
          ending: { kind: "terminated", reason: "site_end", answer: null },
        };
    }
    return { kind: "mid", observation };
  }

  /** An action may take its own page away: that is not an error. */
  async #acting(
    tab: Tab,
    action: Promise<ActionError | null>,
    signal: AbortSignal | undefined,
  ): Promise<ActionError | null> {
    const version = tab.version;
    try {
      return await bounded(action, this.#limits.responseMs, signal);
    } catch (error) {
      if (error instanceof TooLate)
        throw new Fault("action_timeout", `the page did not react to the action: ${error.message}`, {
          retryable: true,
          cause: error,
        });
      if (isReplaced(error) || (tab.page.isClosed() && this.#tabs.length > 1)) {
        await tab.happens(version, 500);
        if (!tab.crashed && this.#opened.browser.isConnected()) return null;
      }
      throw error;
    }
  }

  #switchTab(index: number): ActionError | null {
    const tabs = this.#openTabs();
    const tab = tabs[index];
    if (!tab)
      return {
        code: "not_actionable",
        message: `there is no tab ${index}; there are ${tabs.length}, counted from 0`,
      };
    this.#active = tab;
    return null;
  }

  /** Settles the active tab and observes it. */
  async #observe(
    error: ActionError | null,
    settle: Settle,
    signal: AbortSignal | undefined,
  ): Promise<Observation> {
    const document = await this.#settled(settle, signal);
    const tabs = this.#openTabs();
    const titles =
      tabs.length === 1
        ? [document.snapshot.title]
        : await Promise.all(
            tabs.map(async (tab) =>
              tab === this.#active
                ? document.snapshot.title
                : bounded(tab.unlessNavigating(tab.page.title()), this.#limits.responseMs, signal),
            ),
          );
    const observation = buildObservation({
      format: this.#format,
      snapshot: document.snapshot,
      tabs: tabs.map((tab, index) => ({
        title: titles[index]!,
        url: tab === this.#active ? document.snapshot.url : tab.page.url(),
        active: tab === this.#active,
      })),
      error,
      notices: this.#tabs.flatMap((tab) => tab.takeNotices()),
    });
    this.#last = observation;
    this.#targets = document.targets;
    return observation;
  }

  /** Waits by what the page does until it is quiet, and returns what it then is. */
  async #settled(settle: Settle, signal: AbortSignal | undefined): Promise<ObservedDocument> {
    const { navigationMs, settleMs, responseMs } = this.#limits;
    const started = performance.now();
    const spent = () => performance.now() - started;
    let forgetNavigation = false;
    let { awaitActivityMs } = settle;
    for (;;) {
      signal?.throwIfAborted();
      if (spent() > navigationMs + settleMs + 2 * responseMs)
        throw new Fault("observation_failed", "the page does not come to rest", { retryable: true });
      await this.#newTabs();
      const tab = await this.#currentTab();
      if (tab !== this.#tabs[0] && !tab.begun && tab.page.url() === "about:blank") {
        // A tab that a page opened; where it goes to is about to follow.
        await this.#beginning(tab);
      }
      if (tab.navigating) {
        await this.#arrival(tab, navigationMs - spent(), signal);
        continue;
      }
      if (await this.#refusedNavigation(tab)) {
        forgetNavigation = true;
        continue;
      }
      const { version } = tab;
      let document: ObservedDocument | null | "navigating";
      try {
        const maxMs = Math.max(0, settleMs - spent());
        const look = observeDocument(tab.page, this.#format, [0, 0, VIEWPORT.width, VIEWPORT.height], {
          quietMs: settle.quietMs,
          maxMs: Math.max(maxMs, awaitActivityMs),
          awaitActivityMs,
          forgetNavigation,
        });
        document = await bounded(tab.unlessNavigating(look), responseMs + maxMs + awaitActivityMs, signal);
      } catch (error) {
        if (!isReplaced(error) && !(tab.page.isClosed() && this.#openTabs().length > 0)) throw error;
        continue;
      }
      awaitActivityMs = 0;
      forgetNavigation = false;
      if (document === "navigating") continue;
      if (this.#active !== tab || tab.page.isClosed() || this.#opened.pagesCreated() > this.#pagesSeen)
        continue;
      if (document === null) {
        if (spent() > navigationMs) throw navigationTimeout(tab);
        // Asked for, but the browser has not begun; a `beforeunload` or a script may still stop it.
        const before = tab.version;
        await bounded(tab.happens(version, 1000), 2000, signal);
        forgetNavigation = tab.version === before && version === before;
        continue;
      }
      if (tab.navigating || tab.failedNavigation) continue;
      if (document.snapshot.url.startsWith("chrome-error:")) {
        await this.#leaveErrorPage(tab);
        continue;
      }
      this.#checkSite(document.snapshot.url);
      if (tab.requests > 0 && spent() < settleMs) {
        await bounded(tab.happens(tab.version, settleMs - spent()), settleMs + 1000, signal);
        continue;
      }
      return document;
    }
  }

  async #beginning(tab: Tab): Promise<void> {
    const { network } = this.#opened;
    const end = performance.now() + NEW_TAB_MS;
    while (tab.version === 0 && network.lastBlocked === null && performance.now() < end)
      await tab.happens(0, 50);
    tab.begun = true;
    // Its navigation may have been refused before it could be listened to.
    if (tab.version === 0 && network.lastBlocked !== null && tab.page.url() === "about:blank") {
      this.#blockedHost = network.lastBlocked;
      await bounded(tab.page.close(), this.#limits.responseMs);
    }
  }

  /** Waits for pages that the browser has opened but that are not tabs yet. */
  async #newTabs(): Promise<void> {
    if (this.#opened.pagesCreated() <= this.#pagesSeen) return;
    const announced = new Promise<void>((resolve) => this.#pageWaiters.push(resolve));
    // Chromium itself closes a tab whose first navigation was refused.
    await bounded(announced, this.#opened.network.lastBlocked === null ? NEW_TAB_MS : 500).catch(
      (error: unknown) => {
        if (!(error instanceof TooLate)) throw error;
        // It was closed before it was set up.
        this.#pagesSeen = this.#opened.pagesCreated();
        this.#lostTab = true;
      },
    );
  }

  /** Waits until the tab's navigation has arrived or come to nothing. */
  async #arrival(tab: Tab, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const end = performance.now() + ms;
    while (tab.navigating && !tab.page.isClosed() && !tab.crashed) {
      if (performance.now() >= end) throw navigationTimeout(tab);
      await bounded(tab.happens(tab.version, end - performance.now()), ms + 1000, signal);
    }
  }

  /** Deals with a navigation that came to nothing. `true`: the tab is not what it was, look again. */
  async #refusedNavigation(tab: Tab): Promise<boolean> {
    const failed = tab.failedNavigation;
    if (!failed) return false;
    tab.failedNavigation = null;
    if (this.#opened.network.allows(failed.url)) {
      if (/ERR_ABORTED/.test(failed.error)) return true;
      throw new Fault("site_down", `${failed.url} cannot be reached${this.#why(failed.url)}`, {
        retryable: true,
      });
    }
    this.#blockedHost = URL.canParse(failed.url) ? new URL(failed.url).host : failed.url;
    if (tab.page.url() === "about:blank" && this.#openTabs().length > 1)
      await bounded(tab.page.close(), this.#limits.responseMs);
    return true;
  }

  /** Chromium's own page about a navigation that failed: the agent stays where it was. */
  async #leaveErrorPage(tab: Tab): Promise<void> {
    const { network } = this.#opened;
    if (network.lastBlocked === null) {
      const [host = "the page", why = "no connection"] = [...network.down].at(-1) ?? [];
      throw new Fault("site_down", `${host} cannot be reached: ${why}`, { retryable: true });
    }
    this.#blockedHost ??= network.lastBlocked;
    const { responseMs } = this.#limits;
    const back = await bounded(travel(tab.page, -1), responseMs);
    // A tab that never was anywhere else.
    if (!back) await bounded(tab.page.close(), responseMs);
  }

  /** A page of a host that does not work is no page. */
  #checkSite(url: string): void {
    const why = this.#why(url);
    if (why !== "") throw new Fault("site_down", `${url} cannot be reached${why}`, { retryable: true });
  }

  #why(url: string): string {
    const why = URL.canParse(url) ? this.#opened.network.down.get(new URL(url).host) : undefined;
    return why === undefined ? "" : `: ${why}`;
  }

  #addTab(page: Page): void {
    this.#pagesSeen++;
    for (const resume of this.#pageWaiters.splice(0)) resume();
    if (this.#openTabs().length >= MAX_TABS) {
      void page.close().catch(() => this.#openTabs());
      return;
    }
    const tab = new Tab(page);
    this.#tabs.push(tab);
    this.#active = tab;
  }

  #openTabs(): Tab[] {
    return this.#tabs.filter((tab) => !tab.page.isClosed());
  }

  /** The active tab; the newest that is left, if it was closed; a blank one, if none is left. */
  async #currentTab(): Promise<Tab> {
    if (this.#active?.crashed) throw pageCrashed();
    if (this.#active && !this.#active.page.isClosed()) return this.#active;
    this.#active = this.#openTabs().at(-1);
    if (!this.#active) await bounded(this.#opened.newPage(), this.#limits.responseMs);
    invariant(this.#active, "a new page is a tab");
    return this.#active;
  }

  async #fault(error: unknown): Promise<Fault> {
    if (error instanceof Fault) return error;
    if (!(error instanceof Error) || error.message.startsWith("invariant violated")) throw error;
    const { browser } = this.#opened;
    // The message about the connection may arrive after the failure that it caused.
    if (/closed|crash|disconnected/i.test(error.message))
      for (let i = 0; i < 20 && browser.isConnected() && !this.#active?.crashed; i++) await sleep(25);
    if (!browser.isConnected()) return browserFault(browser, error, "");
    if (this.#active?.crashed) return pageCrashed(error);
    if (error instanceof TooLate)
      return new Fault("observation_failed", `the page does not answer: ${error.message}`, {
        retryable: true,
        cause: error,
      });
    return browserFault(browser, error, "the page could not be observed");
  }
}

const pageCrashed = (cause?: unknown) =>
  new Fault("page_crashed", "the page's process crashed", { retryable: true, cause });

const navigationTimeout = (tab: Tab) =>
  new Fault("navigation_timeout", `a navigation from ${tab.page.url()} did not arrive`, { retryable: true });

/** The document went away while it was looked at. */
function isReplaced(error: unknown): boolean {
  return /Execution context was destroyed|Cannot find context|frame was detached|frame got detached|navigat/i.test(
    String((error as Error).message),
  );
}
