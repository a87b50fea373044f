/** @file One browser episode: a fresh context in a private world, observed and acted upon until it ends. */

import type { BrowserContext } from "playwright-core";
import type { ActionError, ParsedAction } from "../core/action.ts";
import type { Episode, TimeStep } from "../core/episode.ts";
import { Fault, invariant } from "../core/errors.ts";
import type { ObservationFormat, Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Ending, Verdict } from "../core/trajectory.ts";
import { redact, redactJson } from "../text/secrets.ts";
import { admitAction } from "./admit.ts";
import type { LiveAction } from "./admit.ts";
import { withDeadline, TooLate } from "./with-deadline.ts";
import { faultBehind, startFault } from "./episode-faults.ts";
import { hideSecrets } from "./hide-secrets.ts";
import type { MakeGuard } from "./guard.ts";
import { findElement } from "./lookup.ts";
import { buildObservation } from "./observation.ts";
import type { ElementTarget, ObservedDocument } from "./observe.ts";
import { mainDocument } from "./page-world.ts";
import { perform } from "./perform.ts";
import type { ContextSource, EpisodeContext } from "./pool.ts";
import { pageReader } from "./reader.ts";
import type { PageReader } from "./reader.ts";
import { restoreSession } from "./storage.ts";
import type { Tab } from "./tab.ts";
import { browserLimitsSchema, isReplaced, Tabs } from "./tabs.ts";
import type { BrowserLimits, Settle } from "./tabs.ts";
import { hostOf } from "./typed-secrets.ts";
import type { FinishedPage, EpisodeWorld } from "./world.ts";

export type { BrowserLimits } from "./tabs.ts";

export interface BrowserEpisodeOptions {
  format: ObservationFormat;
  /** Recorded; only the world depends on it. */
  seed: number;
  signal?: AbortSignal;
  limits?: Partial<BrowserLimits>;
  /** Makes the guard, which is asked before every action and for every outgoing request. */
  guard?: MakeGuard | undefined;
  /** What the first observation tells the agent besides the page. */
  notice?: string | undefined;
  /** Called at the end of every step but `exit` that did not fault. */
  onStepTimes?: (times: StepTimes) => void;
}

export interface StepOptions {
  signal?: AbortSignal | undefined;
  /** Aborts the question whether the action may be done, without ending the episode; the answer is then no. */
  askSignal?: AbortSignal | undefined;
  /** Called when the guard has let the action pass, before the page is touched. */
  onAdmitted?: (() => void) | undefined;
}

/** Where the milliseconds of a step went. */
export interface StepTimes {
  /** Finding the element, and using mouse and keyboard. */
  actMs: number;
  /** Navigation, and waiting until the page was quiet. */
  waitMs: number;
  /** Reading the page and making the observation. */
  observeMs: number;
}

const reportStopped = (message: string): ActionError => ({ code: "blocked", message });
const outside = (where: string): ActionError => ({
  code: "blocked",
  message: `${where} is outside of the sites of this task`,
});

/** How long a document has to be unchanged to count as quiet. */
const QUIET_MS = 25;
const QUIET_AFTER_WAIT_MS = 200;

/**
 * Starts an episode in `world` and takes it over: it is disposed with the episode, or at once if the start fails.
 * Throws a `Fault` if the world cannot be set up.
 */
