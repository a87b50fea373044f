/** @file A row as it is given out: values, where each stands, what could not be read; and by what it is told from others. */

import { createHash } from "node:crypto";
import { squash } from "../../browser/page/text.ts";
import stringify from "safe-stable-stringify";
import type { ReadRecord } from "./layout.ts";
import type { FieldReading } from "./rule.ts";
import type { Field, RowValues } from "./schema.ts";
import { pathOf, textOf, walk } from "./tree.ts";
import type { PageNode, PageTree } from "./tree.ts";

/** Where on a page a value stands. */
export interface FieldSource {
  /** Of the page that it is on. */
  url: string;
  /** From `body` to the element, as CSS says it. */
  path: string;
  role: string;
  /** The beginning of what the element says. */
  name: string;
  /** Pixels in the document: left, top, width, height. */
  box: [number, number, number, number];
}

/** One record of a list, with the page that it was read from. */
export interface ExtractedRow<T = RowValues> {
  row: T;
  /** The page that it was read from. */
  url: string;
  /** By field; `null` where the page does not say it. */
  sources: Record<keyof T & string, FieldSource | null>;
  /** Why fields are null though something stands there. */
  notes: string[];
}

const ROLES: Record<string, string> = {
  a: "link",
  button: "button",
  img: "img",
  time: "time",
  li: "listitem",
  td: "cell",
  th: "columnheader",
  dt: "term",
  dd: "definition",
  p: "paragraph",
  article: "article",
};

const roleOf = ({ tag, attributes }: PageNode): string =>
  attributes["role"] ?? ROLES[tag] ?? (/^h[1-6]$/.test(tag) ? "heading" : "generic");

export function sourceOf(tree: PageTree, reading: FieldReading): FieldSource | null {
  if (reading.value === null || reading.node === null) return null;
  // What stands side by side has no element of its own: the one around it has.
  const node = reading.node.tag.startsWith("#")
    ? (parentOfPart(tree.root, reading.node) ?? reading.node)
    : reading.node;
  return {
    url: tree.url,
    path: `body${[" > ", pathOf(tree.root, node) ?? ""].join("").replace(/^ > $/, "")}`,
    role: roleOf(node),
    name: squash(node.attributes["aria-label"] ?? textOf(node)).slice(0, 80),
    box: node.box,
  };
}

function parentOfPart(root: PageNode, part: PageNode): PageNode | null {
  const inside = part.children.find((child): child is PageNode => typeof child !== "string");
  const text = part.children.find(
    (child): child is string => typeof child === "string" && child.trim() !== "",
  );
  for (const node of walk(root)) {
    if (
      inside
        ? node.children.includes(inside)
        : text !== undefined &&
          node.children.some((child) => typeof child === "string" && child.includes(text))
    )
      return node;
  }
  return null;
}

export function rowOf(tree: PageTree, read: ReadRecord, fields: readonly Field[]): ExtractedRow {
  const row: RowValues = {};
  const sources: Record<string, FieldSource | null> = {};
  const notes: string[] = [];
  for (const { name } of fields) {
    const reading = read.fields[name]!;
    row[name] = reading.value;
    sources[name] = sourceOf(tree, reading);
    if (reading.note !== null) notes.push(`${name}: ${reading.note}`);
  }
  return { row, url: tree.url, sources, notes };
}

/** Parameters that say where somebody came from, not what they look at. */
const TRACKING =
  /^(?:utm_.*|ref|ref_|referrer|src|source|fbclid|gclid|msclkid|sid|session|pos|position|rank|qid|sr|page|p|from)$/i;

/** The address of a record's own page: of its first link that has a text or picture, and is on the same host. */
export function linkOf(node: PageNode, base: string): string | null {
  const { host, origin } = new URL(base);
  const links = [...walk(node)].filter(
    (one) => one.tag === "a" && /^https?:/.test(one.attributes["href"] ?? ""),
  );
  const own = links.filter(({ attributes }) => new URL(attributes["href"]!).host === host);
  // A heading's link is the record's; else the first that leads to another page.
  const heading = own.find((link) =>
    [...walk(node)].some((one) => /^h[1-6]$/.test(one.tag) && [...walk(one)].includes(link)),
  );
  const here = new URL(base).pathname;
  const chosen =
    heading ?? own.find(({ attributes }) => new URL(attributes["href"]!).pathname !== here) ?? null;
  return chosen && origin ? chosen.attributes["href"]! : null;
}

/**
 * By what a row is told from others, on whatever page it is met: its key fields, where they are named and there; else what it
 * says and where its own link leads.
 */
export function identityOf(values: RowValues, key: readonly string[], link: string | null): string {
  if (key.length > 0 && key.every((name) => values[name] !== null))
    return `k${stringify(key.map((name) => values[name]))}`;
  let address = "";
  if (link !== null) {
    const url = new URL(link);
    const names = Array.from(url.searchParams.keys());
    for (const name of names) if (TRACKING.test(name)) url.searchParams.delete(name);
    url.searchParams.sort();
    address = `${url.host}${url.pathname}${url.search}`;
  }
  return `c${stringify([values, address])}`;
}

/** A short mark of an identity. */
export const markOf = (identity: string): string =>
  createHash("sha256").update(identity).digest("base64url").slice(0, 22);
