/** @file Which elements listen to the mouse, as `hook.ts` tells from the page's world. */

import { noteInternals } from "./internals.ts";
import { CLICKS, DELEGATES, KEYS, MENUS, namesOf, PRESSES } from "./listener-protocol.ts";
import { attributeOf, hasAttributeOf } from "./native.ts";
import { connectHearing } from "./hearing.ts";
import { connectTimers } from "./timers.ts";

const noted = new WeakMap<Element, number>();
/** Counts the notes. */
let version = 0;
let welcomed = false;
let names: ReturnType<typeof namesOf> | undefined;
/** Never in the document, so no script of the page finds it. */
const channel = document.createElement("i");

const take = (event: Event) => {
  event.stopImmediatePropagation();
  version++;
  // The path leads into open shadow roots.
  const [element] = event.composedPath();
  if (!(element instanceof Element)) return;
  if (event instanceof CustomEvent) noteInternals(element, event.detail as string);
  else noted.set(element, (event as UIEvent).detail);
};

/** `key` is the one that `hook.ts` has. */
export function connectListeners(key: string): void {
  names = namesOf(key);
  channel.addEventListener(names.welcome, () => {
    welcomed = true;
  });
  connectTimers(key, channel);
  connectHearing(key, channel);
  learnListeners();
}

/** What {@link learnListeners} returned last. */
export const listenersVersion = (): number => version;

/** Takes in what has changed; returns a number that tells whether anything has, ever. */
export function learnListeners(): number {
  if (!names) return version;
  // `document.open` removes every listener of the window.
  window.addEventListener(names.note, take, true);
  window.addEventListener(names.said, take, true);
  if (!welcomed) window.dispatchEvent(new MouseEvent(names.hello, { relatedTarget: channel }));
  channel.dispatchEvent(new Event(names.ask));
  return version;
}

const CLICK_ATTRIBUTES = ["onclick", "ondblclick"];
const KEY_ATTRIBUTES = ["onkeydown", "onkeyup", "onkeypress"];
const PRESS_ATTRIBUTES = ["onmousedown", "onmouseup", "onpointerdown", "onpointerup"];

const bitsOf = (element: Element): number => noted.get(element) ?? 0;
const has = (element: Element, names: string[]) =>
  names.some((name) => hasAttributeOf(element, name) && attributeOf(element, name) !== "");

/** It listens to clicks or presses, and is not the root of an application, which only passes them on. */
export function answers(element: Element): boolean {
  const bits = bitsOf(element);
  if (bits & DELEGATES) return false;
  // It is there to be dragged.
  if (attributeOf(element, "draggable") === "true") return true;
  return (
    (bits & (CLICKS | PRESSES)) !== 0 || has(element, CLICK_ATTRIBUTES) || has(element, PRESS_ATTRIBUTES)
  );
}

/**
 * It answers to keys, and takes the focus for them, or to the right mouse button. It need not answer to the left one.
 */
export function answersOtherwise(element: Element): boolean {
  const bits = bitsOf(element);
  if (bits & DELEGATES) return false;
  if (bits & MENUS) return true;
  const menu = attributeOf(element, "oncontextmenu");
  // Pages do this so that nobody saves their pictures.
  if (menu !== null && !/^\s*(?:return false\b|event\.preventDefault\(\))?[\s;]*$/.test(menu)) return true;
  const focus = attributeOf(element, "tabindex");
  return focus !== null && Number(focus) >= 0 && ((bits & KEYS) !== 0 || has(element, KEY_ATTRIBUTES));
}

/** It listens to presses of the mouse button, not to clicks: to be dragged, moved to the front or selected in. */
export const onlyPresses = (element: Element): boolean =>
  (bitsOf(element) & CLICKS) === 0 && !has(element, CLICK_ATTRIBUTES);
