/** @file Values and states of what can be acted on. */

import {
  attributeOf,
  closestOf,
  contentOf,
  elementById,
  findIn,
  innerTextOf,
  matchesOf,
  rootOf,
} from "./native.ts";
import { ariaOf } from "./internals.ts";
import { innerFieldOf } from "./name.ts";
import { isField } from "./role.ts";
import { squash, unmark } from "./text.ts";

const TOGGLES = /^(?:checkbox|radio|switch|menuitem)/;

/** The value as it is, white space included; `undefined` if there is none. Passwords are left out. */
export function valueOf(element: Element, role: string): string | undefined {
  if (element instanceof HTMLSelectElement)
    return [...element.selectedOptions].map((option) => squash(option.text)).join(", ");
  if (element instanceof HTMLInputElement) {
    if (element.type === "checkbox" || element.type === "radio")
      return element.indeterminate ? "mixed" : element.checked ? "checked" : "unchecked";
    if (element.type === "password") return element.value === "" ? "" : "••••";
    return isField(element) || element.type === "range" ? unmark(element.value) : undefined;
  }
  if (element instanceof HTMLTextAreaElement) return unmark(element.value);
  if (role === "textbox") return editedText(element);
  if (TOGGLES.test(role)) {
    const checked = ariaOf(element, "aria-checked");
    if (checked !== null) return checked === "true" ? "checked" : checked === "mixed" ? "mixed" : "unchecked";
  }
  if (role === "slider")
    return ariaOf(element, "aria-valuetext") ?? ariaOf(element, "aria-valuenow") ?? undefined;
  if (role === "combobox") {
    const field = innerFieldOf(element);
    return (field && field.type !== "password" && unmark(field.value)) || squash(innerTextOf(element));
  }
  if (/^(?:tab|option|treeitem)$/.test(role) && ariaOf(element, "aria-selected") === "true")
    return "selected";
  if (role === "button" && ariaOf(element, "aria-pressed") === "true") return "pressed";
  return undefined;
}

/** Text of a rich editor, a line for each of its blocks. */
function editedText(element: Element): string {
  const now = ariaOf(element, "aria-valuetext") ?? ariaOf(element, "aria-valuenow");
  if (now !== null && !findIn(element, "*") && (contentOf(element) ?? "").trim() === "") return now;
  return unmark(innerTextOf(element))
    .replace(/\n{3,}/g, "\n\n")
    .replace(/\n+$/, "");
}

/** The choices of a drop-down, or the browser's suggestions for a field. */
export function optionsOf(element: Element): string[] | undefined {
  if (element instanceof HTMLSelectElement)
    return [...element.options].filter(({ hidden }) => !hidden).map(({ text }) => squash(text));
  const id = element instanceof HTMLInputElement ? attributeOf(element, "list") : null;
  const list = id ? elementById(rootOf(element), id) : null;
  if (!(list instanceof HTMLDataListElement)) return undefined;
  return [...list.options]
    .map((option) => squash(option.value || option.label))
    .filter((text) => text !== "");
}

export const isDisabled = (element: Element): boolean =>
  matchesOf(element, ":disabled") ||
  ariaOf(element, "aria-disabled") === "true" ||
  closestOf(element, '[aria-disabled="true"]') !== null;
