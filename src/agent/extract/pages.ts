/**
 * @file Finds how a list continues: by links to the next page, numbered pages, "load more", or a page number in the
 * address.
 */

import { squash } from "../../browser/page/text.ts";
import { classesOf, elementsOf, textOf, walk } from "./tree.ts";
import type { PageNode, PageTree } from "./tree.ts";

export type Next =
  | { kind: "open"; url: string }
  /** A button, or a link that only a script follows. */
  | { kind: "click"; name: string; top: number };

interface Control {
  node: PageNode;
  name: string;
  /** Where it leads; `null` if only a click can tell. */
  url: string | null;
  parents: PageNode[];
}

const NEXT =
  /^(?:(?:go to )?(?:the )?next(?: page)?|older(?: posts| entries)?|nächste(?: seite)?|weiter|(?:page )?suivante?|siguiente|volgende|próxim[oa]|successiv[oa]|nästa)$/i;
const NEXT_SIGNS = /^(?:›|»|→|>|>>|❯|⟩|▶|►|chevron_right|arrow_forward)$/;
const MORE =
  /^(?:(?:load|show|see|view|display|get|fetch)\b.{0,30}\bmore\b.{0,30}|more(?: \p{L}+)?|mehr (?:anzeigen|laden|\p{L}+ laden)|weitere \p{L}+(?: laden| anzeigen)?|(?:voir|afficher|charger) plus.{0,20}|(?:cargar|mostrar|ver) más.{0,20}|toon meer|carica altri.{0,20})$/iu;
const SLIDES = /slide|carousel|gallery|swiper|splide|slick|lightbox/i;

/** The controls outside the rows. */
function controlsOf(root: PageNode, rows: ReadonlySet<PageNode>, base: string): Control[] {
  const found: Control[] = [];
  const visit = (node: PageNode, parents: PageNode[]) => {
    if (rows.has(node)) return;
    const { role } = node.attributes;
    if (
      node.tag === "a" ||
      node.tag === "button" ||
      role === "button" ||
      role === "link" ||
      (node.tag === "input" && /^(?:button|submit)$/.test(node.attributes["type"] ?? ""))
    ) {
      found.push({ node, name: nameOf(node), url: addressOf(node, base), parents });
      return;
    }
    for (const child of elementsOf(node)) visit(child, [...parents, node]);
  };
  visit(root, []);
  return found.filter((control) => !isDisabled(control));
}

function nameOf(node: PageNode): string {
  const { attributes } = node;
  const picture = [...walk(node)].find(({ tag, attributes: own }) => tag === "img" && own["alt"])?.attributes[
    "alt"
  ];
  return squash(
    attributes["aria-label"] || textOf(node) || attributes["title"] || attributes["value"] || picture || "",
  );
}

