/** @file Finds elements of the last observation for an action, and the points at which a person would touch them. */

import { intersect } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { changesOnHover } from "./hearing.ts";
import { ariaOf } from "./internals.ts";
import { memory } from "./memory.ts";
import { isDisabled } from "./value.ts";
import {
  attributeOf,
  boxOf,
  boxesOf,
  closestOf,
  contentOf,
  findAllIn,
  isConnected,
  isEditable,
  isRendered,
  labelsOf,
  matchesOf,
  scrollIntoViewOf,
} from "./native.ts";
import { reach } from "./reach.ts";
import type { Reached } from "./reach.ts";
import { isField, roleOf } from "./role.ts";
import { squash } from "./text.ts";
import { elementAt, parentOf, within } from "./tree.ts";

/** In pixels of this document's viewport. */
export interface Spot {
  x: number;
  y: number;
}

/** The agent's mistake, as a sentence that follows the element's name. */
export interface Refusal {
  kind: "refused";
  reason: "gone" | "not_actionable";
  why: string;
}

export const refuse = (why: string): Refusal => ({ kind: "refused", reason: "not_actionable", why });

/** How an element takes what an agent gives it. */
export type Taking =
  /** Text of one line, of several, or of a rich editor; or a combobox or search box with a field inside it. */
  | "line"
  | "lines"
  | "rich"
  | "inside"
  /** A native date, time or colour: the value as a whole. */
  | "whole"
  | "range"
  | "slider"
  | "select"
  | "file"
  /** An option of a list that takes several. */
  | "one of several"
  | "nothing";

export interface Located extends Spot {
  kind: "at";
  takes: Taking;
  /** `type` of an input. */
  type: string;
  /** Every point of it reaches something else inside it, so its own `click` has to be called. */
  buried: boolean;
  /** The page may change what is there when the pointer comes to it. */
  hovers: boolean;
}

/** An element that can be acted on. */
export function usable(index: number): { kind: "usable"; element: Element } | Refusal {
  const element = memory.elements[index];
  if (!element || !isConnected(element))
    return { kind: "refused", reason: "gone", why: "is no longer on this page" };
  return isDisabled(element) ? refuse("is disabled") : { kind: "usable", element };
}

/** Where to touch element `index`. Scrolls it into view if needed; with `again`, always. */
export function locate(index: number, again = false): Located | Refusal {
  const found = usable(index);
  if (found.kind === "refused") return found;
  const { element } = found;
  const touched = soleControl(element) ?? element;
  const point = show(touched, again);
  if (!point) return refuse("is covered or out of sight");
  if (point.dead) return refuse("is disabled");
  const clear = beside(touched, point);
  const spot = clear ?? { x: point.x, y: point.y };
  const hit = elementAt(spot.x, spot.y);
  pointed = { spot, hit };
  return {
    kind: "at",
    ...spot,
    takes: takingOf(element),
    type: element instanceof HTMLInputElement ? element.type : "",
    buried: clear === null && element instanceof HTMLInputElement,
    hovers: hit === null || changesOnHover(hit),
  };
}

/** What was located last, and what a click there hits. */
let pointed: { spot: Spot; hit: Element | null } | null = null;
const POINTER_MS = 500;

/**
 * Waits a moment until what was located is under the pointer: a picture that changes when it is hovered has no size
 * until it is loaded. `false`: the browser took that for the pointer's leaving, so it has to move again.
 */
