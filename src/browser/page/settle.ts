/** @file Waits inside the page until it is at rest, and reads it meanwhile. */

import { beginHearing, isInert, isUneventful, needsFrame } from "./hearing.ts";
import type { PageSnapshot } from "./listing.ts";
import { LATE_MS, REPLY } from "./listener-protocol.ts";
import { memory, watchInput } from "./memory.ts";
import { matchesOf, page } from "./native.ts";
import { watchNoise } from "./noise.ts";
import { pendingTimers } from "./timers.ts";

export interface SettleOptions {
  quietMs: number;
  maxMs: number;
  /** Wait up to this long for anything to happen. */
  awaitActivityMs: number;
  /** Forget the navigation that was asked for: nothing came of it. */
  forgetNavigation: boolean;
  /** What is already known to change for ever in the documents of this episode. */
  noise: readonly string[];
}

export interface SettledSnapshot extends PageSnapshot {
  /** Milliseconds until the document was quiet, without the time for reading it. */
  settledMs: number;
  /** What turned out to change for ever. */
  noise: string[];
}

export interface Reading {
  /** Observes the document. */
  read: () => PageSnapshot;
  /**
   * What a reading depends on without any mutation to show it, to be compared item by item; `null` if that cannot be
   * known. `fresh`: the document has just been read. `null` as the function: a reading changes what the next one sees,
   * so only the last one counts.
   */
  mark: ((fresh: boolean) => unknown[] | null) | null;
}

/** Reading begins this long before the end of the quiet time. */
const EARLY_MS = 25;
/** How often to ask whether what we wait for is still to come. */
const RETHINK_MS = 50;
/** A timer that is this late shows that nothing in the page could run. */
const GAP_MS = 15;
/** A page that leaves no room for a turn gets at most this long for one, after the frame, */
const TURN_MS = 250;
/** and this long for a frame: busy machines draw late. */
const FRAME_MS = 1000;
/** How long a page has to be quiet that has not changed at all after an action. */
const CALM_MS = 15;
/** How much longer than for a timer we wait for replies that lead to further requests but to no change. */
const CHAIN_MS = 700;
/** The last steps of a smooth scroll are so small that none can be seen for this long. */
const SCROLL_MS = 100;
/** This long after an action, the page has shown what it does at once. */
const SLACK_MS = 10;

// Attributes that change what can be seen or done.
const CONTENT = new Set([
  "class",
  "style",
  "hidden",
  "open",
  "disabled",
  "value",
  "checked",
  "selected",
  "aria-hidden",
  "aria-expanded",
]);

/** This document never finishes loading: a part of it hangs, or it was opened for writing and never closed. */
let neverLoads = false;
const learnt = new Set<string>();

/** Who is told what scrolls. */
const scrolls: { onScroll: ((event: Event) => void) | null; onScrollEnd: (() => void) | null } = {
  onScroll: null,
  onScrollEnd: null,
};
const tellScroll = (event: Event) => scrolls.onScroll?.(event);
const tellScrollEnd = () => scrolls.onScrollEnd?.();
/**
 * Stays for as long as the document is there: Chromium draws a frame whenever the first scroll listener comes or the
 * last one goes. Added again at every reading, because `document.open` removes it.
 */
function watchScrolls(): void {
  document.addEventListener("scroll", tellScroll, { capture: true, passive: true });
  document.addEventListener("scrollend", tellScrollEnd, { capture: true, passive: true });
}
watchScrolls();

/**
 * Resolves once everything that is due in the page has run, and before that a frame has been drawn if something may
 * wait for one.
 */
const turn = () =>
  new Promise<void>((resolve) => {
    const run = () => {
      setTimeout(resolve, TURN_MS);
      // Neither Safari, which this is never sent to, nor the type library has it.
      const { scheduler } = window as unknown as {
        scheduler: { postTask(task: () => void, options: { priority: "background" }): Promise<void> };
      };
      void scheduler.postTask(resolve, { priority: "background" });
    };
    if (!needsFrame()) return run();
    let drawn = false;
    setTimeout(() => drawn || resolve(), document.hidden ? TURN_MS : FRAME_MS);
    requestAnimationFrame(() => {
      drawn = true;
      run();
    });
  });

/**
 * Milliseconds until an animation ends; `null` if it does not end, or not within `maxMs`, or does not run by itself.
 */
function remainingOf(animation: Animation, maxMs: number): number | null {
  const { playState, playbackRate, timeline, effect } = animation;
  if (playState !== "running" || playbackRate <= 0 || !(timeline instanceof DocumentTimeline)) return null;
  const end = Number(effect?.getComputedTiming().endTime ?? 0);
  const left = (end - Number(animation.currentTime ?? 0)) / playbackRate;
  return Number.isFinite(left) && left <= maxMs ? Math.max(0, left) : null;
}

