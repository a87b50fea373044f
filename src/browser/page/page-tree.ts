/**
 * @file The whole document as plain data, for extraction, which looks for structure. A model reads something else: an
 * observation. It holds only what is laid out, nothing that is hidden from people.
 */

import { generatedText } from "./generated.ts";
import {
  attributeOf,
  boxOf,
  hasAttributeOf,
  isLaidOut,
  matchesOf,
  nodeTypeOf,
  page,
  tagOf,
} from "./native.ts";
import { squash, unmark } from "./text.ts";
import { childrenOf, SILENT, styleOf } from "./tree.ts";

/** An element. White space of texts is as in the source; `block` marks blocks. */
export interface PageNode {
  tag: string;
  /** The attributes in {@link KEPT} and all of `data-*`; addresses are absolute. */
  attributes: Record<string, string>;
  /** Pixels from the document's top left corner: left, top, width, height. */
  box: [number, number, number, number];
  /** It begins a new line. */
  block: boolean;
  children: (PageNode | string)[];
}

export interface PageTree {
  url: string;
  title: string;
  /** Status of the response that brought the document; 0 if there was none. */
  status: number;
  /** E.g. `text/html`. */
  contentType: string;
  root: PageNode;
  /** The document has more elements than are read; the rest is not in the tree. */
  cut: boolean;
}

/** Elements at most: a document of that size has some 30 MB of HTML. */
const MOST_ELEMENTS = 200_000;
/** Deepest nesting that is read. */
const DEEPEST = 200;
/** Longest attribute, in UTF-16 units. */
const LONGEST = 2000;

const KEPT = new Set(
  "id class href src alt title role name type value datetime content itemprop itemtype rel lang colspan rowspan headers scope style disabled checked selected".split(
    " ",
  ),
);
const ADDRESSES = new Set(["href", "src"]);

function attributesOf(element: Element): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of element.getAttributeNames()) {
    if (!KEPT.has(name) && !name.startsWith("data-") && !name.startsWith("aria-")) continue;
    const value = attributeOf(element, name) ?? "";
    // Pictures within the address itself.
    if (value.startsWith("data:")) continue;
    kept[name] = unmark(ADDRESSES.has(name) ? absolute(value) : value).slice(0, LONGEST);
  }
  return kept;
}

function absolute(address: string): string {
  try {
    return new URL(address, document.baseURI).href;
  } catch {
    return address;
  }
}

/** A field's own text is what somebody typed; nobody may read a password. */
function readShown(element: Element): string[] {
  if (element instanceof HTMLSelectElement) return [element.selectedOptions[0]?.text ?? ""];
  if (element instanceof HTMLTextAreaElement) return [element.value];
  if (element instanceof HTMLInputElement && !["password", "hidden"].includes(element.type))
    return [element.value];
  return [];
}

/** Reads the document that is laid out now, open shadow roots included. */
export function readTree(): PageTree {
  let left = MOST_ELEMENTS;
  const read = (element: Element, depth: number): PageNode => {
    left--;
    const box = boxOf(element);
    const { display } = styleOf(element);
    const node: PageNode = {
      tag: tagOf(element),
      attributes: attributesOf(element),
      box: [box.left + scrollX, box.top + scrollY, box.width, box.height].map(Math.round) as PageNode["box"],
      block: !/^(?:inline|contents)/.test(display),
      children: [],
    };
    const add = (text: string) => {
      const said = unmark(text);
      if (said !== "") node.children.push(said);
    };
    if (matchesOf(element, "input,select,textarea")) {
      for (const text of readShown(element)) add(text);
      return node;
    }
    add(generatedText(element, "::before"));
    for (const child of childrenOf(element)) {
      if (nodeTypeOf(child) === Node.TEXT_NODE) add((child as Text).data);
      if (!(child instanceof Element) || left <= 0 || depth >= DEEPEST) continue;
      if (tagOf(child) === "br") add("\n");
      else if (isRead(child)) node.children.push(read(child, depth + 1));
    }
    add(generatedText(element, "::after"));
    return node;
  };
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return {
    url: location.href,
    title: squash(page.title),
    status: navigation?.responseStatus ?? 0,
    contentType: document.contentType,
    root: page.empty
      ? { tag: "body", attributes: {}, box: [0, 0, 0, 0], block: true, children: [] }
      : read(page.body, 0),
    cut: left <= 0,
  };
}

/** What may be seen, even while it fades in, and what `display: contents` lays out in its place. */
const isRead = (element: Element): boolean =>
  !SILENT.has(tagOf(element)) &&
  !(hasAttributeOf(element, "hidden") && !isLaidOut(element)) &&
  (isLaidOut(element) || styleOf(element).display === "contents");
