/**
 * @file The session as extraction uses it: opens pages at a limited rate and as robots.txt allows, reads them as trees,
 * and clicks.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, Fault } from "../../core/errors.ts";
import type { Observation, ObservedElement } from "../../core/observation.ts";
import { redactJson } from "../../text/secrets.ts";
import type { AgentSession } from "../session.ts";
import type { Pace, Robots } from "./robots.ts";
import { LONGEST_DELAY, readRobots } from "./robots.ts";
import type { PageNode, PageTree } from "./tree.ts";

/** The part of a session that extraction needs. */
export type Browsing = Pick<
  AgentSession,
  "site" | "page" | "step" | "open" | "read" | "signedOut" | "contexts"
>;

export interface BrowserOptions {
  session: Browsing;
  pace: Pace;
  /** Whether to obey robots.txt. */
  robots: boolean;
  onTrouble: (message: string) => void;
  signal?: AbortSignal | undefined;
}

export type Opened = { tree: PageTree } | { refused: string };

/** How often a page is requested when the world breaks, and seconds before the second time. */
export const TRIES = 3;
const PAUSE_SECONDS = 2;

export class PageBrowser {
  readonly #options: BrowserOptions;
  readonly #robots = new Map<string, Robots>();
  /** Pages requested. */
  requests = 0;

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  get rate(): number | null {
    return this.#options.pace.rate;
  }

  /** Opens an address and reads it, or says why it may not or cannot. Throws a `Fault` when the world stays broken. */
  async open(url: string): Promise<Opened> {
    const disallowed = await this.#disallows(url);
    if (disallowed !== null) return { refused: disallowed };
    const { onTrouble, signal } = this.#options;
    for (let tried = 1; ; tried++) {
      const opened = await this.#get(url);
      if (!("tree" in opened)) return opened;
      const { status } = opened.tree;
      if (status < 500 && status !== 403) return opened;
      // A list does not end at a page with an error.
      const refused = `the site answers with status ${status}`;
      if (status === 403 || tried >= TRIES) return { refused };
      onTrouble(`${url} is asked for again: ${refused}`);
      await sleep(1000 * PAUSE_SECONDS * tried, undefined, signal && { signal });
    }
  }

  /**
   * Reads the current page without opening it again, so that a tab or a filter chosen on it is kept. Opens it again if
   * robots.txt must be looked up first, or if it is an error page.
   */
  async stay(url: string): Promise<Opened> {
    if (this.#options.robots) return this.open(url);
    try {
      const tree = await this.read();
      return tree.status < 400 ? { tree } : await this.open(url);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.open(url);
    }
  }

  /** The current page, including its frames. */
  async read(): Promise<PageTree> {
    const { session } = this.#options;
    if (session.signedOut) throw explainSignedOut(session.page.url);
    return session.read(async (reader) => {
      const [own, ...frames] = await reader.documents();
      const tree = await own!.call("tree");
      for (const frame of frames) {
        // A frame that disappears meanwhile is not part of the page.
        const inner = await frame.call("tree").catch(() => null);
        if (inner) tree.root.children.push(inner.root);
      }
      return redactJson(tree);
    });
  }

  /**
   * A list that continues by scripts does not show that the site has ended the session, so this opens `url` to see.
   * Throws a `Fault` when the session was signed in again, and a `ConfigError` when it cannot be.
   */
  async assertSignedIn(url: string): Promise<void> {
    const { session } = this.#options;
    if (!session.site.isSignedIn) return;
    const { contexts } = session;
    await this.#get(url);
    if (session.contexts !== contexts) throw explainNewSession();
  }

  /** Reads the page again after some more seconds: something may still be loading. */
  async readAgain(): Promise<PageTree> {
    await this.#act({ kind: "wait" });
    return this.read();
  }

  /**
   * Clicks the element with this name about `top` pixels below the document's top. `false`: it is not there, or the
   * click was refused.
   */
  async click(name: string, top: number): Promise<boolean> {
    const { session, pace, signal } = this.#options;
    const element = await this.#find(name, top);
    if (!element) return false;
    await pace.wait(signal);
    this.requests++;
    const page = await this.#act({ kind: "click", element: element.name });
    if (page.error)
      this.#options.onTrouble(`${JSON.stringify(name)} could not be clicked: ${page.error.message}`);
    return session.page.error === null;
  }

  /** Scrolls to the end of the page, where lists that load while one scrolls continue. */
  async scrollToEnd(): Promise<void> {
    await this.#options.pace.wait(this.#options.signal);
    this.requests++;
    await this.#act({ kind: "press", keys: "End" });
    await this.#act({ kind: "wait" });
  }

  async #get(url: string): Promise<Opened> {
    const { session, pace, signal, onTrouble } = this.#options;
    for (let tried = 1; ; tried++) {
      await pace.wait(signal);
      this.requests++;
      try {
        const page = await session.open(url, { signal });
        if (page.error) return { refused: page.error.message };
        if (session.signedOut) throw explainSignedOut(url);
        const tree = await this.read();
        if (tree.status !== 429) return { tree };
        if (tried >= TRIES) return { refused: "the site says that it gets too many requests (429)" };
        pace.slowTo(2 * (1 / (pace.rate ?? 1)));
        onTrouble(`${url} says that it gets too many requests (429); halving the rate from now on`);
        await sleep(5000 * tried, undefined, signal && { signal });
      } catch (error) {
        if (!(error instanceof Fault) || tried >= TRIES) throw error;
        onTrouble(`${url} failed and is tried again: ${error.message}`);
        await sleep(1000 * PAUSE_SECONDS * tried, undefined, signal && { signal });
      }
    }
  }