const TRANSITION = ":active-view-transition";
const knowsTransitions = CSS.supports(`selector(${TRANSITION})`);
/** During a view transition, pictures of the page cover it. */
const isInTransition = () => knowsTransitions && !page.empty && matchesOf(page.root, TRANSITION);

const runs = new WeakMap<Element, { endsAt: number; chain: number }>();

/** Whether an element's animation follows directly upon others of it that did the same: this will go on. */
function isRestarted(animation: Animation, target: Element, left: number): boolean {
  const now = Number(document.timeline.currentTime);
  const began = Number(animation.startTime ?? now);
  const run = runs.get(target) ?? { endsAt: Number.NEGATIVE_INFINITY, chain: 0 };
  if (began > run.endsAt - 20) run.chain = began < run.endsAt + 100 ? run.chain + 1 : 0;
  run.endsAt = Math.max(run.endsAt, now + left);
  runs.set(target, run);
  return run.chain >= 3;
}

/**
 * Reads the document when it is at rest: it has loaded, its content has not changed for `quietMs`, the animations that
 * end have ended, the short timers that the action led to have fired, and it has had a full turn (a frame and every
 * task that was due) since the last change and since the last gap in which nothing could run. Or `maxMs` have passed.
 * If no script can react to what was done, waits only for animations; if there is no script, for the load as well.
 * Returns `null` as soon as a navigation to another document has been asked for. With `awaitActivityMs`, first waits up
 * to that long until anything happens at all. Does not wait for what is known to change for ever.
 *
 * Reads the document during the time in which it has to stay quiet. If nothing at all has changed by the end of it,
 * that reading holds; otherwise the document is read again.
 */
