/**
 * @file One place where contexts are opened: the browser that is started here, or an endpoint. It holds the running
 * browser, counts the episodes in it, and pauses for a growing time after it broke.
 */

import type { Browser } from "playwright-core";
import { ConfigError, Fault } from "../core/errors.ts";
import { withDeadline, TooLate } from "./with-deadline.ts";

/** A browser that runs, and the pages that it has created. */
export interface RunningBrowser {
  readonly browser: Browser;
  /** Pages created so far, by the browser's own id of the context. */
  readonly pagesCreated: Map<string, number>;
  isConnected(): boolean;
  /** Whether it answers within the time. */
  answers(ms: number): Promise<boolean>;
  /** Ends what runs in it. The browser itself is closed, or left alone if it runs elsewhere. */
  close(): Promise<void>;
}

/** Milliseconds that closing may take before it is given up. */
export const CLOSE_MS = 10_000;

export async function watchBrowser(browser: Browser): Promise<RunningBrowser> {
  const pagesCreated = new Map<string, number>();
  // Playwright announces a new page only once it is set up, which is too late to know that a click opened one.
  const session = await browser.newBrowserCDPSession();
  session.on("Target.targetCreated", ({ targetInfo }) => {
    const id = targetInfo.browserContextId;
    if (targetInfo.type !== "page" || id === undefined) return;
    pagesCreated.set(id, (pagesCreated.get(id) ?? 0) + 1);
  });
  await session.send("Target.setDiscoverTargets", { discover: true, filter: [{ type: "page" }] });
  // A browser that does not answer counts as gone, whatever its connection says.
  let given = false;
  return {
    browser,
    pagesCreated,
    isConnected: () => !given && browser.isConnected(),
    answers: async (ms) => {
      const answer = session.send("Browser.getVersion");
      try {
        await withDeadline(answer, ms);
        return true;
      } catch (error) {
        if (!(error instanceof TooLate)) return false;
        // This process itself may have been too busy to read the answer that is there.
        return within(answer, 1000);
      }
    },
    close: async () => {
      given = true;
      await within(browser.close(), CLOSE_MS);
    },
  };
}

/** Whether `promise` was fulfilled within the time; a failure counts as no. */
export function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return withDeadline(promise, ms).then(
    () => true,
    () => false,
  );
}

/** Milliseconds that a browser may take to say that it is there. */
const ANSWER_MS = 20_000;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 5 * 60_000;

export interface PlaceOptions {
  /** What messages call it; `null` for the browser that is started here. */
  name: string | null;
  weight: number;
  max: number;
  start: () => Promise<RunningBrowser>;
  /** Called when it goes away, when connecting fails, and when it is available again. */
  onTrouble?: ((message: string) => void) | undefined;
  now?: () => number;
}

export class Place {
  readonly name: string | null;
  readonly weight: number;
  readonly max: number;
  /** Episodes that are in it or on their way to it. */
  open = 0;
  /** How often its browser was started or joined. */
  launches = 0;
  /** Why it rests. */
  why: string | undefined;
  readonly #start: () => Promise<RunningBrowser>;
  readonly #now: () => number;
  readonly #onTrouble: ((message: string) => void) | undefined;
  #running: Promise<RunningBrowser> | undefined;
  #connected: RunningBrowser | undefined;
  #worked = false;
  #failures = 0;
  #restUntil = 0;

  constructor({ name, weight, max, start, onTrouble, now = Date.now }: PlaceOptions) {
    this.name = name;
    this.weight = weight;
    this.max = max;
    this.#start = start;
    this.#now = now;
    this.#onTrouble = onTrouble;
  }

  /** The browser as it is, if it runs. */
  get connected(): RunningBrowser | undefined {
    if (this.#connected && !this.#connected.isConnected()) this.lose(this.#connected, "its connection ended");
    return this.#connected;
  }

  /** It broke, and has not been started again since. */
  get rests(): boolean {
    return this.connected === undefined && this.#failures > 0;
  }

  /** When it may be tried again, in milliseconds of its clock. */
  get restUntil(): number {
    return this.#restUntil;
  }

  /** Whether its browser has ever run. */
  get worked(): boolean {
    return this.#worked;
  }

  /**
   * The running browser; started if there is none. If an endpoint has never worked, the mistake is the user's
   * (`ConfigError`); later, the fault is the world's (`Fault`).
   */
  async running(): Promise<RunningBrowser> {
    if (this.connected) return this.connected;
    if (this.#running) return this.#running;
    this.launches++;
    const starting = this.#start();
    this.#running = starting;
    try {
      const running = await starting;
      this.#connected = running;
      this.#worked = true;
      if (this.#failures > 0) this.#onTrouble?.(`the browser at ${this.name} is there again`);
      this.#failures = 0;
      this.why = undefined;
      return running;
    } catch (error) {
      this.#rest((error as Error).message);
      if (error instanceof ConfigError && this.name !== null && this.#worked)
        throw new Fault("browser_lost", error.message, { retryable: true, cause: error });
      throw error;
    } finally {
      this.#running = undefined;
    }
  }

  /** This browser is no longer used. */
  lose(running: RunningBrowser, why: string): void {
    if (this.#connected !== running) return;
    this.#connected = undefined;
    // The browser of this machine is simply started again.
    if (this.name !== null) this.#rest(`the browser at ${this.name} is gone: ${why}`);
    void running.close();
  }

  /** Finds out whether it is still there; joins it again if its rest is over. */
  async checkHealth(): Promise<void> {
    const running = this.connected;
    if (running) {
      if (!(await running.answers(ANSWER_MS))) this.lose(running, "it does not answer any more");
    } else if (this.rests && this.#now() >= this.#restUntil) await this.running().catch(() => {});
  }

  #rest(why: string): void {
    this.why = why;
    if (this.name === null) return;
    this.#onTrouble?.(why);
    this.#restUntil = this.#now() + Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 20);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    await (running ?? this.#connected)?.close();
  }
}

/**
 * The place with room and the fewest episodes for its weight. A broken, pausing place is chosen only if no other is
 * left: the one whose pause ends first. `null` if all are full or were `tried` already.
 */
export function choosePlace(places: readonly Place[], tried: ReadonlySet<Place> = new Set()): Place | null {
  const left = places.filter((place) => !tried.has(place));
  const sound = left.filter((place) => !place.rests);
  const candidates =
    sound.length > 0 ? sound : left.toSorted((a, b) => a.restUntil - b.restUntil).slice(0, 1);
  const [best] = candidates
    .filter((place) => place.open < place.max)
    .toSorted((a, b) => (a.open + 1) / a.weight - (b.open + 1) / b.weight);
  return best ?? null;
}
