/** @file Locators: where in a record a value is, said so that it also holds for the other records. */

import type { PageRecord } from "./records.ts";
import {
  classesOf,
  elementsOf,
  indexOf,
  joinNodes,
  kindOf,
  marksOf,
  ownTextOf,
  textOf,
  walk,
} from "./tree.ts";
import type { PageNode } from "./tree.ts";

export type Anchor =
  | { by: "record" }
  /** The `nth` of those that have the mark: class, microdata, test id, `data-` attribute. */
  | { by: "mark"; mark: string; nth: number }
  /** The `nth` of those with the tag. */
  | { by: "tag"; tag: string; nth: number }
  /** What follows a label, such as a `dt`, a `th` or `<b>Price:</b>`. */
  | { by: "label"; label: string }
  /** The cell below a header. */
  | { by: "column"; header: string };

export interface Locator {
  anchor: Anchor;
  /** A path from there: `span:0` is the first `span` in it. */
  steps: string[];
}

const LONGEST_LABEL = 40;
const labelOf = (text: string): string => text.replace(/\s*[:：]$/, "").toLowerCase();

const isLabel = (node: PageNode): boolean => {
  const text = textOf(node);
  return text !== "" && text.length <= LONGEST_LABEL && /\p{L}/u.test(text);
};

export function resolve(locator: Locator, record: PageRecord): PageNode | null {
  let node = resolveAnchor(locator.anchor, record);
  for (const step of locator.steps) {
    if (!node) return null;
    const [tag, nth] = step.split(":") as [string, string];
    node = elementsOf(node).filter((child) => child.tag === tag)[Number(nth)] ?? null;
  }
  return node;
}

/** Every element that a mark or a tag matches; for lists. */
export function resolveAll(locator: Locator, record: PageRecord): PageNode[] {
  const { anchor, steps } = locator;
  const starts =
    anchor.by === "mark"
      ? (indexOf(record.node).byMark.get(anchor.mark) ?? [])
      : anchor.by === "tag"
        ? (indexOf(record.node).byTag.get(anchor.tag) ?? [])
        : [resolveAnchor(anchor, record)];
  return starts.flatMap((start) => {
    const node =
      start && steps.length > 0
        ? resolve({ anchor: { by: "record" }, steps }, { node: start, columns: null })
        : start;
    return node ? [node] : [];
  });
}

function resolveAnchor(anchor: Anchor, { node, columns }: PageRecord): PageNode | null {
  switch (anchor.by) {
    case "record":
      return node;
    case "mark":
      return indexOf(node).byMark.get(anchor.mark)?.[anchor.nth] ?? null;
    case "tag":
      return indexOf(node).byTag.get(anchor.tag)?.[anchor.nth] ?? null;
    case "column":
      return columns?.get(anchor.header) ?? null;
    case "label":
      return afterLabel(node, anchor.label);
  }
}

/** What follows the element, or the beginning of a text, that reads `label`. */
function afterLabel(node: PageNode, label: string): PageNode | null {
  for (const [index, child] of node.children.entries()) {
    if (typeof child === "string") {
      const [, said, rest] = /^\s*([^:：]{1,40})[:：]\s*(.*)$/s.exec(child) ?? [];
      if (said === undefined || labelOf(said.trim()) !== label) continue;
      const following = node.children.slice(index + 1);
      return joinNodes([rest ?? "", ...following.slice(0, nextLabel(following, null))], "#after");
    }
    if (isLabel(child) && labelOf(textOf(child)) === label) {
      const after = node.children.slice(index + 1);
      const own = after.slice(0, nextLabel(after, child));
      const only = own.filter((one) => typeof one !== "string" || one.trim() !== "");
      if (only.length === 1 && typeof only[0] !== "string") return only[0]!;
      if (only.length > 0) return joinNodes(only, "#after");
      continue;
    }
    const inner = afterLabel(child, label);
    if (inner) return inner;
  }
  return null;
}

/** The value ends at the next element that is like the label, or, after a text, at the end of the line. */
function nextLabel(nodes: readonly (PageNode | string)[], label: PageNode | null): number {
  const isNext = (one: PageNode | string) =>
    typeof one === "string"
      ? label === null && one.trim() === "" && one.includes("\n")
      : label !== null && kindOf(one) === kindOf(label);
  // `<span>Price</span><span>5</span>`: the next element is the value, whatever it is, unless it is another term.
  const strict = label === null || label.tag === "dt" || label.tag === "th";
  const first = strict ? 0 : nodes.findIndex((one) => typeof one !== "string" || one.trim() !== "") + 1;
  const at = nodes.slice(first).findIndex(isNext);
  return at < 0 ? nodes.length : first + at;
}

/**
 * Candidate locators of every element of a record, with their cost: the lower, the likelier the locator holds
 * elsewhere.
 */
