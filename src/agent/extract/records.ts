/**
 * @file Finds the repeated structures of a page: groups of elements that are built alike, each of which may be a
 * record. A model says which of them are the wanted rows.
 *
 * A group consists of elements at the same path of tags, with parents of one kind and much the same content: ads
 * between the rows fall out, and rows that lack a field stay in. If records have no element of their own (`dt` and
 * `dd`, headings and what follows them, pairs of table rows), the children of one element are cut at what recurs.
 */

import { classesOf, elementsOf, joinNodes, kindClassesOf, kindOf, textOf, walk } from "./tree.ts";
import type { PageNode } from "./tree.ts";

export interface PageRecord {
  node: PageNode;
  /** For a table row: its cells by the headers above them, including cells that extend into it from earlier rows. */
  columns: ReadonlyMap<string, PageNode> | null;
}

export interface RecordGroup {
  /** Path of tags to the records, the kind of their parent, and how they are cut. */
  key: string;
  records: PageRecord[];
  /** What at least half of the records contain, as kinds at paths. */
  shape: ReadonlySet<string>;
  /** How much of the page the group is, and how likely it is the page's purpose. */
  weight: number;
}

const DEPTH = 5;
const MOST_GROUPS = 40;
const ASIDE = new Set(["nav", "header", "footer", "aside", "menu"]);

/**
 * Kinds at paths in a record. Positions among siblings are left out: a list of tags has one kind, however long it is.
 */
function shapeOf(node: PageNode): Set<string> {
  const shape = new Set<string>();
  const visit = (at: PageNode, path: string, depth: number) => {
    for (const child of elementsOf(at)) {
      const own = `${path}>${kindOf(child)}`;
      shape.add(own);
      if (depth < DEPTH) visit(child, own, depth + 1);
    }
  };
  visit(node, "", 1);
  if (!node.tag.startsWith("#")) shape.add(kindOf(node));
  return shape;
}

/**
 * Similarity from 0, nothing in common, to 1. A shape that is part of another counts as similar: its record lacks
 * something.
 */
function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return a.size === b.size ? 1 : 0;
  let common = 0;
  for (const part of a) if (b.has(part)) common++;
  const contained = common / Math.min(a.size, b.size);
  const shared = common / (a.size + b.size - common);
  return shared >= 0.3 ? contained : shared;
}

const ALIKE = 0.6;

interface Place {
  node: PageNode;
  aside: boolean;
}

/**
 * Groups of two or more records, the most likely first. `only`: look for groups with these keys; then a single record
 * is a group.
 */
export function findGroups(root: PageNode, only?: ReadonlySet<string>): RecordGroup[] {
  const least = only ? 1 : 2;
  const byPlace = new Map<string, Place[]>();
  const cut: RecordGroup[] = [];
  const tables = new Map<PageNode, Map<string, PageNode>>();
  const visit = (node: PageNode, path: string, aside: boolean) => {
    if (node.tag === "table") readTable(node, tables);
    const children = elementsOf(node);
    const within = `${path}>${node.tag}`;
    const kind = kindClassesOf(node).join(".");
    for (const child of children) {
      const isAside = aside || ASIDE.has(child.tag) || ASIDE.has(child.attributes["role"] ?? "");
      if (textOf(child) !== "" || holdsPicture(child)) {
        const place = `${within}.${kind}>${child.tag}`;
        const list = byPlace.get(place);
        if (list) list.push({ node: child, aside: isAside });
        else byPlace.set(place, [{ node: child, aside: isAside }]);
      }
      visit(child, within, isAside);
    }
    if (children.length >= 2 * least) cut.push(...cutChildren(node, within, aside, least));
  };
  visit(root, "", false);
  const groups = [...cut];
  for (const [place, nodes] of byPlace)
    if (nodes.length >= least) groups.push(...clusters(place, nodes, least));
  for (const group of groups)
    for (const record of group.records) record.columns = tables.get(record.node) ?? null;
  if (only) return groups.filter(({ key }) => only.has(key));
  return withoutWrapped(groups.toSorted((a, b) => b.weight - a.weight)).slice(0, MOST_GROUPS);
}

