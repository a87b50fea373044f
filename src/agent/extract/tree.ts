/** @file Functions for texts and positions in the tree of a page (`src/browser/page/page-tree.ts`). */

import type { PageNode } from "../../browser/page/page-tree.ts";
import { squash } from "../../browser/page/text.ts";

export type { PageNode, PageTree } from "../../browser/page/page-tree.ts";

export const elementsOf = (node: PageNode): PageNode[] =>
  node.children.filter((child): child is PageNode => typeof child !== "string");

/** The node and all elements in it, in document order. */
export function* walk(node: PageNode): Generator<PageNode> {
  yield node;
  for (const child of node.children) if (typeof child !== "string") yield* walk(child);
}

const texts = new WeakMap<PageNode, string>();

/** All text in it, white space collapsed. Pictures have none. */
export function textOf(node: PageNode): string {
  let text = texts.get(node);
  if (text === undefined) texts.set(node, (text = squash(rawText(node))));
  return text;
}

function rawText(node: PageNode): string {
  const inner = node.children.map((child) => (typeof child === "string" ? child : rawText(child))).join("");
  return node.block ? ` ${inner} ` : inner;
}

/** Its direct text, without that of the elements in it. */
export const ownTextOf = (node: PageNode): string =>
  squash(node.children.map((child) => (typeof child === "string" ? child : " ")).join(""));

/** An imaginary node that joins several adjacent ones. */
export function joinNodes(nodes: readonly (PageNode | string)[], tag = "#part"): PageNode {
  const [first] = nodes.filter((node): node is PageNode => typeof node !== "string");
  return {
    tag,
    attributes: {},
    box: first?.box ?? [0, 0, 0, 0],
    block: true,
    children: [...nodes],
  };
}

/** Class names that tell an element's state or position, not what it is. */
const STATES =
  /^(?:odd|even|first|last|active|current|selected|alt|hover|focus|visited|new|clearfix|is-.*|has-.*|js-.*|nth?-?\d*|(?:item|row|post|product|review|id|card|entry)?[-_]?\d+)$/i;

const classLists = new WeakMap<PageNode, string[]>();

export function classesOf(node: PageNode): string[] {
  let list = classLists.get(node);
  if (!list) {
    list = [...new Set((node.attributes["class"] ?? "").split(/\s+/).filter(Boolean))];
    classLists.set(node, list);
  }
  return list;
}

export const kindClassesOf = (node: PageNode): string[] =>
  classesOf(node).filter((name) => !STATES.test(name));

/** Its tag and what its classes say it is. */
export const kindOf = (node: PageNode): string => [node.tag, ...kindClassesOf(node).toSorted()].join(".");

/** Marks that identify an element within its record: `.price`, `[itemprop=name]`, `[data-stars]`. */
export function marksOf(node: PageNode): string[] {
  let marks = markLists.get(node);
  if (!marks) markLists.set(node, (marks = readMarks(node)));
  return marks;
}

const markLists = new WeakMap<PageNode, string[]>();

function readMarks(node: PageNode): string[] {
  const { attributes } = node;
  const marks = classesOf(node).map((name) => `.${name}`);
  for (const name of [
    "itemprop",
    "rel",
    "data-testid",
    "data-test",
    "data-qa",
    "data-field",
    "data-label",
    "role",
  ])
    if (attributes[name]) marks.push(`[${name}=${attributes[name]}]`);
  for (const name of Object.keys(attributes)) if (name.startsWith("data-")) marks.push(`[${name}]`);
  return marks;
}

/** Elements below a node by tag and by mark, in document order; by mark, the node itself is included. */
export interface Index {
  byTag: ReadonlyMap<string, PageNode[]>;
  byMark: ReadonlyMap<string, PageNode[]>;
}

const indices = new WeakMap<PageNode, Index>();

export function indexOf(root: PageNode): Index {
  let index = indices.get(root);
  if (!index) {
    const byTag = new Map<string, PageNode[]>();
    const byMark = new Map<string, PageNode[]>();
    const add = (map: Map<string, PageNode[]>, name: string, node: PageNode) => {
      const list = map.get(name);
      if (list) list.push(node);
      else map.set(name, [node]);
    };
    for (const node of walk(root)) {
      if (node !== root) add(byTag, node.tag, node);
      for (const mark of marksOf(node)) add(byMark, mark, node);
    }
    indices.set(root, (index = { byTag, byMark }));
  }
  return index;
}

/** A selector to find it again below `root`: `li.card > h3:nth-of-type(1)`. */
export function pathOf(root: PageNode, target: PageNode): string | null {
  if (root === target) return "";
  const seen = new Map<string, number>();
  for (const child of elementsOf(root)) {
    const nth = (seen.get(child.tag) ?? 0) + 1;
    seen.set(child.tag, nth);
    const below = pathOf(child, target);
    if (below === null) continue;
    const own = child.tag.startsWith("#") ? "" : `${child.tag}:nth-of-type(${nth})`;
    return [own, below].filter(Boolean).join(" > ");
  }
  return null;
}

/** The elements that a node stands for: itself, or those that an imaginary node joins. */
export const partsOf = (node: PageNode): PageNode[] => (node.tag.startsWith("#") ? elementsOf(node) : [node]);

/** All elements of several nodes. */
export const elementsIn = (nodes: readonly PageNode[]): Set<PageNode> =>
  new Set(nodes.flatMap(partsOf).flatMap((node) => [...walk(node)]));
