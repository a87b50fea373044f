/** @file Waits inside the page until it is at rest, and reads it meanwhile. */

import type { PageSnapshot } from "./compact.ts";
import { memory } from "./memory.ts";
import { page } from "./native.ts";

export interface SettleOptions {
  quietMs: number;
  maxMs: number;
  /** Wait up to this long for anything to happen. */
  awaitActivityMs: number;
  /** Forget a navigation that was asked for: it came to nothing. */
  forgetNavigation: boolean;
}

export interface SettledSnapshot extends PageSnapshot {
  /** Milliseconds until the document was quiet, without those of reading it. */
  settledMs: number;
}

export interface Reading {
  /** Observes the document. */
  read: () => PageSnapshot;
  /**
   * What a reading depends on and no mutation tells of, to be compared item by item; `null` where that cannot be
   * known. `null` as the function: a reading changes what the next one sees, so there is only the last.
   */
  mark: (() => unknown[] | null) | null;
}

/**
 * What the document is once it is loaded and its content has not changed for `quietMs`, or `maxMs` have passed; `null`
 * as soon as a navigation to another document has been asked for. With `awaitActivityMs`, waits first until anything
 * happens at all, for as long as that.
 *
 * The time in which it has to stay quiet is used to read it: if nothing at all has changed by its end, that reading
 * stands, else the document is read again.
 */
export async function readAtRest(
  options: SettleOptions,
  { read, mark }: Reading,
): Promise<SettledSnapshot | null> {
  /** Reading begins so long before the end of the quiet time. */
  const EARLY_MS = 25;
  // Not `style`: animations would never let it settle.
  const CONTENT = new Set([
    "class",
    "hidden",
    "open",
    "disabled",
    "value",
    "checked",
    "selected",
    "aria-hidden",
    "aria-expanded",
  ]);
  const from = performance.now();
  const end = from + options.maxMs;
  const giveUp = from + options.awaitActivityMs;
  let changed = from;
  let active = options.awaitActivityMs === 0;
  let readMs = 0;
  let early: { snapshot: PageSnapshot; before: unknown[] | null } | undefined;
  /** Since the early reading. */
  let touched = false;
  let wake = () => {};
  const sleep = (ms: number) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, ms);
    });
  /** Whatever is due in the page runs before this resolves. */
  const turn = () =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, EARLY_MS);
      // Not in Safari, which this is never sent to, nor in its type library.
      const { scheduler } = window as unknown as {
        scheduler: { postTask(task: () => void, options: { priority: "background" }): Promise<void> };
      };
      void scheduler.postTask(resolve, { priority: "background" });
    });
  const timed = () => {
    const began = performance.now();
    const snapshot = read();
    readMs += performance.now() - began;
    return snapshot;
  };
  const same = (a: unknown[], b: unknown[]) => a.length === b.length && a.every((item, i) => item === b[i]);

  const observer = new MutationObserver((records) => {
    touched = true;
    if (!records.some(({ type, attributeName }) => type !== "attributes" || CONTENT.has(attributeName!)))
      return;
    changed = performance.now();
    if (active) return;
    active = true;
    wake();
  });
  observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  // Later than the page's own listeners.
  const onLoad = () => setTimeout(() => wake(), 0);
  addEventListener("load", onLoad);
  memory.onNavigate = () => wake();
  try {
    for (;;) {
      const now = performance.now();
      if (memory.navigating) return null;
      if (now >= end) break;
      const rest = options.quietMs - (now - changed);
      const loaded = page.loaded;
      const began = active || now >= giveUp;
      if (loaded && began) {
        if (rest <= 0) break;
        if (mark && !early && rest <= EARLY_MS) {
          touched = false;
          early = { snapshot: timed(), before: mark() };
          await turn();
          continue;
        }
      }
      const wait = !loaded ? 100 : !began ? giveUp - now : mark && !early ? rest - EARLY_MS : rest;
      await sleep(Math.max(1, Math.min(wait, end - now)));
    }
    const after = early?.before && !touched ? mark!() : null;
    const snapshot = after && same(after, early!.before!) ? early!.snapshot : timed();
    return { ...snapshot, settledMs: performance.now() - from - readMs };
  } finally {
    observer.disconnect();
    removeEventListener("load", onLoad);
    memory.onNavigate = null;
  }
}
