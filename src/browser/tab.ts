/** @file One tab and what goes on in it: navigations, requests, dialogs, refused downloads, crashes. */

import type { Page, Request } from "playwright-core";

/** Requests that may stay open for ever without meaning anything. */
const LONG_LIVED = new Set(["eventsource", "websocket", "media", "ping", "other"]);

export class Tab {
  readonly page: Page;
  crashed = false;
  /** The last navigation that came to nothing, until it is taken. */
  failedNavigation: { url: string; error: string } | null = null;
  /** Its first navigation has been waited for. */
  begun = false;
  /** What the agent should be told about: dialogs that were answered, downloads that were refused. */
  notices: string[] = [];
  readonly #navigations = new Set<Request>();
  readonly #requests = new Set<Request>();
  readonly #beginnings = new Set<() => void>();
  #version = 0;
  #waiting: (() => void)[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("request", (request) => {
      if (request.isNavigationRequest() && this.#isMain(request)) {
        this.#navigations.add(request);
        for (const begin of this.#beginnings) begin();
      } else if (!LONG_LIVED.has(request.resourceType())) this.#requests.add(request);
      this.#changed();
    });
    page.on("requestfinished", (request) => this.#done(request));
    page.on("requestfailed", (request) => {
      if (this.#navigations.has(request))
        this.failedNavigation = { url: request.url(), error: request.failure()?.errorText ?? "failed" };
      this.#done(request);
    });
    page.on("framenavigated", (frame) => {
      if (frame !== page.mainFrame()) return;
      this.#navigations.clear();
      this.#requests.clear();
      this.#changed();
    });
    page.on("crash", () => {
      this.crashed = true;
      this.#changed();
    });
    page.on("close", () => this.#changed());
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
      (accepted ? dialog.accept() : dialog.dismiss()).catch(() => this.#changed());
    });
    page.on("download", (download) => {
      this.notices.push(`the download of ${download.suggestedFilename()} was refused`);
      this.#changed();
    });
  }

  /** A navigation of the tab itself is on its way. */
  get navigating(): boolean {
    return this.#navigations.size > 0;
  }

  /** Requests of the page that have not come back. */
  get requests(): number {
    return this.#requests.size;
  }

  /** Counts what happened; to be compared. */
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
   * `look`, or `"navigating"` as soon as a navigation begins: from then on Chromium holds back evaluations until the
   * new document arrives, which may be never.
   */
  async unlessNavigating<T>(look: Promise<T>): Promise<T | "navigating"> {
    look.catch(() => {});
    if (this.navigating) return "navigating";
    let begin: (() => void) | undefined;
    const begins = new Promise<"navigating">((resolve) => {
      begin = () => resolve("navigating");
      this.#beginnings.add(begin);
    });
    try {
      return await Promise.race([look, begins]);
    } finally {
      this.#beginnings.delete(begin!);
    }
  }

  takeNotices(): string[] {
    return this.notices.splice(0);
  }

  #isMain(request: Request): boolean {
    try {
      return request.frame() === this.page.mainFrame();
    } catch {
      // Playwright throws while the first navigation of a new tab has no frame yet.
      return true;
    }
  }

  #done(request: Request): void {
    this.#navigations.delete(request);
    this.#requests.delete(request);
    this.#changed();
  }

  #changed(): void {
    this.#version++;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
