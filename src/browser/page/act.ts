/** @file What actions do inside the page: find the element's point, fill, choose, scroll. */

import type { Edges } from "./geometry.ts";
import { memory } from "./memory.ts";
import { isDisabled } from "./name.ts";
import {
  clientHeightOf,
  findIn,
  focusOn,
  isConnected,
  isEditable,
  page,
  scrollByOf,
  scrollIntoViewOf,
  scrollTopOf,
} from "./native.ts";
import { reach } from "./reach.ts";
import { isField, roleOf } from "./role.ts";
import { scroller } from "./scroll.ts";
import { squash } from "./text.ts";
import { focused } from "./tree.ts";

export type Located =
  | { kind: "point"; x: number; y: number; tag: "select" | "file" | "field" | "other"; native: boolean }
  /** The agent's mistake: a sentence that follows the element's name. */
  | { kind: "refused"; reason: "gone" | "not_actionable"; why: string };

/** Where to click element `index` of the last observation; scrolls it into view if it is not. */
export function locate(index: number, editing: boolean): Located {
  const element = memory.elements[index];
  if (!element || !isConnected(element))
    return { kind: "refused", reason: "gone", why: "is no longer on this page" };
  if (isDisabled(element)) return { kind: "refused", reason: "not_actionable", why: "is disabled" };
  const role = roleOf(element);
  if (editing) {
    if (role !== "textbox" && role !== "combobox")
      return { kind: "refused", reason: "not_actionable", why: "is not a field" };
    if (element instanceof HTMLSelectElement)
      return { kind: "refused", reason: "not_actionable", why: "is a drop-down: use Select Dropdown Option" };
    if ((element as HTMLInputElement).readOnly)
      return { kind: "refused", reason: "not_actionable", why: "is read-only" };
  }
  const view: Edges = [0, 0, innerWidth, innerHeight];
  const inView = (point: { x: number; y: number } | null) =>
    point !== null && point.x >= 0 && point.y >= 0 && point.x < innerWidth && point.y < innerHeight;
  let point = reach(element, view, view);
  if (!inView(point)) {
    scrollIntoViewOf(element, { block: "nearest", inline: "center", behavior: "instant" });
    point = reach(element, view, view);
  }
  if (!inView(point)) {
    scrollIntoViewOf(element, { block: "center", inline: "center", behavior: "instant" });
    point = reach(element, view, view);
  }
  if (!point || !inView(point))
    return { kind: "refused", reason: "not_actionable", why: "is covered or out of sight" };
  const native =
    element instanceof HTMLInputElement &&
    /^(date|time|datetime-local|month|week|color|range)$/.test(element.type);
  const tag =
    element instanceof HTMLSelectElement
      ? "select"
      : element instanceof HTMLInputElement && element.type === "file"
        ? "file"
        : isField(element) || isEditable(element)
          ? "field"
          : "other";
  return { kind: "point", x: point.x, y: point.y, tag, native };
}

/** Selects all that is in the field, so that typing replaces it. Says why it cannot. */
export function selectAll(index: number): string | null {
  const element = memory.elements[index];
  if (!element || !isConnected(element)) return "went away when it was clicked";
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) {
    element.focus();
    element.select();
    return null;
  }
  // A custom combobox or search box: the field is inside it, or took the focus when it was clicked.
  const active = focused();
  const field = active && isField(active) ? active : findIn(element, "input,textarea");
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
    field.focus();
    field.select();
    return null;
  }
  if (!isEditable(element)) return "is not a field";
  focusOn(element);
  const range = new Range();
  range.selectNodeContents(element);
  getSelection()?.removeAllRanges();
  getSelection()?.addRange(range);
  return null;
}

/** For fields that take a value as a whole (dates, times, colours, sliders). */
export function setValue(index: number, text: string): string | null {
  const element = memory.elements[index] as HTMLInputElement;
  const before = element.value;
  element.focus();
  element.value = text.trim();
  const kept =
    text.trim() === "" ||
    (element.value !== "" &&
      (element.value === text.trim() || element.type === "range" || element.type === "color"));
  if (!kept) {
    element.value = before;
    const forms: Record<string, string> = {
      date: "2026-03-16",
      time: "14:30",
      "datetime-local": "2026-03-16T14:30",
      month: "2026-03",
      week: "2026-W12",
    };
    return `takes a value such as ${forms[element.type] ?? "50"}`;
  }
  element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
  return null;
}

/** Chooses the option with this text, else the first whose text contains it, ignoring case. */
export function chooseOption(index: number, text: string): string | null {
  const element = memory.elements[index];
  if (!(element instanceof HTMLSelectElement)) return "is not a drop-down";
  const wanted = squash(text).toLowerCase();
  const options = [...element.options].filter((option) => !option.disabled && !option.hidden);
  const lower = (option: HTMLOptionElement) => squash(option.text).toLowerCase();
  const option =
    options.find((candidate) => lower(candidate) === wanted) ??
    options.find((candidate) => lower(candidate).includes(wanted));
  if (!option) return `has no option ${JSON.stringify(text)}`;
  element.focus();
  if (option.selected && !element.multiple) return null;
  if (element.multiple) for (const other of element.options) other.selected = other === option;
  else element.selectedIndex = option.index;
  element.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
  return null;
}

export function focusElement(index: number): null {
  const element = memory.elements[index];
  if (element) focusOn(element);
  return null;
}

/** Two thirds of what is visible. `false`: it was at the end. */
export function scrollPage(direction: 1 | -1): boolean {
  if (page.empty) return false;
  const element = scroller();
  const height = element === page.scroller ? innerHeight : clientHeightOf(element);
  const before = scrollTopOf(element);
  scrollByOf(element, { top: (direction * height * 2) / 3, behavior: "instant" });
  return scrollTopOf(element) !== before;
}
