/** @file Roles of what can be acted on. */

import { shownOnHover } from "./hover.ts";
import { ariaOf } from "./internals.ts";
import { answers, answersOtherwise, onlyPresses } from "./listeners.ts";
import {
  attributeOf,
  boxOf,
  childElementsOf,
  closestOf,
  containsNode,
  contentOf,
  findAllIn,
  findIn,
  hasAttributeOf,
  isEditable,
  isRendered,
  matchesOf,
  parentElementOf,
  tagOf,
} from "./native.ts";
import { shadowElementsOf, styleOf } from "./tree.ts";

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

/** The first word of the `role` attribute; empty without one. */
export const explicitRoleOf = (element: Element): string =>
  ariaOf(element, "role")?.trim().split(/\s+/)[0] ?? "";

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

/** Elements with a role of their own, whatever their style and listeners. */
const WITH_ROLE =
  "a[href],button,input:not([type=hidden]),select,textarea,summary,[role=button],[role=link],[role=checkbox],[role=radio],[role=tab],[role=menuitem],[role=option],[role=switch],[role=treeitem],[onclick]";

/** Whether something in it, or in its shadow root, can be acted on by itself. */
export const holdsElements = (element: Element): boolean =>
  findIn(element, WITH_ROLE) !== null ||
  [...findAllIn(element, "*")].some(answers) ||
  shadowElementsOf(element).some((inner) => matchesOf(inner, WITH_ROLE));

/** The same for what can be seen. */
const showsElements = (element: Element, hidden: readonly Element[]): boolean =>
  [...findAllIn(element, "*")].some(
    (inner) =>
      (matchesOf(inner, WITH_ROLE) || answers(inner)) &&
      isRendered(inner) &&
      !hidden.some((outer) => containsNode(outer, inner)),
  );

/**
 * Something without a role that answers to the mouse: it listens itself, has a pointer that it does not inherit, or
 * opens something when it is hovered, and nothing in it could be hovered for that.
 */
function clickable(element: Element): string | null {
  const tag = tagOf(element);
  if (NEVER_CLICKABLE.has(tag) || closestOf(element, "label")) return null;
  if (answers(element)) return answersItself(element) ? "clickable" : null;
  if (answersOtherwise(element) && !matchesOf(element, CONTAINERS) && isSmall(element)) return "clickable";
  if (ownsPointer(element) && !holdsElements(element)) return "clickable";
  const hidden = shownOnHover(element);
  return hidden.length > 0 && !showsElements(element, hidden) ? "clickable" : null;
}

const NEVER_CLICKABLE = new Set(["label", "html", "body", "option", "optgroup"]);
/** Repeated elements: each listens for itself and is clicked as a whole. */
const ITEMS = "li,tr,[role=listitem],[role=row],[role=article],article";
/** Elements that hold others and are never meant themselves. */
const CONTAINERS =
  "table,tbody,thead,tfoot,ul,ol,dl,menu,form,fieldset,dialog,main,nav,[role=grid],[role=table],[role=list],[role=listbox],[role=tree],[role=menu],[role=menubar],[role=rowgroup],[role=dialog],[role=alertdialog],[role=tablist],[role=toolbar],[role=radiogroup],[role=document],[role=application]";
/** Longest text of something that is clicked as a whole. */
const LONGEST = 300;

/**
 * Whether a listening element means clicks on itself. One that holds others only passes clicks on to them, unless it is
 * one of several alike or its pointer shows that it can be clicked.
 */
function answersItself(element: Element): boolean {
  const tag = tagOf(element);
  const parent = parentElementOf(element);
  const text = (contentOf(element) ?? "").trim().length;
  if (ownsPointer(element)) return cellsOf(element).length < 2;
  if (matchesOf(element, CONTAINERS)) return false;
  if (matchesOf(element, ITEMS)) return true;
  if (onlyPresses(element)) return isSmall(element);
  if (
    parent &&
    [...childElementsOf(parent)].some((one) => one !== element && tagOf(one) === tag && answers(one))
  )
    return cellsOf(element).length < 2;
  if (tag === "canvas" || tag === "svg") return !holdsElements(element);
  const { width, height } = boxOf(element);
  const share = (width * height) / (innerWidth * innerHeight);
  if (share > 1 / 4 || text > LONGEST || entriesOf(element).length > 0) return false;
  return !holdsElements(element) || (share < 1 / 8 && text > 0 && !wrapsField(element));
}

/** Short, and nothing in it could be meant by itself. */
const isSmall = (element: Element): boolean =>
  (contentOf(element) ?? "").trim().length <= 100 &&
  !holdsElements(element) &&
  entriesOf(element).length === 0;

/** Whether it contains only a field and its name. */
function wrapsField(element: Element): boolean {
  if (!findIn(element, "input,textarea,select")) return false;
  const said = [...findAllIn(element, "label,legend,button")].map((part) => contentOf(part) ?? "").join("");
  return (contentOf(element) ?? "").replace(/\s/g, "").length <= said.replace(/\s/g, "").length;
}

const ownsPointer = (element: Element): boolean => {
  const parent = parentElementOf(element);
  return styleOf(element).cursor === "pointer" && (!parent || styleOf(parent).cursor !== "pointer");
};

/** Short, and nothing in it answers by itself. */
const isEntry = (element: Element): boolean =>
  (contentOf(element) ?? "").trim().length <= 60 &&
  !findIn(element, "td,li") &&
  !answers(element) &&
  !holdsElements(element);

const cellsOf = (element: Element): Element[] =>
  [...findAllIn(element, "td,li,[role=gridcell],[role=listitem]")].filter(isEntry);

/**
 * The entries to which a listening container passes clicks on: cells, list items, or several elements of one kind, none
 * of which listens itself. Empty if it is clicked as a whole, and for the root of an application.
 */
export function entriesOf(element: Element): Element[] {
  const cells = cellsOf(element);
  if (cells.length > 1 || (cells.length > 0 && matchesOf(element, CONTAINERS))) return cells;
  const kinds = new Map<string, Element[]>();
  for (const child of findAllIn(element, "div,span,p,i,b,em,img")) {
    const name = attributeOf(child, "class")?.trim();
    if (!name || !isEntry(child)) continue;
    const kind = `${tagOf(child)} ${name.split(/\s+/)[0]!}`;
    const list = kinds.get(kind);
    if (list) list.push(child);
    else kinds.set(kind, [child]);
  }
  return [...kinds.values()].find((list) => list.length >= 3) ?? [];
}