function addressOf({ tag, attributes }: PageNode, base: string): string | null {
  const { href } = attributes;
  if (tag !== "a" || !href || !/^https?:/.test(href)) return null;
  const url = new URL(href);
  const isHere = url.href.replace(/#.*$/, "") === base.replace(/#.*$/, "");
  return isHere ? null : url.href;
}

function isDisabled({ node, parents }: Control): boolean {
  const off = (one: PageNode | undefined) =>
    one !== undefined &&
    (one.attributes["disabled"] !== undefined ||
      one.attributes["aria-disabled"] === "true" ||
      classesOf(one).some((name) => /(?:^|[-_])(?:disabled|inactive)$/i.test(name)));
  return off(node) || off(parents.at(-1));
}

/** Separates the words and signs of a name: `Next ›` means next. */
const wordsOf = (name: string) =>
  name
    .replace(/[^\p{L}\p{N} ]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();

const inSlides = ({ node, parents }: Control) =>
  [node, ...parents].some(
    (one) =>
      classesOf(one).some((name) => SLIDES.test(name)) ||
      /carousel/i.test(one.attributes["aria-roledescription"] ?? ""),
  );

/**
 * How the list continues according to the page; `null` if the page does not show it. `page`: number of this page,
 * counted from 1.
 */
export function findNext(tree: PageTree, rows: ReadonlySet<PageNode>, page: number): Next | null {
  const controls = controlsOf(tree.root, rows, tree.url);
  const lastRow = Math.max(0, ...[...rows].map(({ box }) => box[1]));
  const chosen =
    nextLink(controls) ?? numberedLink(controls, tree.root, page) ?? moreButton(controls, lastRow);
  if (!chosen) return null;
  if (chosen.url !== null) return { kind: "open", url: chosen.url };
  return { kind: "click", name: chosen.name, top: chosen.node.box[1] };
}

function nextLink(controls: readonly Control[]): Control | undefined {
  const free = controls.filter((control) => !inSlides(control));
  const isMarked = ({ node, parents }: Control) =>
    [node, parents.at(-1)!].some(
      (one) =>
        one &&
        classesOf(one).some((name) =>
          /^(?:[\w-]*[-_])?next(?:[-_](?:page|link|posts|btn|button))?$/i.test(name),
        ),
    );
  return (
    free.find(({ node }) => (node.attributes["rel"] ?? "").split(/\s+/).includes("next")) ??
    free.find(({ name }) => NEXT.test(wordsOf(name))) ??
    free.find((control) => control.url !== null && isMarked(control)) ??
    free.find(({ name, parents }) => NEXT_SIGNS.test(name) && isPager(parents))
  );
}

const isPager = (parents: readonly PageNode[]) =>
  parents
    .slice(-4)
    .some(
      (one) =>
        one.tag === "nav" ||
        /navigation/.test(one.attributes["role"] ?? "") ||
        classesOf(one).some((name) => /pag(?:e|inat|er)|pages/i.test(name)),
    );

/** The link to the page after this one, among links that are numbers. */
function numberedLink(controls: readonly Control[], root: PageNode, page: number): Control | undefined {
  const numbered = controls.filter(({ name }) => /^(?:page |seite )?\d{1,5}$/i.test(name));
  if (numbered.length === 0) return undefined;
  const numberOf = ({ name }: Control) => Number(/\d+/.exec(name)![0]);
  const isCurrent = ({ node, parents }: Control) =>
    [node, parents.at(-1)!].some(
      (one) =>
        one &&
        (one.attributes["aria-current"] ||
          classesOf(one).some((name) => /^(?:[\w-]*[-_])?(?:active|current|selected)$/i.test(name))),
    );
  const around = numbered[0]!.parents.at(isPager(numbered[0]!.parents) ? -2 : -1) ?? root;
  const plain = [...walk(around)].find(
    (one) =>
      elementsOf(one).length === 0 &&
      one.tag !== "a" &&
      one.tag !== "button" &&
      /^\d{1,5}$/.test(textOf(one)) &&
      !numbered.some(({ node }) => contains(node, one)),
  );
  const marked = numbered.find(isCurrent);
  const current = marked ? numberOf(marked) : plain ? Number(textOf(plain)) : page;
  return numbered.find((control) => numberOf(control) === current + 1 && !isCurrent(control));
}

const contains = (outer: PageNode, inner: PageNode) => [...walk(outer)].includes(inner);

/** Below the rows: a "see more" above them leads elsewhere. */
const moreButton = (controls: readonly Control[], lastRow: number): Control | undefined =>
  controls.findLast(({ name, node }) => MORE.test(wordsOf(name)) && node.box[1] >= lastRow);

const PAGES = /^(?:page|p|pg|pagina|seite|paged|pagenumber|page_?no|page_?num)$/i;
const OFFSETS = /^(?:offset|start|from|skip|first)$/i;

/** The next address by counting, if the address contains a counter; `rows`: rows on this page. */
export function countOn(address: string, rows: number): string | null {
  const url = new URL(address);
  for (const [name, value] of url.searchParams) {
    if (!/^\d{1,6}$/.test(value)) continue;
    if (PAGES.test(name)) url.searchParams.set(name, String(Number(value) + 1));
    else if (OFFSETS.test(name) && rows > 0) url.searchParams.set(name, String(Number(value) + rows));
    else continue;
    return url.href;
  }
  const path = url.pathname.replace(
    /(\/(?:page|seite|p)[/-]?)(\d{1,5})(?=\/?$)/i,
    (_, before: string, number: string) => `${before}${Number(number) + 1}`,
  );
  if (path === url.pathname) return null;
  url.pathname = path;
  return url.href;
}