export async function awaitPointed(): Promise<boolean> {
  if (!pointed?.hit) return true;
  const { spot, hit } = pointed;
  const end = performance.now() + POINTER_MS;
  for (;;) {
    const now = elementAt(spot.x, spot.y);
    if (!isConnected(hit) || performance.now() >= end) return true;
    if (now && within(now, hit)) return matchesOf(hit, ":hover");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Scrolls until the element can be touched. */
export function show(element: Element, again = false): Reached | null {
  const view: Edges = [0, 0, innerWidth, innerHeight];
  const look = () => {
    const point = reach(element, view, view);
    return point?.beside ? null : point;
  };
  let point = again ? null : look();
  for (const block of ["nearest", "center", "start", "end"] as const) {
    if (point) break;
    scrollIntoViewOf(element, { block, inline: "center", behavior: "instant" });
    point = look();
  }
  return point;
}

const OWN_BUSINESS =
  "a[href],button,input,select,textarea,summary,[role=button],[role=link],[contenteditable]";

/**
 * The link or button that makes up all of an element, which the observation shows as one with it: the link in a tab,
 * the button in a list item. It is what answers to a click.
 */
function soleControl(element: Element): Element | null {
  const inner = [...findAllIn(element, "a[href],button,[role=button],[role=link]")];
  const [only] = inner;
  if (!only || inner.length > 1 || memory.elements.includes(only)) return null;
  const text = squash(contentOf(element) ?? "");
  return text !== "" && text === squash(contentOf(only) ?? "") ? only : null;
}

/** Whether a click at the point means something else, inside the element or around its label. */
function meansOther(element: Element, { x, y }: Spot): boolean {
  const hit = elementAt(x, y);
  if (!hit) return true;
  const stands = [element, ...labelsOf(element)];
  for (let node: Node | null = hit; node instanceof Element; node = parentOf(node)) {
    if (stands.includes(node)) return false;
    if (memory.elements.includes(node)) return true;
    // If that makes up all of the element, the observation shows one thing, and means the one that answers.
    if (matchesOf(node, OWN_BUSINESS))
      return squash(contentOf(node) ?? "") !== squash(contentOf(element) ?? "");
  }
  return false;
}

/**
 * The point, or another one of the element or its label, that does not mean something else, such as a link in the label
 * of a check box or a button in a card. `null` if there is none.
 */
function beside(element: Element, point: Spot): Spot | null {
  if (!meansOther(element, point)) return { x: point.x, y: point.y };
  for (const part of [element, ...labelsOf(element)])
    for (const box of isRendered(part) ? boxesOf(part) : []) {
      const [left, top, right, bottom] = intersect(
        [box.left, box.top, box.right, box.bottom],
        [0, 0, innerWidth, innerHeight],
      );
      for (const down of [0.5, 0.15, 0.85])
        for (const along of [0.03, 0.97, 0.25, 0.5, 0.75, 0.12, 0.88]) {
          const spot = { x: left + (right - left) * along, y: top + (bottom - top) * down };
          const hit = right > left && bottom > top && elementAt(spot.x, spot.y);
          if (hit && within(hit, part) && !meansOther(element, spot)) return spot;
        }
    }
  return null;
}

function takingOf(element: Element): Taking {
  if (element instanceof HTMLSelectElement) return "select";
  if (element instanceof HTMLTextAreaElement) return "lines";
  if (element instanceof HTMLInputElement) {
    if (/^(date|time|datetime-local|month|week|color)$/.test(element.type)) return "whole";
    if (element.type === "range" || element.type === "file") return element.type;
    return isField(element) ? "line" : "nothing";
  }
  if (element instanceof HTMLOptionElement) {
    const select = closestOf(element, "select");
    return select instanceof HTMLSelectElement && select.multiple ? "one of several" : "nothing";
  }
  if (isEditable(element)) return "rich";
  const role = roleOf(element);
  if (role === "slider") return "slider";
  return role === "textbox" || role === "combobox" ? "inside" : "nothing";
}

/** Clicks without the mouse. */
export function clickElement(index: number): null {
  const element = memory.elements[index];
  if (element instanceof HTMLElement) HTMLElement.prototype.click.call(element);
  return null;
}

/** Gives an element the focus. `false` if it does not take it. */
export function focusElement(index: number): boolean {
  const element = memory.elements[index];
  if (!(element instanceof HTMLElement)) return false;
  if (element instanceof HTMLSelectElement) memory.opened = element;
  HTMLElement.prototype.focus.call(element);
  return matchesOf(element, ":focus, :focus-within");
}

/** The box of an element that something is about to be dragged to or drawn in; scrolls it into view. */
export function boxOfElement(index: number): { kind: "box"; box: Edges } | Refusal {
  const found = usable(index);
  if (found.kind === "refused") return found;
  const fits = () => {
    const { left, top, right, bottom } = boxOf(found.element);
    return left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
  };
  if (!fits()) scrollIntoViewOf(found.element, { block: "nearest", inline: "nearest", behavior: "instant" });
  const { left, top, right, bottom } = boxOf(found.element);
  return { kind: "box", box: [left, top, right, bottom] };
}

/** Where the thumb of a slider is, or the middle of anything else. */
export function gripOf(index: number): Spot | null {
  const element = memory.elements[index];
  if (!(element instanceof HTMLInputElement) || element.type !== "range") return null;
  const box = boxOf(element);
  const [min, max] = [Number(element.min || 0), Number(element.max || 100)];
  const share = max > min ? (Number(element.value) - min) / (max - min) : 0;
  // The thumb is about as wide as the slider is high, and stays inside.
  const thumb = Math.min(16, box.width);
  return { x: box.left + thumb / 2 + share * (box.width - thumb), y: box.top + box.height / 2 };
}

export interface SliderState {
  now: number;
  min: number;
  max: number;
  /** The box of its track: the first ancestor that is much longer than the thumb. */
  track: Edges;
  vertical: boolean;
}

/** A slider's value and range; `null` if it does not say. */
export function sliderState(index: number): SliderState | null {
  const element = memory.elements[index]!;
  if (element instanceof HTMLInputElement) {
    const box = boxOf(element);
    return {
      now: Number(element.value),
      min: Number(element.min || 0),
      max: Number(element.max || 100),
      track: [box.left, box.top, box.right, box.bottom],
      vertical: false,
    };
  }
  const number = (name: string) => Number(ariaOf(element, name) ?? NaN);
  const vertical = attributeOf(element, "aria-orientation") === "vertical";
  const thumb = boxOf(element);
  let track = thumb;
  for (let node = parentOf(element); node instanceof Element; node = parentOf(node)) {
    track = boxOf(node);
    if (vertical ? track.height > 3 * thumb.height : track.width > 3 * thumb.width) break;
  }
  const state = { now: number("aria-valuenow"), min: number("aria-valuemin"), max: number("aria-valuemax") };
  if (Number.isNaN(state.min)) state.min = 0;
  if (Number.isNaN(state.max)) state.max = 100;
  return Number.isNaN(state.now)
    ? null
    : { ...state, track: [track.left, track.top, track.right, track.bottom], vertical };
}
