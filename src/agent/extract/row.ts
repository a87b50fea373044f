/**
 * @file A row as it is given out: its values, where each is on the page, what could not be read, and what identifies
 * the row.
 */

import { createHash } from "node:crypto";
import { squash } from "../../browser/page/text.ts";
import stringify from "safe-stable-stringify";
import type { ReadRecord } from "./layout.ts";
import type { FieldReading } from "./rule.ts";
import type { Field, RowValues } from "./schema.ts";
import { pathOf, textOf, walk } from "./tree.ts";
import type { PageNode, PageTree } from "./tree.ts";

/** Where on a page a value is. */
export interface FieldSource {
  /** Address of the page that it is on. */
  url: string;
  /** CSS selector from `body` to the element. */
  path: string;
  role: string;
  /** The beginning of the element's text. */
  name: string;
  /** Pixels in the document: left, top, width, height. */
  box: [number, number, number, number];
}

/** One record of a list, with the page that it was read from. */
export interface ExtractedRow<T = RowValues> {
  row: T;
  /** The page that it was read from. */
  url: string;
  /** Values by field; `null` if the page does not say it. */
  sources: Record<keyof T & string, FieldSource | null>;
  /** Why fields are null although something is there. */
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
  // Adjacent nodes have no element in common except the one around them.
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

/** Parameters that say where a visitor came from, not what the page is. */
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
 * What identifies a row on whatever page it appears: its key fields if they are named and present, otherwise what it
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

/** A short hash of an identity. */
export const markOf = (identity: string): string =>
  createHash("sha256").update(identity).digest("base64url").slice(0, 22);
