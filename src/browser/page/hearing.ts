/** @file Whether scripts of the page can go on with what an action did, as `hearing-hook.ts` tells from the page's world. */

import { hearingNamesOf } from "./listener-protocol.ts";
import { defersToFrame, loadsOnHover } from "./hover.ts";
import { memory } from "./memory.ts";
import { page, shadowRootOf } from "./native.ts";

let names: ReturnType<typeof hearingNamesOf> | undefined;
let channel: Element | undefined;
/** The document has changed since the last reading. */
let changed = true;
const observer = new MutationObserver(() => {
  changed = true;
  observer.disconnect();
});

/** `on`: an element of ours that `hook.ts` knows. */
export function connectHearing(key: string, on: Element): void {
  names = hearingNamesOf(key);
  channel = on;
}

/** The document has been read; another action may begin. */
export function beginHearing(): void {
  memory.leads = false;
  if (names) channel!.dispatchEvent(new UIEvent(names.ask, { detail: 1 }));
  changed = false;
  observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
}

/** Frames have scripts of their own, which hear of the focus, and can reach the page. */
const FRAMES = "iframe, frame, object, embed";
/** Handlers in the markup of what is told late; modules, which may import others by and by, which nothing tells of. */
const LATE =
  "script[type=module], [ontoggle], [onbeforetoggle], [onclose], [oncancel], [onselect], [onscroll], [onscrollend]";

/**
 * The action reached the page by mouse or keyboard, and when it was done, nothing was left of it that any script could go on
 * with.
 */
export function isUneventful(): boolean {
  if (!names || memory.leads || memory.shadows || page.empty) return false;
  if (changed || observer.takeRecords().length > 0 || page.find(`${FRAMES}, ${LATE}`)) return false;
  return !channel!.dispatchEvent(new UIEvent(names.ask, { cancelable: true }));
}

/** What the browser does with the next frame only. */
const FRAMED = `[autofocus], [loading=lazy], [style*="content-visibility" i]`;

/** The place in the document that its address names, and the one where it was left, are scrolled to with a frame. */
const isPlaced = (): boolean => {
  const [arrival] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return location.hash !== "" || arrival?.type !== "navigate";
};

/**
 * Whether a script or the browser may wait for the next frame without a callback that `timers.ts` knows of: observers of
 * sizes, listeners to scrolls and transitions, contents that are laid out once they are in view. Drawing one costs all
 * processes of the browser more than reading the document does.
 */
export function needsFrame(): boolean {
  if (!names || memory.leads || memory.shadows || page.empty || isPlaced()) return true;
  if (page.animations().length > 0) return true;
  if (page.find(`${FRAMES}, ${LATE}, ${FRAMED}`) || defersToFrame()) return true;
  return channel!.dispatchEvent(new UIEvent(names.ask, { detail: 2, cancelable: true }));
}

/**
 * Whether the page may change, a moment later, when the pointer comes to this element: a script may hear of that, or of its
 * leaving the one where it is, or a picture be loaded.
 */
export function changesOnHover(element: Element): boolean {
  if (loadsOnHover()) return true;
  const isHeard = (at: Element) =>
    !names || at.dispatchEvent(new MouseEvent(names.moves, { cancelable: true, composed: true }));
  const left = [...page.findAll(":hover")].at(-1);
  return isHeard(element) || (left !== undefined && isHeard(left));
}

/** Whether a script may move something by itself when the mouse's wheel is turned over this element. */
export const isWheelHeard = (element: Element): boolean =>
  names !== undefined &&
  element.dispatchEvent(new MouseEvent(names.wheels, { cancelable: true, composed: true }));

/** What runs scripts, now or later, or changes the document by itself. */
const ACTIVE =
  `script, meta[http-equiv=refresh i], [href^="javascript:" i], [action^="javascript:" i], [formaction^="javascript:" i], ` +
  `animate, set, animateTransform, animateMotion, ${FRAMES}`;
/** `onclick=` and its like. */
const HANDLER = '//@*[starts-with(name(), "on")]';

let inert: boolean | undefined;

/**
 * The document has loaded and has no scripts: what it is now it stays, but for what an action does to it at once. It is
 * asked once: without a script, nothing could add another.
 */
export function isInert(): boolean {
  if (!page.loaded || memory.leads || page.empty) return false;
  inert ??= window === top && opener === null && !page.find(ACTIVE) && !page.has(HANDLER) && !hasShadows();
  return inert;
}

const hasShadows = (): boolean => [...page.findAll("*")].some((element) => shadowRootOf(element) !== null);