export async function startBrowserEpisode(
  pool: ContextSource,
  task: Task,
  world: EpisodeWorld,
  options: BrowserEpisodeOptions,
): Promise<BrowserEpisode> {
  const { signal } = options;
  let opened: EpisodeContext | undefined;
  try {
    signal?.throwIfAborted();
    const openHosts = () => opened?.context.pages().map((page) => hostOf(page.url())) ?? [];
    const guard = options.guard?.(world, openHosts);
    const guarded = guard ? { ...world, guard } : world;
    opened = await pool.openContext(guarded);
    const episode = new BrowserEpisode(task, guarded, opened, options);
    await episode.start(signal);
    return episode;
  } catch (error) {
    await opened?.[Symbol.asyncDispose]();
    await world.dispose?.();
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * The result of {@link startBrowserEpisode}. Besides the contract, it has what an agent at work needs of the browser.
 */
export class BrowserEpisode implements Episode {
  task: Task;
  readonly #world: EpisodeWorld;
  readonly #opened: EpisodeContext;
  readonly #format: ObservationFormat;
  readonly #limits: BrowserLimits;
  readonly #tabs: Tabs;
  readonly #onStepTimes: ((times: StepTimes) => void) | undefined;
  #notice: string | undefined;
  #times: StepTimes = { actMs: 0, waitMs: 0, observeMs: 0 };
  #first: Observation | undefined;
  #last: Observation | undefined;
  /** Whether the last observation of the page contained a secret. */
  #showsSecret = false;
  #targets: ElementTarget[] = [];
  #state: "running" | "stepping" | "ended" | "disposed" = "running";
  #disposal: Promise<void> | undefined;

  constructor(task: Task, world: EpisodeWorld, opened: EpisodeContext, options: BrowserEpisodeOptions) {
    this.task = task;
    this.#world = world;
    this.#opened = opened;
    this.#format = options.format;
    this.#limits = browserLimitsSchema.parse(options.limits ?? {});
    this.#tabs = new Tabs(opened, this.#limits, options.format, world.isDown?.bind(world));
    this.#onStepTimes = options.onStepTimes;
    this.#notice = options.notice;
  }

  get first(): Observation {
    invariant(this.#first, "the episode has not started");
    return this.#first;
  }

  async start(signal: AbortSignal | undefined): Promise<void> {
    const { context, network } = this.#opened;
    const { startUrl, startMs = 0, moreTabs = [], cookies } = this.#world;
    let opening = startUrl;
    const from = performance.now();
    const leftMs = (usualMs: number) => Math.max(usualMs, startMs - (performance.now() - from));
    try {
      const adding = context.addCookies(
        cookies.map(({ host, name, value, path = "/", httpOnly, secure }) => ({
          name,
          value,
          domain: host.replace(/:\d+$/, ""),
          path,
          ...(httpOnly !== undefined && { httpOnly }),
          ...(secure !== undefined && { secure }),
        })),
      );
      const { responseMs, navigationMs } = this.#limits;
      const [page] = await withDeadline(Promise.all([this.#opened.newPage(), adding]), responseMs, signal);
      const { storage } = this.#world;
      if (storage) await withDeadline(restoreSession(page, storage.session), responseMs, signal);
      const arriving =
        // A given page may already be open.
        page.url() === startUrl ? null : page.goto(startUrl, { waitUntil: "commit", timeout: 0 });
      await Promise.all([
        arriving && withDeadline(arriving, leftMs(navigationMs), signal),
        withDeadline(this.#opened.waitUntilCounted(), responseMs, signal),
      ]);
      for (opening of moreTabs) {
        const tab = await withDeadline(this.#opened.newPage(), responseMs, signal);
        await withDeadline(tab.goto(opening, { waitUntil: "commit", timeout: 0 }), navigationMs, signal);
      }
      if (moreTabs.length > 0) this.#tabs.switchTo(0);
      const patienceMs = leftMs(0);
      this.#first = await this.#observe(null, { quietMs: QUIET_MS, awaitActivityMs: 0, patienceMs }, signal);
      const instruction = await this.#world.instruction?.((expression) =>
        withDeadline(page.evaluate(expression), responseMs, signal),
      );
      if (instruction !== undefined) this.task = { ...this.task, instruction };
    } catch (error) {
      signal?.throwIfAborted();
      const allowed = network.allows(opening);
      const fault = startFault(error, opening, { allowed, why: this.#tabs.why(opening) });
      if (fault) throw fault;
      throw await this.#fault(error);
    }
  }

  async step(parsed: ParsedAction, options: StepOptions = {}): Promise<TimeStep> {
    return this.#turn(async () => {
      const next = await this.#step(parsed, options);
      if (!parsed.ok || parsed.action.kind !== "exit") this.#onStepTimes?.(this.#times);
      return next;
    }, options.signal);
  }

  /**
   * Goes to an address in the active tab, like a step: an address on another host is refused, and the observation says
   * so.
   */
  async open(url: string, options: { signal?: AbortSignal } = {}): Promise<TimeStep> {
    return this.#turn(async () => this.#open(url, options.signal), options.signal);
  }

  /** The page as it is now, without an action. */
  async look(options: { signal?: AbortSignal } = {}): Promise<TimeStep> {
    const settle: Settle = { quietMs: QUIET_MS, awaitActivityMs: 0 };
    return this.#turn(async () => {
      this.#tabs.beginAction();
      return { kind: "mid", observation: await this.#observe(null, settle, options.signal) };
    }, options.signal);
  }

  /** The context of the browser that it runs in. */
  get context(): BrowserContext {
    return this.#opened.context;
  }

  /** Reads the current page, apart from its observations. */
  get reader(): PageReader {
    const find = (name: string) => {
      const found = this.#last ? findElement(name, this.#last, this.#targets) : null;
      return found && "target" in found ? found.target : null;
    };
    return pageReader(async () => (await this.#tabs.current()).page, find, this.#limits.responseMs);
  }

  /** The fault behind an error of such a reading; `null` if the world is intact and the error is the caller's. */
  async findFault(error: unknown): Promise<Fault | null> {
    if (error instanceof Fault) return error;
    const said = error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error);
    const mayBe = error instanceof TooLate || /closed|crash|disconnected/i.test(said);
    if (!mayBe && this.#opened.browser.isConnected() && !this.#tabs.crashed) return null;
    const fault = await this.#fault(error);
    return fault.code === "observation_failed" && !(error instanceof TooLate) ? null : fault;
  }

  async #turn(take: () => Promise<TimeStep>, signal: AbortSignal | undefined): Promise<TimeStep> {
    invariant(this.#state === "running", `step on an episode that is ${this.#state}`);
    signal?.throwIfAborted();
    this.#state = "stepping";
    this.#times = { actMs: 0, waitMs: 0, observeMs: 0 };
    try {
      const next = await take();
      this.#state = next.kind === "last" ? "ended" : "running";
      return next;
    } catch (error) {
      this.#state = "ended";
      signal?.throwIfAborted();
      const { code, message } = await this.#fault(error);
      return { kind: "last", observation: null, ending: { kind: "faulted", code, message: redact(message) } };
    }
  }

  async screenshot(): Promise<Uint8Array> {
    invariant(this.#state !== "disposed", "screenshot after disposal");
    try {
      const tab = await this.#tabs.current();
      // Secrets cannot be removed from a picture, so a page that shows one gives an empty picture.
      const hidden = this.#showsSecret && { style: "*, ::backdrop { opacity: 0 !important }" };
      return await withDeadline(
        tab.page.screenshot({ type: "jpeg", quality: 70, timeout: 0, ...hidden }),
        this.#limits.responseMs,
      );
    } catch (error) {
      throw await this.#fault(error);
    }
  }

  async verify(answer: string | null): Promise<Verdict | null> {
    invariant(this.#state !== "disposed", "verify after disposal");
    if (!this.#world.verify) return null;
    let page: FinishedPage;
    try {
      const tab = await this.#tabs.current();
      const read = mainDocument(tab.page).then((document) => document.call("pageText"));
      const text = await withDeadline(read, this.#limits.responseMs);
      page = {
        url: tab.page.url(),
        title: this.#last?.title ?? "",
        pageText: text.replace(/\s+/g, " ").trim(),
        read: (expression) => withDeadline(tab.page.evaluate(expression), this.#limits.responseMs),
      };
    } catch (error) {
      throw await this.#fault(error);
    }
    return this.#world.verify(answer, page);
  }

  countBlockedHosts(): Record<string, number> {
    return { ...this.#opened.network.blocked };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = "disposed";
    this.#disposal ??= (async () => {
      try {
        this.#world.guard?.end();
        await this.#opened[Symbol.asyncDispose]();
      } finally {
        await this.#world.dispose?.();
      }
    })();
    return this.#disposal;
  }

  async #open(url: string, signal: AbortSignal | undefined): Promise<TimeStep> {
    const settle: Settle = { quietMs: QUIET_MS, awaitActivityMs: 0 };
    this.#tabs.beginAction();
    // `javascript:` and the like would run code in the page, so they cannot be opened.
    if (!/^https?:/i.test(url) || !this.#opened.network.allows(url))
      return { kind: "mid", observation: await this.#observe(outside(url), settle, signal) };
    const { page } = await this.#tabs.current();
    const arriving = page.goto(url, { waitUntil: "commit", timeout: 0 }).catch((error: unknown) => {
      // Its result is observed as after a click.
      if (!/net::ERR_|interrupted by another navigation/.test(String(error))) throw error;
    });
    await withDeadline(arriving, this.#limits.navigationMs, signal);
    const observation = await this.#observe(null, settle, signal);
    const blocked = this.#takeBlocked();
    if (blocked === null) return { kind: "mid", observation };
    const again = { quietMs: 0, awaitActivityMs: 0 };
    return { kind: "mid", observation: await this.#observe(blocked, again, signal) };
  }

  async #step(parsed: ParsedAction, options: StepOptions): Promise<TimeStep> {
    const { signal } = options;
    const settle: Settle = { quietMs: QUIET_MS, awaitActivityMs: 0 };
    this.#tabs.beginAction();
    const action = parsed.ok ? parsed.action : null;
    if (action?.kind === "exit") {
      const ending: Ending = { kind: "terminated", reason: "exit", answer: action.message };
      return { kind: "last", observation: await this.#observe(null, settle, signal), ending };
    }
    let error: ActionError | null = parsed.ok ? null : parsed.error;
    const admitted = action && (await this.#admit(action, options));
    if (admitted && "error" in admitted) error = admitted.error;
    else if (admitted) {
      options.onAdmitted?.();
      const { action } = admitted;
      if (action.kind === "switch_tab") error = this.#tabs.switchTo(action.tab);
      else if (action.kind === "wait") {
        settle.quietMs = QUIET_AFTER_WAIT_MS;
        settle.awaitActivityMs = this.#limits.waitMs;
      } else {
        const tab = await this.#tabs.current();
        const lookup = (name: string) => findElement(name, this.#last!, this.#targets);
        error = await this.#awaitAction(tab, perform(tab.page, action, lookup), signal);
      }
    }
    let observation = await this.#observe(error, settle, signal);
    const blocked = this.#takeBlocked();
    if (blocked !== null)
      observation = await this.#observe(blocked, { quietMs: 0, awaitActivityMs: 0 }, signal);
    if (this.#world.isOver) {
      const tab = await this.#tabs.current();
      const read = (expression: string) =>
        withDeadline(tab.page.evaluate(expression), this.#limits.responseMs, signal);
      if (await this.#world.isOver({ url: observation.url, read }))
        return {
          kind: "last",
          observation,
          ending: { kind: "terminated", reason: "site_end", answer: null },
        };
    }
    return { kind: "mid", observation };
  }

  /** Requests of the action that were stopped, now that it is over. */
  #takeBlocked(): ActionError | null {
    const { guard } = this.#world;
    guard?.endAction();
    const [stopped] = guard?.takeStopped() ?? [];
    if (stopped !== undefined) return reportStopped(stopped);
    const host = this.#tabs.findBlockedHost();
    return host === null ? null : outside(host);
  }

  async #admit(action: LiveAction, { signal, askSignal }: StepOptions) {
    const { responseMs } = this.#limits;
    const lookup = (name: string) => findElement(name, this.#last!, this.#targets);
    const title = this.#last?.title ?? "";
    const where = async () => ({ page: (await this.#tabs.current()).page, title, lookup, responseMs });
    return admitAction(action, this.#world, where, { signal, askSignal });
  }

  /** Awaits `promise` within `ms`, not counting the time while a person is asked about a waiting request. */
  async #within<T>(promise: Promise<T>, ms: number, signal: AbortSignal | undefined): Promise<T> {
    for (;;)
      try {
        return await withDeadline(promise, ms, signal);
      } catch (error) {
        if (!(error instanceof TooLate) || !(await this.#world.guard?.waitForAnswers(signal))) throw error;
      }
  }

  /** Waits until the tabs are at rest; they are not while a person is asked about one of their requests. */
  async #settle(settle: Settle, signal: AbortSignal | undefined): Promise<ObservedDocument> {
    const { guard } = this.#world;
    for (;;) {
      let document: ObservedDocument | null = null;
      try {
        document = await this.#tabs.waitUntilQuiet(settle, signal);
      } catch (error) {
        const isLate = error instanceof TooLate || (error instanceof Fault && error.code !== "site_down");
        if (!isLate || !(await guard?.waitForAnswers(signal))) throw error;
      }
      if (document && !(await guard?.waitForAnswers(signal))) return document;
    }
  }

  /** An action may take its own page away: that is not an error. */
  async #awaitAction(
    tab: Tab,
    action: Promise<ActionError | null>,
    signal: AbortSignal | undefined,
  ): Promise<ActionError | null> {
    const version = tab.version;
    const from = performance.now();
    try {
      return await this.#within(action, this.#limits.responseMs, signal);
    } catch (error) {
      if (error instanceof TooLate)
        throw new Fault("action_timeout", `the page did not react to the action: ${error.message}`, {
          retryable: true,
          cause: error,
        });
      if (isReplaced(error) || (tab.page.isClosed() && this.#tabs.open().length > 0)) {
        await tab.happens(version, 500);
        if (!tab.crashed && this.#opened.browser.isConnected()) return null;
      }
      throw error;
    } finally {
      this.#times.actMs += performance.now() - from;
    }
  }

  /** Settles the active tab and observes it. */
  async #observe(
    error: ActionError | null,
    settle: Settle,
    signal: AbortSignal | undefined,
  ): Promise<Observation> {
    const from = performance.now();
    const document = await this.#settle(settle, signal);
    this.#times.waitMs += performance.now() - from - document.readMs;
    const read = performance.now() - document.readMs;
    const told = this.#notice === undefined ? [] : [this.#notice];
    this.#notice = undefined;
    const { parts, shown } = hideSecrets({
      format: this.#format,
      snapshot: document.snapshot,
      tabs: await this.#tabs.describe(document.snapshot, signal),
      error,
      notices: [...told, ...this.#tabs.takeNotices()],
    });
    const observation = redactJson(buildObservation(parts));
    this.#showsSecret = shown;
    this.#times.observeMs += performance.now() - read;
    this.#last = observation;
    this.#targets = document.targets;
    return observation;
  }

  async #fault(error: unknown): Promise<Fault> {
    return faultBehind(error, this.#opened.browser, () => this.#tabs.crashed);
  }
}
