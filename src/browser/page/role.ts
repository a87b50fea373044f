/** @file Roles of what can be acted on. */

import {
  attributeOf,
  closestOf,
  findIn,
  hasAttributeOf,
  isEditable,
  parentElementOf,
  tagOf,
} from "./native.ts";
import { styleOf } from "./tree.ts";

const TEXT_INPUTS = new Set([
  "text",
  "search",
  "email",
  "url",
  "tel",
  "password",
  "number",
  "date",
  "time",
  "datetime-local",
  "month",
  "week",
  "color",
]);
const ROLES = new Set([
  "link",
  "button",
  "tab",
  "checkbox",
  "radio",
  "menuitem",
  "menuitemcheckbox",
  "menuitemradio",
  "option",
  "switch",
  "combobox",
  "textbox",
  "slider",
  "treeitem",
]);

export const isField = (element: Element): boolean =>
  element instanceof HTMLTextAreaElement ||
  (element instanceof HTMLInputElement && TEXT_INPUTS.has(element.type));

/** The first word of `role`; empty without one. */
export const explicitRoleOf = (element: Element): string =>
  attributeOf(element, "role")?.trim().split(/\s+/)[0] ?? "";

/** Role of something to act on; `null` for everything else. */
export function roleOf(element: Element): string | null {
  const tag = tagOf(element);
  if (tag === "select") return "combobox";
  if (isField(element)) return "textbox";
  const explicit = explicitRoleOf(element);
  if (explicit === "searchbox" || explicit === "spinbutton") return "textbox";
  if (ROLES.has(explicit)) return explicit;
  if (element instanceof HTMLInputElement) {
    if (element.type === "hidden") return null;
    if (element.type === "checkbox" || element.type === "radio") return element.type;
    return element.type === "range" ? "slider" : "button";
  }
  if (tag === "a")
    return hasAttributeOf(element, "href") || hasAttributeOf(element, "xlink:href")
      ? "link"
      : clickable(element);
  if (tag === "area") return hasAttributeOf(element, "href") ? "link" : null;
  if (tag === "button") return "button";
  if (tag === "summary" && parentElementOf(element) instanceof HTMLDetailsElement) return "button";
  if (isEditable(element)) return isEditable(parentElementOf(element)) ? null : "textbox";
  return clickable(element);
}

/** Something without a role that answers to the mouse: its own `onclick`, or a pointer that it does not inherit. */
function clickable(element: Element): string | null {
  const tag = tagOf(element);
  if (tag === "label" || tag === "html" || tag === "body" || tag === "option") return null;
  const parent = parentElementOf(element);
  const pointer =
    styleOf(element).cursor === "pointer" && (parent === null || styleOf(parent).cursor !== "pointer");
  if (!pointer && !hasAttributeOf(element, "onclick")) return null;
  return findIn(
    element,
    "a[href],button,input,select,textarea,[role=button],[role=link],[onclick],summary",
  ) || closestOf(element, "label")
    ? null
    : "clickable";
}