export function* locatorsOf(
  record: PageRecord,
): Generator<{ locator: Locator; node: PageNode; cost: number }> {
  const { node: root, columns } = record;
  const seenMarks = new Map<string, number>();
  const seenTags = new Map<string, number>();
  type Found = { locator: Locator; cost: number };
  const own = function* (node: PageNode, isRoot: boolean): Generator<Found> {
    if (isRoot && root.tag.startsWith("#")) return;
    for (const mark of marksOf(node)) {
      const nth = seenMarks.get(mark) ?? 0;
      seenMarks.set(mark, nth + 1);
      yield {
        locator: { anchor: { by: "mark", mark, nth }, steps: [] },
        cost: 1 + nth * 2 + (/\d/.test(mark) ? 1 : 0),
      };
    }
    if (isRoot) return;
    const nth = seenTags.get(node.tag) ?? 0;
    seenTags.set(node.tag, nth + 1);
    // `time`, `h3` and `img` say what they are; a `div` does not.
    const says = /^(?:div|span|p|li|td|dd|dt|ul|b|i|strong|em|small)$/.test(node.tag) ? 4 : 1;
    yield { locator: { anchor: { by: "tag", tag: node.tag, nth }, steps: [] }, cost: 2 + says + nth * 2 };
  };
  const below = function* (
    from: Found,
    start: PageNode,
    depth: number,
  ): Generator<Found & { node: PageNode }> {
    const counts = new Map<string, number>();
    for (const child of elementsOf(start)) {
      const nth = counts.get(child.tag) ?? 0;
      counts.set(child.tag, nth + 1);
      const found = {
        locator: { anchor: from.locator.anchor, steps: [...from.locator.steps, `${child.tag}:${nth}`] },
        cost: from.cost + 1 + nth,
      };
      yield { ...found, node: child };
      if (depth > 1) yield* below(found, child, depth - 1);
    }
  };
  const everything = [...walk(root)];
  for (const node of everything) {
    for (const found of own(node, node === root)) {
      yield { ...found, node };
      if (node !== root && found.locator.anchor.by === "mark") yield* below(found, node, 2);
    }
  }
  yield { locator: { anchor: { by: "record" }, steps: [] }, node: root, cost: 6 };
  yield* below({ locator: { anchor: { by: "record" }, steps: [] }, cost: 7 }, root, 6);
  for (const [header, cell] of columns ?? []) {
    const found = { locator: { anchor: { by: "column", header } as const, steps: [] }, cost: 0 };
    yield { ...found, node: cell };
    yield* below({ ...found, cost: 1 }, cell, 3);
  }
  const labels = new Set<string>();
  for (const node of everything) {
    if (node !== root && isLabel(node) && elementsOf(node).length === 0) labels.add(labelOf(textOf(node)));
    for (const child of node.children) {
      const [, said] = typeof child === "string" ? (/^\s*([^:：\n]{1,40})[:：]/.exec(child) ?? []) : [];
      if (said !== undefined && /\p{L}/u.test(said)) labels.add(labelOf(said.trim()));
    }
  }
  for (const label of labels) {
    const node = afterLabel(root, label);
    if (!node) continue;
    // A label that is a word within a text may be one by chance.
    const found = { locator: { anchor: { by: "label", label } as const, steps: [] }, cost: 1.5 };
    yield { ...found, node };
    yield* below({ ...found, cost: 2.5 }, node, 2);
  }
}

/** What to read of an element. */
export type Source =
  | { from: "text" }
  /** Only its direct text. */
  | { from: "own text" }
  | { from: "attribute"; name: string }
  /** A number in a class name, such as `stars-4`; `prefix`: what precedes it. */
  | { from: "class"; prefix: string }
  /** How many elements in it have the mark, such as full stars. */
  | { from: "count"; mark: string }
  /** The width in its style: a percentage of five stars. */
  | { from: "width" };

const READ_ATTRIBUTES = /^(?:href|src|alt|title|value|datetime|content|aria-label|aria-valuenow|data-.+)$/;

/** `null` if the element has no such thing. */
export function readSource(source: Source, node: PageNode): string | null {
  switch (source.from) {
    case "text":
      return textOf(node) || null;
    case "own text":
      return ownTextOf(node) || null;
    case "attribute":
      return node.attributes[source.name]?.trim() || null;
    case "class": {
      const name = classesOf(node).find(
        (one) => one.startsWith(source.prefix) && one.length > source.prefix.length,
      );
      return name === undefined ? null : name.slice(source.prefix.length).replace(/^[-_]+/, "");
    }
    case "count": {
      return String(
        indexOf(node)
          .byMark.get(source.mark)
          ?.filter((one) => one !== node).length ?? 0,
      );
    }
    case "width": {
      const [, percent] =
        /(?:^|;)\s*(?:width|--(?:percent|rating|value))\s*:\s*([\d.]+)%/.exec(
          node.attributes["style"] ?? "",
        ) ?? [];
      return percent === undefined ? null : String(Number(percent) / 20);
    }
  }
}

/** Everything that can be read of an element, with its cost. */
export function* sourcesOf(node: PageNode, isNumber: boolean): Generator<{ source: Source; cost: number }> {
  yield { source: { from: "text" }, cost: 0 };
  if (elementsOf(node).length > 0 && ownTextOf(node) !== "" && ownTextOf(node) !== textOf(node))
    yield { source: { from: "own text" }, cost: 0.5 };
  for (const name of Object.keys(node.attributes))
    if (READ_ATTRIBUTES.test(name))
      yield { source: { from: "attribute", name }, cost: name === "datetime" ? 0.2 : 1 };
  if (!isNumber) return;
  for (const name of classesOf(node)) {
    const [, prefix] = /^(.*?[a-z][-_]*)\d+(?:[-_.]\d+)?$/i.exec(name) ?? [];
    if (prefix !== undefined) yield { source: { from: "class", prefix }, cost: 1.5 };
    if (/^(?:one|two|three|four|five|zero)$/i.test(name))
      yield { source: { from: "attribute", name: "class" }, cost: 2 };
  }
  const marks = new Set(elementsOf(node).flatMap(marksOf));
  for (const mark of marks) yield { source: { from: "count", mark }, cost: 2 };
  if (/%/.test(node.attributes["style"] ?? "")) yield { source: { from: "width" }, cost: 2 };
}
