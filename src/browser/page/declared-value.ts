/**
 * @file Reads one value of a page by what people call it: what is in the field, table cell or entry with this label, or
 * which of several texts is shown. Looks at the whole document, not only at what is in view. Jobs declare their effects
 * this way, and these have to be read on sites that nobody here wrote.
 */

import { forgetStyleSheets } from "./generated.ts";
import { memory } from "./memory.ts";
import { nameOf } from "./name.ts";
import {
  attributeOf,
  boxOf,
  childElementsOf,
  closestOf,
  contentOf,
  findAllIn,
  innerTextOf,
  page,
  parentElementOf,
  tagOf,
} from "./native.ts";
import { roleOf } from "./role.ts";
import { squash } from "./text.ts";
import { childrenOf, isShown, parentOf, SILENT, within } from "./tree.ts";
import { valueOf } from "./value.ts";

export interface ValueRequest {
  /** What the field, the column, the row or the entry is called. */
  label?: string;
  /** The texts of which one is shown, if no label names the value. */
  texts?: readonly string[];
  /** Only in the row, list entry or card that has this text. */
  within?: string;
}

export type ValueReading =
  | { kind: "value"; value: string }
  /** Nothing on the page has the text of `within`; or none of `texts` is there. */
  | { kind: "absent" }
  /** Nothing has this label; `labels` are those that there are. */
  | { kind: "unlabelled"; labels: string[] }
  /** Several things have this label and differ, or several entries have the text. */
  | { kind: "ambiguous"; found: string[] };

/** What {@link readValue} finds on the page, and what the server said about the page. */
export interface PageStatus {
  url: string;
  /** Status of the response that brought the document; 0 if the browser does not tell. */
  status: number;
}

export function pageStatus(): PageStatus {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return { url: location.href, status: entry?.responseStatus ?? 0 };
}

export function readValue({ label, texts, within: text }: ValueRequest): ValueReading {
  forgetStyleSheets();
  if (page.empty) return { kind: "absent" };
  let scope: Element = page.body;
  if (text !== undefined) {
    const items = itemsWith(text);
    if (items.length === 0) return { kind: "absent" };
    if (items.length > 1) return { kind: "ambiguous", found: items.map(briefly) };
    scope = items[0]!;
  }
  if (label !== undefined) return readLabelled(label, scope);
  const shown = (texts ?? []).filter((one) => elementsWith(one, scope).exact.length > 0);
  const found =
    shown.length > 0 ? shown : (texts ?? []).filter((one) => elementsWith(one, scope).parts.length > 0);
  if (found.length > 1) return { kind: "ambiguous", found };
  return found.length === 0 ? { kind: "absent" } : { kind: "value", value: found[0]! };
}

/** A frame that is smaller than this in one direction shows nothing. */
const SMALLEST_FRAME = 10;

/**
 * Notes the frames that are shown anywhere in the document, so that they can be asked for by number. Returns how many
 * there are.
 */
export function shownFrames(): number {
  memory.frames = page.empty
    ? []
    : elementsIn(page.body).filter((element) => {
        const { width, height } = boxOf(element);
        return /^i?frame$/.test(tagOf(element)) && Math.min(width, height) >= SMALLEST_FRAME;
      });
  return memory.frames.length;
}

/** Absolute addresses of the links with this name, each once. */
export function linksCalled(name: string, text?: string): string[] {
  if (page.empty) return [];
  const scopes = text === undefined ? [page.body] : itemsWith(text);
  const links = scopes.flatMap((scope) => elementsIn(scope).filter((element) => tagOf(element) === "a"));
  const wanted = fold(name);
  const same = links.filter((link) => fold(nameOf(link, "link").text) === wanted);
  return [...new Set(same.map((link) => new URL(attributeOf(link, "href") ?? "", document.baseURI).href))];
}

/** A label as it is compared: in lower case, without colon and without the mark of a required field. */
const fold = (text: string): string =>
  squash(text)
    .replace(/[\s:*：]+$/u, "")
    .toLowerCase();

const briefly = (element: Element): string => squash(innerTextOf(element)).slice(0, 80);

