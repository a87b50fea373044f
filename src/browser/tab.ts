/** @file One tab and what goes on in it: navigations, requests, dialogs, refused downloads, crashes. */

import type { Page, Request, Response } from "playwright-core";
import type { Background } from "./background.ts";
import { takeFileQuestion } from "./page-world.ts";

/** Requests that may stay open for ever without meaning anything. */
const LONG_LIVED = new Set(["eventsource", "websocket", "media", "ping", "other"]);

/** The document that a tab shows. */
export interface TabDocument {
  url: string;
  status: number;
  /** Why it did not arrive whole. */
  broken: string | null;
}

export class Tab {
  readonly page: Page;
  crashed = false;
  /** `null` if no request brought it: it is blank, or a script wrote it. */
  document: TabDocument | null = null;
  /** The last navigation that came to nothing, until it is taken. */
  failedNavigation: { url: string; error: string } | null = null;
  /** Its first navigation has been waited for. */
  begun = false;
  /** What the agent should be told about: dialogs that were answered, downloads that were refused. */
  notices: string[] = [];
  readonly #navigations = new Set<Request>();
  readonly #requests = new Set<Request>();
  /** All requests that have not ended, whether we wait for them or not. */
  readonly #unfinished = new Set<Request>();
  /** Documents that have begun to arrive, and the one that is shown. */
  readonly #answered = new Map<Request, TabDocument>();
  #shown: Request | null = null;
  readonly #interrupts = new Set<() => void>();
  #version = 0;
  #waiting: (() => void)[] = [];

  readonly #background: Background;

  constructor(page: Page, background: Background) {
    this.page = page;
    this.#background = background;
    page.on("request", (request) => {
      this.#unfinished.add(request);
      if (request.isNavigationRequest() && this.#isMain(request)) {
        this.#navigations.add(request);
        this.#interrupt();
      } else if (!LONG_LIVED.has(request.resourceType())) {
        background.begin(request);
        this.#requests.add(request);
      }
      this.#noteChange();
    });
    page.on("response", (response) => this.#answer(response));
    page.on("requestfinished", (request) => this.#forget(request));
    page.on("requestfailed", (request) => {
      const error = request.failure()?.errorText ?? "failed";
      const document = this.#answered.get(request);
      if (this.#navigations.has(request)) this.failedNavigation = { url: request.url(), error };
      // Aborted by the page itself, or by what came after it.
      else if (document && !/ERR_ABORTED/.test(error)) {
        document.broken = error;
        this.#interrupt();
      }
      this.#forget(request);
    });
    page.on("framenavigated", (frame) => {
      if (frame !== page.mainFrame()) return;
      const arrived = [...this.#answered.keys()].filter((request) => request !== this.#shown).at(-1);
      // Without a request, it is another address of the same document, or a blank document.
      if (arrived) {
        this.document = this.#answered.get(arrived)!;
        this.#shown = arrived;
        this.#answered.clear();
        this.#answered.set(arrived, this.document);
        this.#navigations.clear();
        this.#requests.clear();
      } else if (!/^https?:/.test(frame.url())) {
        this.document = null;
        this.#shown = null;
        this.#navigations.clear();
        this.#requests.clear();
      }
      this.#noteChange();
    });
    page.on("crash", () => {
      this.crashed = true;
      this.#noteChange();
    });
    page.on("close", () => this.#noteChange());
    // An agent has no action for dialogs: it meant what it clicked. `prompt` has no text to give.
    page.on("dialog", (dialog) => {
      const kind = dialog.type();
      const accepted = kind !== "prompt";
      if (kind !== "beforeunload")
        this.notices.push(
          `dialog ${JSON.stringify(dialog.message().slice(0, 200))} was ${
            kind === "alert" ? "shown" : accepted ? "accepted" : "dismissed"
          }`,
        );
      // The page may be gone by now; then nobody waits for the answer.
      (accepted ? dialog.accept() : dialog.dismiss()).catch(() => this.#noteChange());
    });
    page.on("download", (download) => {
      this.notices.push(`the download of ${download.suggestedFilename()} was refused`);
      this.#noteChange();
    });
  }

  /** A navigation of the tab itself is on its way. */
  get navigating(): boolean {
    return this.#navigations.size > 0;
  }

  /** Requests of the page that have not come back and are worth waiting for. */
  get requests(): number {
    return [...this.#requests].filter((request) => !this.#background.has(request)).length;
  }

  /** Something of the page is still to come, or the document itself. */
  get arriving(): boolean {
    return this.#unfinished.size > 0;
  }

  /** The requests have been waited for long enough, now and later. */
  giveUpRequests(): void {
    for (const request of this.#requests) this.#background.giveUp(request);
  }

  /** No document has ever arrived by a request. */
  get empty(): boolean {
    return this.#shown === null && this.document === null;
  }

  /** Counts what happened, for comparing two moments. */
  get version(): number {
    return this.#version;
  }

  /** Resolves as soon as anything happens after `version`, or after `ms`. */
  async happens(version: number, ms: number): Promise<void> {
    if (this.#version !== version || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * `look`, or `"navigating"` as soon as a navigation begins or the document turns out to be broken: from then on
   * Chromium holds back evaluations until the new document arrives, which may be never, or the broken one is complete.
   */
  async unlessNavigating<T>(look: Promise<T>): Promise<T | "navigating"> {
    look.catch(() => {});
    if (this.navigating) return "navigating";
    let begin: (() => void) | undefined;
    const begins = new Promise<"navigating">((resolve) => {
      begin = () => resolve("navigating");
      this.#interrupts.add(begin);
    });
    try {
      return await Promise.race([look, begins]);
    } finally {
      this.#interrupts.delete(begin!);
    }
  }

  takeNotices(): string[] {
    if (takeFileQuestion(this.page))
      this.notices.push("the page asks for a file, and there are none to give");
    const times = new Map<string, number>();
    for (const notice of this.notices.splice(0)) times.set(notice, (times.get(notice) ?? 0) + 1);
    return [...times].map(([notice, count]) => (count === 1 ? notice : `${notice} (${count} times)`));
  }

  #answer(response: Response): void {
    const request = response.request();
    if (this.#requests.has(request)) this.#background.answer(request);
    if (!this.#navigations.has(request)) return;
    const status = response.status();
    if (status === 204 && response.headers()["x-webrl"] === "stopped") return;
    if (status === 204 || status === 205)
      this.notices.push(`${shortenUrl(request.url())} answered without a page`);
    // A redirect goes on as another request.
    else if (status < 300 || status > 399 || status === 304)
      this.#answered.set(request, { url: request.url(), status, broken: null });
  }

  #isMain(request: Request): boolean {
    try {
      return request.frame() === this.page.mainFrame();
    } catch {
      // Playwright throws while the first navigation of a new tab has no frame yet.
      return true;
    }
  }

  #forget(request: Request): void {
    this.#unfinished.delete(request);
    this.#navigations.delete(request);
    if (this.#requests.delete(request)) this.#background.end(request);
    this.#noteChange();
  }

  #interrupt(): void {
    for (const interrupt of this.#interrupts) interrupt();
  }

  #noteChange(): void {
    this.#version++;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** An address as it is told to the agent: short, and without credentials. */
export function shortenUrl(url: string): string {
  if (!URL.canParse(url)) return url.slice(0, 100);
  const { protocol, host, pathname, search } = new URL(url);
  return (/^https?:$/.test(protocol) ? `${host}${pathname}${search}` : url).slice(0, 100);
}
