/**
 * @file Finds, in the page's own world, the elements for which other elements listen: libraries register one listener
 * at the document or at the root of the application. They store what to call with each element, or a selector of those
 * elements with the listener. Used by `hook.ts`, after the page's scripts have run, so their objects may throw.
 */

import { CLICKS, KEYS, MENUS, PRESSES } from "./listener-protocol.ts";

/** How libraries name their handlers: React's properties, Solid's and Svelte's keys. */
const HANDLERS: Record<string, number> = {
  onClick: CLICKS,
  onClickCapture: CLICKS,
  onDoubleClick: CLICKS,
  onMouseDown: PRESSES,
  onMouseUp: PRESSES,
  onPointerDown: PRESSES,
  onPointerUp: PRESSES,
  __click: CLICKS,
  __dblclick: CLICKS,
  __mousedown: PRESSES,
  __pointerdown: PRESSES,
  $$click: CLICKS,
  $$dblclick: CLICKS,
  $$mousedown: PRESSES,
  $$pointerdown: PRESSES,
  click: CLICKS,
  dblclick: CLICKS,
  mousedown: PRESSES,
  mouseup: PRESSES,
  pointerdown: PRESSES,
  pointerup: PRESSES,
  onKeyDown: KEYS,
  onKeyUp: KEYS,
  __keydown: KEYS,
  $$keydown: KEYS,
  keydown: KEYS,
  keyup: KEYS,
  keypress: KEYS,
  onContextMenu: MENUS,
  __contextmenu: MENUS,
  $$contextmenu: MENUS,
  contextmenu: MENUS,
};
const REACT = /^__react(?:Props|EventHandlers)\$/;
/** Keys of Solid and Svelte. */
const OWN = /^(?:__|\$\$)/;
const JQUERY = /^jQuery\d/;
/** `event.target.closest(".row")`, but not `if (!event.target.closest(".menu")) close()`. */
const SELECTED = /(!\s*[\w.?]*)?\.(?:closest|matches)\(\s*(["'`])([^"'`$]+)\2/g;
const LONGEST_SOURCE = 20_000;

type Bag = Record<string | symbol, unknown>;
const isObject = (value: unknown): value is Bag => typeof value === "object" && value !== null;
const isHandler = (value: unknown) => typeof value === "function" || Array.isArray(value);

/** `note` is called for each element, maybe several times. */
export type FindDelegated = (
  callbacks: readonly { callback: unknown; bits: number }[],
  note: (element: Element, bits: number) => void,
) => void;

/** Call it before the page's scripts run. */
export function delegationFinder(): FindDelegated {
  const { ownKeys, apply } = Reflect;
  const { Element } = window;
  const methodOf = (type: { prototype: object }, name: string) =>
    Object.getOwnPropertyDescriptor(type.prototype, name)!.value as () => unknown;
  const inDocument = methodOf(Document, "querySelectorAll");
  const inElement = methodOf(Element, "querySelectorAll");
  const sourceOf = methodOf(Function, "toString");
  const selectors = new WeakMap<object, string[]>();

  const find = (root: unknown, selector: string): ArrayLike<Element> => {
    try {
      const native = root instanceof Element ? inElement : inDocument;
      return apply(native, root instanceof Element ? root : document, [selector]) as NodeListOf<Element>;
    } catch {
      // jQuery has selectors that CSS does not.
      return [];
    }
  };
  /** The selectors in a listener's source. Only a listener that delegates events has any. */
  const selectorsIn = (callback: object): string[] => {
    let found = selectors.get(callback);
    if (found) return found;
    selectors.set(callback, (found = []));
    const text = typeof callback === "function" ? (apply(sourceOf, callback, []) as string) : "";
    if (text.length <= LONGEST_SOURCE)
      for (const [, not, , selector] of text.matchAll(SELECTED)) if (!not) found.push(selector!);
    return found;
  };
  const ofElement = (element: Element, note: (element: Element, bits: number) => void) => {
    for (const key of ownKeys(element)) {
      const value = (element as unknown as Bag)[key];
      if (typeof key === "string" && OWN.test(key) && HANDLERS[key] && isHandler(value))
        note(element, HANDLERS[key]);
      // Svelte stores them under a symbol.
      const bag = typeof key === "symbol" || REACT.test(key) ? value : null;
      if (isObject(bag))
        for (const name in HANDLERS) if (isHandler(bag[name])) note(element, HANDLERS[name]!);
    }
  };
  const ofJquery = (target: unknown, note: (element: Element, bits: number) => void) => {
    for (const key of ownKeys(target as object)) {
      if (typeof key !== "string" || !JQUERY.test(key)) continue;
      const { jQuery } = window as { jQuery?: { _data?: (target: unknown, name: string) => unknown } };
      const data = (target as Bag)[key];
      // Before version 2, the element itself has only a number.
      const events = isObject(data) ? data["events"] : jQuery?._data?.(target, "events");
      if (!isObject(events)) continue;
      for (const type of Object.keys(events)) {
        const bits = HANDLERS[type];
        const list = events[type];
        if (!bits || !Array.isArray(list)) continue;
        for (const { selector } of list as { selector?: unknown }[])
          if (typeof selector === "string")
            for (const element of Array.from(find(target, selector))) note(element, bits);
      }
    }
  };

  return (callbacks, note) => {
    try {
      for (const { callback, bits } of callbacks)
        if (callback !== null && (typeof callback === "function" || typeof callback === "object"))
          for (const selector of selectorsIn(callback))
            for (const element of Array.from(find(document, selector))) note(element, bits);
      ofJquery(document, note);
      for (const element of Array.from(find(document, "*"))) {
        ofElement(element, note);
        ofJquery(element, note);
      }
    } catch {
      // The page's objects are not what they seem to be: what has been found so far counts.
    }
  };
}