/** All elements that are shown, in document order, except frames. */
function elementsIn(root: Element): Element[] {
  const found: Element[] = [];
  const visit = (node: Node) => {
    for (const child of childrenOf(node)) {
      if (!(child instanceof Element) || SILENT.has(tagOf(child))) continue;
      if (!isShown(child) && childElementsOf(child).length === 0) continue;
      if (isShown(child)) found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}

/** The innermost elements that have a text, as their whole text or as a part of it that ends where words end. */
function elementsWith(text: string, root: Element): { exact: Element[]; parts: Element[] } {
  const wanted = squash(text);
  const exact: Element[] = [];
  const parts: Element[] = [];
  if (wanted === "") return { exact, parts };
  const visit = (element: Element) => {
    const tag = tagOf(element);
    if (SILENT.has(tag) || tag === "select" || tag === "textarea") return;
    const own = squash(innerTextOf(element));
    if (!own.includes(wanted)) return;
    const before = exact.length + parts.length;
    for (const child of childrenOf(element)) if (child instanceof Element) visit(child);
    if (exact.length + parts.length > before || !isShown(element)) return;
    if (own === wanted) exact.push(element);
    else if (containsWords(withoutChoices(element), wanted)) parts.push(element);
  };
  visit(root);
  return { exact, parts };
}

/** Its text without that of drop-downs, which `innerText` includes. */
function withoutChoices(node: Node): string {
  if (node instanceof Element && /^(?:select|textarea)$/.test(tagOf(node))) return " ";
  if (!(node instanceof Element) || findAllIn(node, "select,textarea").length === 0)
    return squash(node instanceof Element ? innerTextOf(node) : (contentOf(node) ?? ""));
  return squash(childrenOf(node).map(withoutChoices).join(" "));
}

const JOINS = /[\p{L}\p{M}\p{N}_-]/u;

/** Whether `wanted` is in `text`, and not as a part of a longer word or number. */
function containsWords(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    const before = text.slice(0, at).at(-1) ?? "";
    const after = text.slice(at + wanted.length);
    const goesOn = JOINS.test(after[0] ?? "") || /^[.,]\d/.test(after);
    if (!JOINS.test(before) && !goesOn) return true;
  }
  return false;
}

const ITEMS = "tr,li,article,details,[role=row],[role=listitem],[role=article],[role=option],[role=treeitem]";

/**
 * Rows, list entries or cards that have the text. Those where it is the whole text of an element come before those
 * where it is a part of one.
 */
function itemsWith(text: string): Element[] {
  const { exact, parts } = elementsWith(text, page.body);
  const found = exact.length > 0 ? exact : parts;
  const declared = found.flatMap((element) => closestOf(element, ITEMS) ?? []);
  const items = [...new Set(declared.length > 0 ? declared : found.map(cardOf))];
  // The innermost ones: an entry of a list may contain a list.
  return items.filter((item) => !items.some((other) => other !== item && within(other, item)));
}

/** The outermost block around an element that has siblings of its kind; the whole page if there is none. */
function cardOf(element: Element): Element {
  for (let at: Element | null = element; at && at !== page.body; at = parentElementOf(at)) {
    const outer = parentElementOf(at);
    const kind = `${tagOf(at)}.${attributeOf(at, "class") ?? ""}`;
    const alike = outer
      ? [...childElementsOf(outer)].filter(
          (one) => `${tagOf(one)}.${attributeOf(one, "class") ?? ""}` === kind,
        )
      : [];
    if (alike.length > 1) return at;
  }
  return page.body;
}

function readLabelled(label: string, scope: Element): ValueReading {
  const wanted = fold(label);
  const elements = elementsIn(scope);
  const labels = new Set<string>();
  for (const read of [fieldsIn, termsIn, cellsIn, besideIn, linesIn]) {
    const entries = read(elements, scope, wanted);
    for (const [name] of entries) labels.add(name);
    const values = [...new Set(entries.filter(([name]) => fold(name) === wanted).map(([, value]) => value))];
    if (values.length > 1) return { kind: "ambiguous", found: values };
    if (values.length === 1) return { kind: "value", value: values[0]! };
  }
  return { kind: "unlabelled", labels: [...labels].filter((name) => name !== "").slice(0, 30) };
}

type Entries = [name: string, value: string][];

const FIELDS = /^(?:textbox|combobox|checkbox|switch|slider)$/;

function fieldsIn(elements: readonly Element[]): Entries {
  const entries: Entries = [];
  for (const element of elements) {
    const role = roleOf(element);
    if (role === null) continue;
    if (FIELDS.test(role)) entries.push([nameOf(element, role).text, valueOf(element, role) ?? ""]);
    if (role !== "radio" || valueOf(element, role) !== "checked") continue;
    const group = closestOf(element, "fieldset,[role=radiogroup]");
    const legend =
      group && (attributeOf(group, "aria-label") ?? briefly(findAllIn(group, "legend")[0] ?? group));
    if (legend) entries.push([legend, nameOf(element, role).text]);
  }
  return entries;
}

const textOf = (element: Element | undefined): string => {
  if (!element) return "";
  const fields = fieldsIn(elementsIn(element));
  // A cell with nothing but a field in it has the field's value.
  return fields.length === 1 && squash(innerTextOf(element)).length <= fields[0]![1].length
    ? fields[0]![1]
    : squash(innerTextOf(element));
};

/** Terms with their descriptions, and rows that begin with their heading. */
function termsIn(elements: readonly Element[]): Entries {
  const entries: Entries = [];
  for (const element of elements) {
    const tag = tagOf(element);
    if (tag === "dt") {
      const next = element.nextElementSibling;
      if (next && tagOf(next) === "dd") entries.push([textOf(element), textOf(next)]);
    } else if (tag === "tr") {
      const [first, second, more] = [...childElementsOf(element)];
      const heads = first && (tagOf(first) === "th" || attributeOf(first, "role") === "rowheader");
      if (heads && second && tagOf(second) === "td" && !more) entries.push([textOf(first), textOf(second)]);
    }
  }
  return entries;
}

/** Cells below the heading of their column. */
function cellsIn(elements: readonly Element[], scope: Element): Entries {
  const inScope = [...(matchesRow(scope) ? [scope] : []), ...elements.filter(matchesRow)];
  const rows = inScope.filter((row) => closestOf(row, "thead") === null && !isHead(row));
  return rows.flatMap((row) => {
    const table = closestOf(row, "table,[role=table],[role=grid],[role=treegrid]");
    const head = table && [...findAllIn(table, "tr,[role=row]")].find(isHead);
    if (!head) return [];
    const names = [...childElementsOf(head)].map(textOf);
    return [...childElementsOf(row)].map((cell, i): [string, string] => [names[i] ?? "", textOf(cell)]);
  });
}

const matchesRow = (element: Element) => tagOf(element) === "tr" || attributeOf(element, "role") === "row";

function isHead(row: Element): boolean {
  const cells = [...childElementsOf(row)];
  return (
    cells.length > 0 &&
    (closestOf(row, "thead") !== null ||
      cells.every((cell) => tagOf(cell) === "th" || attributeOf(cell, "role") === "columnheader"))
  );
}

/** What is next to an element with this name. */
function besideIn(elements: readonly Element[], scope: Element, wanted: string): Entries {
  return elements.flatMap((element) => {
    if (
      childElementsOf(element).length > 0 ||
      roleOf(element) !== null ||
      fold(innerTextOf(element)) !== wanted
    )
      return [];
    for (let at: Element | null = element; at && at !== scope; at = elementAround(at)) {
      const next = at.nextElementSibling;
      if (next) return [[squash(innerTextOf(element)), textOf(next)] as [string, string]];
      // Only from parents that hold nothing else.
      const outer = elementAround(at);
      if (!outer || fold(innerTextOf(outer)) !== wanted) return [];
    }
    return [];
  });
}

function elementAround(element: Element): Element | null {
  const parent = parentOf(element);
  return parent instanceof Element ? parent : null;
}

/** `Status: Shipped`, and `Status Shipped` if the label is an element of its own. */
function linesIn(elements: readonly Element[], _scope: Element, wanted: string): Entries {
  return elements.flatMap((element) => {
    const text = squash(innerTextOf(element));
    const colon = /^([^:：]{1,60})[:：]\s*(.+)$/u.exec(text);
    if (!colon || fold(colon[1]!) !== wanted) return [];
    const inner = [...childElementsOf(element)].some((child) => squash(innerTextOf(child)) === text);
    return inner ? [] : [[colon[1]!, colon[2]!] as [string, string]];
  });
}
