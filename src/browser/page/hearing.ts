/**
 * @file Whether scripts of the page can react to what an action did, as `hearing-hook.ts` tells from the page's world.
 */

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

/** Frames have scripts of their own, which notice the focus and can reach the page. */
const FRAMES = "iframe, frame, object, embed";
/** Handlers of late events in the markup; and modules, which may import others at any time without a sign of it. */
const LATE =
  "script[type=module], [ontoggle], [onbeforetoggle], [onclose], [oncancel], [onselect], [onscroll], [onscrollend]";

/**
 * The action reached the page by mouse or keyboard, and when it was done, it had left nothing that any script could
 * react to.
 */
export function isUneventful(): boolean {
  if (!names || memory.leads || memory.shadows || page.empty) return false;
  if (changed || observer.takeRecords().length > 0 || page.find(`${FRAMES}, ${LATE}`)) return false;
  return !channel!.dispatchEvent(new UIEvent(names.ask, { cancelable: true }));
}

/** What the browser does only with the next frame. */
const FRAMED = `[autofocus], [loading=lazy], [style*="content-visibility" i]`;

/** With a frame, the browser scrolls to the place that the address names, or to the one where the document was left. */
const isPlaced = (): boolean => {
  const [arrival] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return location.hash !== "" || arrival?.type !== "navigate";
};

/**
 * Whether a script or the browser may wait for the next frame without a callback that `timers.ts` knows of: observers
 * of sizes, listeners to scrolls and transitions, contents that are laid out once they are in view. Drawing one costs
 * all processes of the browser more than reading the document does.
 */
export function needsFrame(): boolean {
  if (!names || memory.leads || memory.shadows || page.empty || isPlaced()) return true;
  if (page.animations().length > 0) return true;
  if (page.find(`${FRAMES}, ${LATE}, ${FRAMED}`) || defersToFrame()) return true;
  return channel!.dispatchEvent(new UIEvent(names.ask, { detail: 2, cancelable: true }));
}

/**
 * Whether the page may change, a moment later, when the pointer comes to this element: a script may notice that, or
 * that the pointer leaves the last one, or a picture may load.
 */
export function changesOnHover(element: Element): boolean {
  if (loadsOnHover()) return true;
  const isHeard = (at: Element) =>
    !names || at.dispatchEvent(new MouseEvent(names.moves, { cancelable: true, composed: true }));
  const left = [...page.findAll(":hover")].at(-1);
  return isHeard(element) || (left !== undefined && isHeard(left));
}

/** Whether a script may move something itself when the mouse wheel turns over this element. */
export const isWheelHeard = (element: Element): boolean =>
  names !== undefined &&
  element.dispatchEvent(new MouseEvent(names.wheels, { cancelable: true, composed: true }));

/** What runs scripts, now or later, or changes the document by itself. */
const ACTIVE =
  `script, meta[http-equiv=refresh i], [href^="javascript:" i], [action^="javascript:" i], [formaction^="javascript:" i], ` +
  `animate, set, animateTransform, animateMotion, ${FRAMES}`;
/** `onclick=` and the like. */
const HANDLER = '//@*[starts-with(name(), "on")]';

let inert: boolean | undefined;

/**
 * The document has loaded and has no scripts: it stays as it is, except for what an action does to it at once. Asked
 * only once: without a script, nothing could add one.
 */
export function isInert(): boolean {
  if (!page.loaded || memory.leads || page.empty) return false;
  inert ??= window === top && opener === null && !page.find(ACTIVE) && !page.has(HANDLER) && !hasShadows();
  return inert;
}

const hasShadows = (): boolean => [...page.findAll("*")].some((element) => shadowRootOf(element) !== null);