export async function readAtRest(
  options: SettleOptions,
  { read, mark }: Reading,
): Promise<SettledSnapshot | null> {
  const from = performance.now();
  const end = from + options.maxMs;
  const giveUp = from + options.awaitActivityMs;
  let active = options.awaitActivityMs === 0;
  for (const name of options.noise) learnt.add(name);
  const noise = watchNoise(learnt);
  const acted = memory.acted ?? { first: from, last: from };
  // What an action does at once was done when the answer to its input came.
  let changed = acted.last === 0 ? from : Math.min(from, Math.max(acted.last, from - SLACK_MS));
  /** As far as we know, nothing more can come. */
  let still = options.awaitActivityMs === 0 && isUneventful();
  /** Nothing has changed so far. After a change we would expect more, because changes often come in several parts. */
  let calm = memory.acted !== null && acted.last !== 0;
  /** A full turn has passed since the last change and the last gap. */
  let turned = false;
  /** When a pane that scrolls should have reported that its scrolling has ended. */
  let scrollingUntil = 0;
  let readMs = 0;
  let early: { snapshot: PageSnapshot; before: unknown[] | null } | undefined;
  /** Since the early reading. */
  let touched = false;
  let wake = () => {};
  const sleep = async (ms: number) => {
    const due = performance.now() + ms;
    await new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, ms);
    });
    if (performance.now() - due > GAP_MS) turned = false;
  };
  const readTimed = () => {
    const began = performance.now();
    const snapshot = read();
    readMs += performance.now() - began;
    return snapshot;
  };
  const same = (a: unknown[], b: unknown[]) => a.length === b.length && a.every((item, i) => item === b[i]);
  const happen = (now: number) => {
    changed = now;
    calm = turned = still = false;
    if (active) return;
    active = true;
    wake();
  };
  /** Milliseconds until the last animation that ends has ended. */
  const measureAnimations = (maxMs: number): number => {
    let most = 0;
    for (const animation of page.animations()) {
      const left = remainingOf(animation, maxMs);
      const { target } = (animation.effect ?? {}) as Partial<KeyframeEffect>;
      if (left === null || !target || noise.isNoise(target)) continue;
      if (isRestarted(animation, target, left)) noise.addNoise(target);
      else most = Math.max(most, left);
    }
    return most;
  };

  /** Milliseconds until the last timer fires that the action led to, directly or through what has changed since. */
  const measureTimers = (now: number): number => {
    const until = Math.max(changed, acted.last) + LATE_MS + SLACK_MS;
    let last = 0;
    for (const timer of pendingTimers()) {
      if (timer.since < acted.first || (timer.goesOn && noise.isIdle(timer))) continue;
      // What was asked for may come at any moment, or never; often it leads to the next request.
      if (timer.delay <= REPLY) {
        if (now < Math.min(timer.since + LATE_MS, until + CHAIN_MS)) last = Math.max(last, 1);
        else noise.addIdle(timer);
        continue;
      }
      if (timer.due <= until) last = Math.max(last, timer.due - now);
      // The last time it fired may be just about to happen.
      else if (timer.goesOn && timer.due - timer.delay < now - SLACK_MS) noise.addIdle(timer);
    }
    return last;
  };

  const observer = new MutationObserver((records) => {
    touched = true;
    const now = performance.now();
    let counts = false;
    for (const { type, attributeName, target } of records) {
      const draws = type === "attributes" && (attributeName === "style" || target instanceof SVGElement);
      if (type !== "attributes" || draws || CONTENT.has(attributeName!))
        counts = noise.counts(target, now, draws) || counts;
    }
    if (counts) happen(now);
  });
  let watching = false;
  // What the parser adds is not sorted piece by piece: the document is read only when it has all pieces.
  const watch = () => {
    if (watching || (page.parsing && !neverLoads)) return;
    watching = true;
    changed = Math.max(changed, parsing ? performance.now() : 0);
    observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  };
  const { parsing } = page;
  watch();
  document.addEventListener("readystatechange", watch);
  const answers = new PerformanceObserver((list) => {
    // A picture gives its element a size, and there may be no other sign of that.
    touched = true;
    const entries = list.getEntries() as PerformanceResourceTiming[];
    // The page is about to show an answer that has just arrived.
    if (entries.some(({ initiatorType }) => /^(?:fetch|xmlhttprequest|script|other)$/.test(initiatorType)))
      turned = false;
  });
  answers.observe({ type: "resource" });
  // Later than the page's own listeners.
  const onLoad = () => {
    turned = false;
    setTimeout(() => wake(), 0);
  };
  addEventListener("load", onLoad);
  // A script moves a pane or the page step by step.
  const onScroll = ({ target }: Event) => {
    touched = true;
    const now = performance.now();
    if (noise.counts(target instanceof Document ? page.root : (target as Node), now, true)) {
      scrollingUntil = now + SCROLL_MS;
      happen(now);
    }
  };
  const onScrollEnd = () => {
    scrollingUntil = 0;
    turned = false;
    setTimeout(() => wake(), 0);
  };
  watchScrolls();
  scrolls.onScroll = onScroll;
  scrolls.onScrollEnd = onScrollEnd;
  memory.onNavigate = () => wake();
  try {
    for (;;) {
      watch();
      const now = performance.now();
      if (memory.navigating) return null;
      if (now >= end) {
        neverLoads ||= !page.loaded && options.maxMs > 0;
        noise.giveUp(now);
        break;
      }
      const quietMs = calm && active ? Math.min(options.quietMs, CALM_MS) : options.quietMs;
      const rest = Math.max(quietMs - (now - changed), noise.restlessUntil - now, scrollingUntil - now);
      const loaded = page.loaded || neverLoads;
      const began = active || now >= giveUp;
      if (loaded && began && (rest <= EARLY_MS || still || isInert())) {
        const left = Math.max(
          measureAnimations(end - now),
          measureTimers(now),
          isInTransition() ? RETHINK_MS : 0,
        );
        if (left > 0) {
          still = false;
          // It may be cancelled before its end.
          await sleep(Math.min(left + 1, RETHINK_MS));
          turned = false;
          early = undefined;
          continue;
        }
        if (still || isInert()) break;
        if (mark && !early) {
          touched = false;
          early = { snapshot: readTimed(), before: mark(true) };
        }
        if (!turned) {
          // A link within the page may scroll it smoothly, beginning with the second frame.
          if (memory.leads) await turn();
          turned = true;
          await turn();
          continue;
        }
        if (rest <= 0) break;
      }
      const wait = !loaded ? 100 : !began ? giveUp - now : rest > EARLY_MS ? rest - EARLY_MS : rest;
      await sleep(Math.max(1, Math.min(wait, end - now)));
    }
    const isTouched = touched || answers.takeRecords().length > 0;
    const after = early?.before && !isTouched ? mark!(false) : null;
    const snapshot = after && same(after, early!.before!) ? early!.snapshot : readTimed();
    return { ...snapshot, settledMs: performance.now() - from - readMs, noise: [...learnt] };
  } finally {
    observer.disconnect();
    answers.disconnect();
    removeEventListener("load", onLoad);
    document.removeEventListener("readystatechange", watch);
    scrolls.onScroll = scrolls.onScrollEnd = null;
    memory.onNavigate = null;
    memory.acted = null;
    beginHearing();
    watchInput();
  }
}