  /** Why robots.txt forbids an address; `null` if it does not. */
  async #disallows(url: string): Promise<string | null> {
    if (!this.#options.robots) return null;
    const { origin } = new URL(url);
    let robots = this.#robots.get(origin);
    if (!robots) {
      robots = await this.#readRobots(`${origin}/robots.txt`);
      this.#robots.set(origin, robots);
      this.#keepDelay(robots);
    }
    return robots.allows(url) ? null : `disallowed by robots.txt (${robots.said})`;
  }

  async #readRobots(url: string): Promise<Robots> {
    try {
      const answer = await this.#get(url);
      // A host outside the session: its pages are refused in any case.
      if ("refused" in answer) return readRobots(url, { status: 404, contentType: "", text: "" });
      const { status, contentType, root } = answer.tree;
      const userAgent = await this.#options.session.read(async (reader) =>
        (await reader.document()).call("userAgent"),
      );
      return readRobots(url, { status, contentType, text: rawText(root) }, userAgent);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return readRobots(url, { status: 0, contentType: "", text: "" });
    }
  }

  #keepDelay(robots: Robots): void {
    const { pace, onTrouble } = this.#options;
    const delay = robots.crawlDelay();
    if (delay > LONGEST_DELAY)
      throw new ConfigError(
        `robots.txt asks for ${delay} seconds between two pages, which is more than ${LONGEST_DELAY}`,
        "Ask the site's owner, or ignore robots.txt if the site is yours (--no-robots).",
      );
    if (delay > 0 && (pace.rate === null || delay > 1 / pace.rate))
      onTrouble(`waiting ${delay} s between two pages, as robots.txt asks`);
    pace.slowTo(delay);
  }

  /** Finds an element by its label: a session can click only what is in view. */
  async #find(name: string, top: number): Promise<ObservedElement | null> {
    const squash = (label: string) => label.replace(/\s+/g, " ").trim();
    for (let tried = 0; tried < 60; tried++) {
      const { elements, scroll } = this.#options.session.page;
      const found = elements
        .filter(
          ({ role, label }) =>
            squash(label) === squash(name) && /^(?:button|link|clickable|tab|menuitem)$/.test(role),
        )
        .at(-1);
      if (found) return found;
      const before = scroll.top;
      const down = top > before + scroll.viewport / 2;
      if (tried === 0 && down) await this.#act({ kind: "press", keys: "End" });
      else await this.#act({ kind: down ? "scroll_down" : "scroll_up" });
      if (tried > 1 && this.#options.session.page.scroll.top === before) return null;
    }
    return null;
  }

  /** Also throws a `Fault` when the page was lost meanwhile: what had been opened by clicks is closed again. */
  async #act(action: Parameters<typeof actionOf>[0]): Promise<Observation> {
    const { session, signal } = this.#options;
    const { contexts } = session;
    const page = await session.step(actionOf(action), { signal });
    if (session.contexts !== contexts) throw explainNewSession();
    return page;
  }
}

const explainNewSession = () =>
  new Fault("observation_failed", "the site had ended the session; it was signed in again", {
    retryable: true,
  });

type SmallAction =
  | { kind: "click"; element: string }
  | { kind: "press"; keys: string }
  | { kind: "scroll_up" | "scroll_down" | "wait" };

const actionOf = (action: SmallAction) => ({ ok: true as const, action, comments: [] });

const rawText = (node: PageNode): string =>
  node.children.map((child) => (typeof child === "string" ? child : rawText(child))).join("");

export const explainSignedOut = (url: string): ConfigError =>
  new ConfigError(
    `${url} asks to sign in: the site has ended the session, or needs one`,
    "Sign in (a stored state, or a login in the site's definition) and give the same command, which continues where it was.",
  );
