/** @file Accessible names (accname 1.2, the parts that web pages use), white space collapsed. */

import { generatedText } from "./generated.ts";
import { iconNameOf } from "./icon.ts";
import { ariaOf } from "./internals.ts";
import {
  attributeOf,
  boxesOf,
  elementById,
  findAllIn,
  labelsOf,
  nodeTypeOf,
  rootOf,
  tagOf,
} from "./native.ts";
import { isField } from "./role.ts";
import { squash } from "./text.ts";
import { childrenOf, isShown, SILENT, styleOf } from "./tree.ts";

interface NameText {
  /** Elements that have a name of their own beside this one: their text is left out. */
  without?: ReadonlySet<Element>;
  /** Include what is hidden from screen readers but can be seen. */
  drawn?: boolean;
}

/** Text of a subtree as a name uses it (accname 1.2 §2F). */
function textOf(node: Node, options: NameText = {}, depth = 0): string {
  if (nodeTypeOf(node) === Node.TEXT_NODE) return (node as Text).data;
  if (!(node instanceof Element)) return "";
  const tag = tagOf(node);
  if (SILENT.has(tag) && !(tag === "title" && node instanceof SVGElement)) return "";
  if (!options.drawn && attributeOf(node, "aria-hidden") === "true") return "";
  if (depth > 0 && options.without?.has(node)) return " ";
  if (tag === "br") return " ";
  if (depth > 0) {
    if (tag === "select" || tag === "textarea" || tag === "iframe" || tag === "input") return "";
    const label = attributeOf(node, "aria-label");
    if (label) return ` ${label} `;
  }
  if (tag === "img") return ` ${(node as HTMLImageElement).alt} `;
  if (!isShown(node) && tag !== "title") return "";
  const text = childrenOf(node)
    .map((child) => textOf(child, options, depth + 1))
    .join("");
  const all = `${generatedText(node, "::before")}${text}${generatedText(node, "::after")}`;
  return styleOf(node).display === "inline" ? all : ` ${all} `;
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

export interface Name {
  text: string;
  /** It is the element's own text, which must not be printed again. */
  own: boolean;
}

/** `inner`: the elements in it that are listed by themselves. */
export function nameOf(element: Element, role: string, inner?: ReadonlySet<Element>): Name {
  const given = givenName(element);
  if (given) return { text: given, own: false };
  if (element instanceof HTMLInputElement) {
    const text = squash(INPUT_NAMES[element.type]?.(element) ?? "");
    if (text) return { text, own: false };
  } else if (NAMED_BY_CONTENT.has(role)) {
    const text = ownText(element, inner);
    if (text) return { text, own: true };
  }
  if (element instanceof HTMLAreaElement && squash(element.alt))
    return { text: squash(element.alt), own: false };
  const text =
    squash(attributeOf(element, "title") ?? "") || squash(attributeOf(element, "placeholder") ?? "");
  if (text) return { text, own: false };
  // An element that only surrounds its field has the field's name.
  const field = role === "combobox" || role === "textbox" ? innerFieldOf(element) : null;
  if (field) return nameOf(field, role);
  if (element instanceof HTMLTextAreaElement) return { text: "(text area)", own: false };
  const drawn =
    NAMED_BY_CONTENT.has(role) && !(element instanceof HTMLInputElement && element.type !== "image");
  return { text: drawn && boxesOf(element).length > 0 ? iconNameOf(element) : "", own: false };
}

/** The only field in something that takes text but is not a field itself. */
export function innerFieldOf(element: Element): HTMLInputElement | null {
  const fields = isField(element) ? [] : [...findAllIn(element, "input")];
  const [field] = fields.filter(isField);
  return fields.length === 1 && field instanceof HTMLInputElement ? field : null;
}

/** The name that the page gives the element, other than by its content. */
function givenName(element: Element): string {
  const ids = attributeOf(element, "aria-labelledby")?.trim().split(/\s+/) ?? [];
  const root = ids.length > 0 ? rootOf(element) : document;
  const byIds = squash(
    ids
      .map((id) => elementById(root, id))
      .map((found) => (found ? textOf(found) : ""))
      .join(" "),
  );
  if (byIds) return byIds;
  const own = squash(ariaOf(element, "aria-label") ?? "");
  if (own) return own;
  const labels = [...labelsOf(element)];
  return labels.length === 0 ? "" : squash(labels.map((label) => textOf(label)).join(" "));
}

/** The text in an element, without that of `without`. */
export function ownText(element: Element, without?: ReadonlySet<Element>): string {
  const text = (options: NameText) =>
    squash(
      [
        generatedText(element, "::before"),
        ...childrenOf(element).map((child) => textOf(child, options, 1)),
        generatedText(element, "::after"),
      ].join(""),
    );
  const options = without ? { without } : {};
  return text(options) || text({ ...options, drawn: true });
}