const holdsPicture = (node: PageNode): boolean => node.tag === "img" || elementsOf(node).some(holdsPicture);

function clusters(place: string, nodes: Place[], least: number): RecordGroup[] {
  const found: { shape: Set<string>; kind: string; members: Place[] }[] = [];
  for (const member of nodes) {
    const shape = shapeOf(member.node);
    const kind = kindOf(member.node);
    const own =
      found.find((one) => one.kind === kind && similarity(one.shape, shape) >= ALIKE / 2) ??
      found.find((one) => similarity(one.shape, shape) >= ALIKE);
    if (own) {
      own.members.push(member);
      // A richer record shows better what the others may have.
      if (shape.size > own.shape.size) own.shape = shape;
    } else found.push({ shape, kind, members: [member] });
  }
  return found
    .filter(({ members }) => members.length >= least)
    .map(({ members, kind }) =>
      makeGroup(
        `${place} ${kind}`,
        members.map(({ node }) => node),
        members.filter(({ aside }) => aside).length * 2 > members.length,
      ),
    );
}

function makeGroup(key: string, nodes: readonly PageNode[], aside: boolean, factor = 1): RecordGroup {
  const counts = new Map<string, number>();
  for (const node of nodes) for (const part of shapeOf(node)) counts.set(part, (counts.get(part) ?? 0) + 1);
  const texts = nodes.map(textOf);
  const distinct = new Set(texts).size / texts.length;
  const text = texts.reduce((sum, one) => sum + Math.min(one.length, 400), 0);
  const parts = counts.size;
  return {
    key,
    records: nodes.map((node) => ({ node, columns: null })),
    shape: new Set([...counts].filter(([, count]) => count * 2 >= nodes.length).map(([part]) => part)),
    weight:
      text * Math.log2(1 + nodes.length) * Math.min(1, parts / 4) * distinct * (aside ? 0.2 : 1) * factor,
  };
}

/**
 * When each record of one group contains one record of another, keep the outer group: it has everything that the inner
 * one has.
 */
function withoutWrapped(groups: RecordGroup[]): RecordGroup[] {
  const isWrapped = (inner: RecordGroup, outer: RecordGroup) =>
    inner !== outer &&
    inner.records.length === outer.records.length &&
    inner.records.every(({ node }, index) => {
      const around = outer.records[index]!.node;
      return around !== node && textOf(around).includes(textOf(node)) && contains(around, node);
    });
  return groups.filter((inner) => !groups.some((outer) => isWrapped(inner, outer)));
}

function contains(outer: PageNode, inner: PageNode): boolean {
  for (const node of walk(outer)) if (node === inner) return true;
  return false;
}

/** Cuts the children of one element into records: each begins at a recurring kind of child, or a recurring label. */
function cutChildren(parent: PageNode, path: string, aside: boolean, least: number): RecordGroup[] {
  const children = elementsOf(parent);
  const kinds = children.map(kindOf);
  const labels = children.map((child) => (child.tag === "dt" ? `dt "${textOf(child)}"` : ""));
  const found: RecordGroup[] = [];
  for (const names of [kinds, labels]) {
    // Cut at the first kind, or at the first kind after a horizontal rule or a heading for all of them.
    const heads = [...new Set(names.slice(0, 3))].filter((name) => name !== "");
    for (const head of heads) {
      const starts = names.flatMap((name, index) => (name === head ? [index] : []));
      const [first = 0] = starts;
      if (starts.length < least || (children.length - first) / starts.length < 2) continue;
      const parts = starts.map((start, index) =>
        joinNodes(children.slice(start, starts[index + 1]), "#part"),
      );
      const shapes = parts.map(shapeOf);
      const alike = parts.filter((_, index) => similarity(shapes[index]!, shapes[0]!) >= ALIKE);
      if (alike.length < least || alike.length * 2 < parts.length) continue;
      found.push(makeGroup(`${path}.${kindClassesOf(parent).join(".")} cut at ${head}`, alike, aside, 0.8));
    }
  }
  return found.filter(
    (group, index) =>
      !found
        .slice(0, index)
        .some((other) => other.records.length === group.records.length && other.weight >= group.weight),
  );
}

