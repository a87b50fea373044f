/** @file Accessible names and values (accname 1.2, the parts that web pages use), white space collapsed. */

import {
  attributeOf,
  closestOf,
  contentOf,
  elementById,
  isRendered,
  labelsOf,
  matchesOf,
  nodeTypeOf,
  rootOf,
  tagOf,
} from "./native.ts";
import { isField } from "./role.ts";
import { squash } from "./text.ts";
import { childrenOf, SILENT, styleOf } from "./tree.ts";

/** Text of a subtree as a name uses it (accname 1.2 §2F, without CSS content). */
function textOf(node: Node, depth = 0): string {
  if (nodeTypeOf(node) === Node.TEXT_NODE) return (node as Text).data;
  if (!(node instanceof Element)) return "";
  const tag = tagOf(node);
  if (SILENT.has(tag) && !(tag === "title" && node instanceof SVGElement)) return "";
  if (attributeOf(node, "aria-hidden") === "true") return "";
  if (tag === "br") return " ";
  if (depth > 0) {
    if (tag === "select" || tag === "textarea" || tag === "iframe" || tag === "input") return "";
    const label = attributeOf(node, "aria-label");
    if (label) return ` ${label} `;
  }
  if (tag === "img") return ` ${(node as HTMLImageElement).alt} `;
  if (!isRendered(node) && tag !== "title") return "";
  const text = childrenOf(node)
    .map((child) => textOf(child, depth + 1))
    .join("");
  return styleOf(node).display === "inline" ? text : ` ${text} `;
}

const NAMED_BY_CONTENT = new Set([
  "link",
  "button",
  "tab",
  "menuitem",
  "menuitemcheckbox",
  "menuitemradio",
  "option",
  "treeitem",
  "clickable",
  "switch",
  "checkbox",
  "radio",
]);

const INPUT_NAMES: Record<string, (input: HTMLInputElement) => string> = {
  submit: (input) => input.value || "Submit",
  reset: (input) => input.value || "Reset",
  button: (input) => input.value,
  image: (input) => input.alt,
};

export function nameOf(element: Element, role: string): string {
  const ids = attributeOf(element, "aria-labelledby")?.trim().split(/\s+/) ?? [];
  const root = ids.length > 0 ? rootOf(element) : document;
  const byIds = squash(
    ids
      .map((id) => elementById(root, id))
      .map((found) => (found ? textOf(found) : ""))
      .join(" "),
  );
  if (byIds) return byIds;
  const own = squash(attributeOf(element, "aria-label") ?? "");
  if (own) return own;
  const labels = squash([...labelsOf(element)].map((label) => textOf(label)).join(" "));
  if (labels) return labels;
  if (element instanceof HTMLInputElement) {
    const text = squash(INPUT_NAMES[element.type]?.(element) ?? "");
    if (text) return text;
  } else if (NAMED_BY_CONTENT.has(role)) {
    const text = squash(
      childrenOf(element)
        .map((child) => textOf(child, 1))
        .join(""),
    );
    if (text) return text;
  }
  if (element instanceof HTMLAreaElement) return squash(element.alt);
  return squash(attributeOf(element, "title") ?? "") || squash(attributeOf(element, "placeholder") ?? "");
}

export function valueOf(element: Element, role: string): string | undefined {
  if (element instanceof HTMLSelectElement)
    return [...element.selectedOptions].map((option) => squash(option.text)).join(", ");
  if (element instanceof HTMLInputElement) {
    if (element.type === "checkbox" || element.type === "radio")
      return element.checked ? "checked" : "unchecked";
    if (element.type === "password") return element.value === "" ? "" : "••••";
    return isField(element) || element.type === "range" ? squash(element.value) : undefined;
  }
  if (element instanceof HTMLTextAreaElement) return squash(element.value);
  if (role === "textbox") return squash(contentOf(element) ?? "");
  if (role === "checkbox" || role === "radio" || role === "switch" || role.startsWith("menuitem")) {
    const checked = attributeOf(element, "aria-checked");
    if (checked !== null) return checked === "true" ? "checked" : "unchecked";
  }
  if ((role === "tab" || role === "option") && attributeOf(element, "aria-selected") === "true")
    return "selected";
  if (role === "button" && attributeOf(element, "aria-pressed") === "true") return "pressed";
  return undefined;
}

export const isDisabled = (element: Element): boolean =>
  matchesOf(element, ":disabled") || closestOf(element, '[aria-disabled="true"]') !== null;