/** Cells of all rows of a table by their headers, with spans resolved. */
function readTable(table: PageNode, rows: Map<PageNode, Map<string, PageNode>>): void {
  const lines: PageNode[] = [];
  const collect = (node: PageNode) => {
    for (const child of elementsOf(node)) {
      if (child.tag === "tr") lines.push(child);
      else if (child.tag !== "table") collect(child);
    }
  };
  collect(table);
  let headers: string[] | null = null;
  let hanging: { cell: PageNode; left: number }[] = [];
  for (const line of lines) {
    const grid: PageNode[] = [];
    const next: typeof hanging = [];
    const cells = elementsOf(line).filter(({ tag }) => tag === "td" || tag === "th");
    for (let column = 0; cells.length > 0 || hanging[column]; column++) {
      const above = hanging[column];
      if (above && above.left > 0) {
        grid[column] = above.cell;
        next[column] = { cell: above.cell, left: above.left - 1 };
        continue;
      }
      const cell = cells.shift();
      if (!cell) break;
      const span = Math.min(Number(cell.attributes["colspan"]) || 1, 50);
      for (let i = 0; i < span; i++) {
        grid[column + i] = cell;
        next[column + i] = { cell, left: (Number(cell.attributes["rowspan"]) || 1) - 1 };
      }
      column += span - 1;
    }
    hanging = next;
    const isHeader = elementsOf(line).length > 1 && elementsOf(line).every(({ tag }) => tag === "th");
    if (isHeader) headers = grid.map(textOf);
    else if (headers) {
      const byHeader = new Map<string, PageNode>();
      for (const [index, header] of headers.entries()) {
        const cell = grid[index];
        // A cell across several columns belongs to none of them.
        const isWide =
          cell !== undefined &&
          grid.filter((other) => other === cell).length > headers.filter((other) => other === header).length;
        if (cell && !isWide && header !== "" && !byHeader.has(header)) byHeader.set(header, cell);
      }
      rows.set(line, byHeader);
    }
  }
}

/** The group of a page that is built like records on another page; `null` if there is none. */
export function matchGroup(
  groups: readonly RecordGroup[],
  pattern: { key: string; shape: ReadonlySet<string> },
): { group: RecordGroup; alike: number } | null {
  let best: { group: RecordGroup; alike: number; score: number } | null = null;
  for (const group of groups) {
    // Records cut from children are not comparable with records that are elements.
    if (group.key.includes(" cut at ") !== pattern.key.includes(" cut at ")) continue;
    const alike = similarity(group.shape, pattern.shape);
    const score = alike + (group.key === pattern.key ? 0.3 : 0);
    if (alike >= ALIKE && (!best || score > best.score)) best = { group, alike, score };
  }
  return best && { group: best.group, alike: best.alike };
}

/** Up to `count` records that differ from each other as much as possible, including the first one. */
export function chooseSamples(
  records: readonly PageRecord[],
  count: number,
  without: ReadonlySet<PageRecord> = new Set(),
): PageRecord[] {
  const left = records.filter((record) => !without.has(record)).slice(0, 60);
  const chosen: PageRecord[] = left.splice(0, 1);
  const seen = new Set([...without, ...chosen].flatMap(({ node }) => [...detailOf(node)]));
  while (chosen.length < count && left.length > 0) {
    const gains = left.map(({ node }) => [...detailOf(node)].filter((part) => !seen.has(part)).length);
    const best = gains.indexOf(Math.max(...gains));
    const missing = left.map(({ node }) => detailOf(node).size);
    // If nothing is new, take the one that lacks most.
    const index = gains[best]! > 0 ? best : missing.indexOf(Math.min(...missing));
    const [record] = left.splice(index, 1);
    for (const part of detailOf(record!.node)) seen.add(part);
    chosen.push(record!);
  }
  return chosen;
}

/** Finer than the shape: includes states and how many elements of a kind there are. */
function detailOf(node: PageNode): Set<string> {
  const counts = new Map<string, number>();
  for (const inner of walk(node)) {
    const kind = [inner.tag, ...classesOf(inner)].join(".");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return new Set([...counts].map(([kind, count]) => `${kind} ${Math.min(count, 6)}`));
}
