/** @file The walk behind `aria` observations: an accessibility tree with references. */

import { frameBox, isFrame } from "./frame.ts";
import { gaugeText } from "./gauge.ts";
import { generatedText } from "./generated.ts";
import { edges, intersect } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { LABEL_LIMIT, Listing } from "./listing.ts";
import type { Listed, PageElement, PageSnapshot } from "./listing.ts";
import { attributeOf, boxOf, hasAttributeOf, matchesOf, nodeTypeOf, page, tagOf } from "./native.ts";
import { ordinalText } from "./ordinal.ts";
import { isInFront, isOutOfSight, placeIn, placeOf, seeText, textInView, topPlace } from "./place.ts";
import type { Place } from "./place.ts";
import { ariaOf } from "./internals.ts";
import { explicitRoleOf, holdsElements, roleOf } from "./role.ts";
import { layers } from "./scroll.ts";
import { clean, cut, squash } from "./text.ts";
import { childrenOf, findFocused, isInline, SILENT, styleOf } from "./tree.ts";
import { spokenTwin } from "./twin.ts";

interface Branch {
  head: string;
  children: Tree;
}
type Tree = (Branch | string)[];

interface Context extends Place {
  /** Its text is printed as the name of an element. */
  silent: boolean;
}

const STRUCTURE: Record<string, string> = {
  nav: "navigation",
  main: "main",
  header: "banner",
  footer: "contentinfo",
  aside: "complementary",
  form: "form",
  ul: "list",
  ol: "list",
  li: "listitem",
  table: "table",
  tr: "row",
  td: "cell",
  th: "columnheader",
  p: "paragraph",
  dialog: "dialog",
  article: "article",
  fieldset: "group",
  progress: "progressbar",
  meter: "meter",
  dl: "list",
  dt: "term",
  dd: "definition",
};
/** Empty cells are printed, too: readers count columns by them. */
const CELL = /^(?:cell|gridcell|columnheader|rowheader)$/;

/**
 * Lines of a tree, two blanks a level: `- role "name" [ref=n] [state]`, text as `- text: …`. Generic containers and
 * whatever is outside of the viewport are left out. `[ref=n]` is written as a mark, as in `compact`.
 */
export function observeAria(view: Edges, framed: boolean): PageSnapshot {
  return new AriaWalk(view).observe(framed);
}

const quote = (text: string) => JSON.stringify(cut(text, LABEL_LIMIT));

function structureOf(element: Element): string | null {
  const explicit = explicitRoleOf(element);
  if (explicit) return /^(none|presentation|generic)$/.test(explicit) ? null : explicit;
  const tag = tagOf(element);
  if (/^h[1-6]$/.test(tag)) return "heading";
  if (tag === "section")
    return hasAttributeOf(element, "aria-label") || hasAttributeOf(element, "aria-labelledby")
      ? "region"
      : null;
  return STRUCTURE[tag] ?? null;
}

const printLabel = (element: Element): string => {
  const label = ariaOf(element, "aria-label");
  return label ? ` ${quote(squash(label))}` : "";
};

function statesOf(element: Element, entry: PageElement): string {
  const states: string[] = [];
  if (/^(?:checked|mixed|selected|pressed)$/.test(entry.value ?? "")) states.push(entry.value!);
  if (entry.disabled) states.push("disabled");
  const expanded = ariaOf(element, "aria-expanded");
  if (expanded !== null) states.push(expanded === "true" ? "expanded" : "collapsed");
  if (element instanceof HTMLTextAreaElement || attributeOf(element, "aria-multiline") === "true")
    states.push("multiline");
  if (matchesOf(element, ":user-invalid")) states.push("invalid");
  if (element === findFocused()) states.push("focused");
  if (entry.more) states.push(entry.more);
  return states.map((state) => ` [${state}]`).join("");
}

class AriaWalk {
  readonly #view: Edges;
  readonly #listing: Listing;
  readonly #layers = layers();
  readonly #spoken = new Set<Element>();

  constructor(view: Edges) {
    this.#view = view;
    this.#listing = new Listing(view, this.#layers.top);
  }

  observe(framed: boolean): PageSnapshot {
    const at: Context = { ...topPlace(this.#view, this.#layers.any), silent: false };
    const tree: Tree = framed ? this.#pane(page.root, at) : [];
    return this.#listing.snapshot(printTree([...tree, ...this.#visit(page.body, at)]));
  }

  #visit(node: Node, outer: Context): Tree {
    if (nodeTypeOf(node) === Node.TEXT_NODE) return this.#text(node as Text, outer);
    if (!(node instanceof Element) || SILENT.has(tagOf(node))) return [];
    const style = styleOf(node);
    const tag = tagOf(node);
    // The areas of an image map are where the picture is.
    if (style.display === "none" && tag !== "area") return [];
    if (tag === "br") return ["\n"];
    const at: Context = { ...placeOf(style, outer, this.#view), silent: outer.silent };
    if (node === this.#layers.top) at.behind = false;
    const role = this.#listing.roleOf(node);
    if (role !== null) return this.#role(node, role, style, at);
    if (isFrame(node)) return this.#frame(node, at);
    if (tag === "img") return this.#image(node, `img ${quote(squash((node as HTMLImageElement).alt))}`, at);
    const gauge = gaugeText(node);
    if (gauge !== null) return this.#image(node, `${structureOf(node)!}${printLabel(node)}: ${gauge}`, at);
    const twin = this.#twin(node, at);
    return twin ?? this.#container(node, style, at);
  }

  #role(node: Element, role: string, style: CSSStyleDeclaration, at: Context): Tree {
    const listed = this.#listing.add(node, role, at);
    if (listed === "content") return this.#container(node, style, at);
    if (listed) return [this.#branch(listed, node, style, at)];
    const open = (role === "link" && style.display === "inline" && at.visible) || holdsElements(node);
    return open ? this.#container(node, style, at) : [];
  }

  #branch(listed: Listed, node: Element, style: CSSStyleDeclaration, at: Context): Branch {
    const entry = this.#listing.elements[listed.index]!;
    const { value } = entry;
    const shown =
      value && !/^(?:un)?checked$|^mixed$|^selected$|^pressed$/.test(value)
        ? `: ${entry.shown ?? value}`
        : "";
    const children: Tree = (node instanceof HTMLSelectElement ? (entry.options ?? []) : []).map((option) => ({
      head: `option ${quote(option)}${option === value ? " [selected]" : ""}`,
      children: [],
    }));
    if (listed.rest) children.push(`…${listed.rest}`);
    if (listed.nested)
      children.push(
        ...this.#children(node, { ...placeIn(node, style, at), silent: at.silent || listed.silent }),
      );
    const name = entry.label === "" ? "" : ` ${JSON.stringify(entry.label)}`;
    return {
      head: `${entry.role}${name} [ref=\uE000${listed.index}\uE001]${statesOf(node, entry)}${shown}`,
      children,
    };
  }

  /** Anything that is not listed. */
  #container(node: Element, style: CSSStyleDeclaration, at: Context): Tree {
    this.#listing.expectEntries(node);
    const context: Context = { ...placeIn(node, style, at), silent: at.silent };
    const before = [
      ...this.#pane(node, at),
      ...(node instanceof HTMLLabelElement && node.control ? this.#label(node.control, context) : []),
    ];
    const children = [...before, ...this.#children(node, context)];
    const structure = structureOf(node);
    if (structure === null) return isInline(style.display) ? children : [...children, " \n"];
    const blank = children.every((child) => typeof child === "string" && child.trim() === "");
    if (blank && (!CELL.test(structure) || isOutOfSight(node, at.clip))) return [];
    const level = /^h([1-6])$/.exec(tagOf(node))?.[1] ?? attributeOf(node, "aria-level");
    const head = `${structure}${printLabel(node)}${structure === "heading" && level ? ` [level=${level}]` : ""}`;
    return [{ head, children: blank ? [] : children }];
  }

  #children(node: Element, context: Context): Tree {
    const readable = context.visible && !context.faded && !context.silent && this.#inView(node, context);
    return [
      ...(readable ? [ordinalText(node), generatedText(node, "::before")] : []),
      ...childrenOf(node).flatMap((child) => this.#visit(child, context)),
      ...(readable ? [generatedText(node, "::after")] : []),
    ];
  }

  /** A control that is drawn by its label is where the label is. */
  #label(control: Element, context: Context): Tree {
    const role = roleOf(control);
    if (role === null || !this.#listing.isDrawnByLabel(control)) return [];
    const listed = this.#listing.add(control, role, context);
    if (!listed || listed === "content") return [];
    return [this.#branch(listed, control, styleOf(control), context)];
  }

  #pane(node: Element, at: Context): Tree {
    const listed = this.#listing.addPane(node, at);
    return listed ? [this.#branch(listed, node, styleOf(node), at)] : [];
  }

  /** See `compact.ts`. */
  #twin(node: Element, at: Context): Tree | null {
    const twin = attributeOf(node, "aria-hidden") === "true" ? spokenTwin(node) : null;
    if (!twin) return null;
    if (this.#spoken.has(twin.element) || at.silent || !at.visible || at.faded || !this.#inView(node, at))
      return [];
    this.#spoken.add(twin.element);
    return [` ${twin.text} `];
  }

  #inView(node: Element, at: Place): boolean {
    const box = edges(boxOf(node));
    const seen = intersect(box, at.clip);
    if (seen[2] - seen[0] <= 2 || seen[3] - seen[1] <= 2) return false;
    return !at.behind || isInFront(node, box, this.#view);
  }

  #frame(node: Element, at: Context): Tree {
    const seen = intersect(edges(boxOf(node)), at.clip);
    if (seen[2] - seen[0] < 8 || seen[3] - seen[1] < 8 || !at.visible || at.faded || !this.#inView(node, at))
      return [];
    const index = this.#listing.addFrame(node, frameBox(node));
    return [{ head: "iframe", children: [{ head: `\uE002${index}\uE001`, children: [] }] }];
  }

  /** What is drawn, and how it is printed. */
  #image(node: Element, head: string, at: Context): Tree {
    if (
      head === 'img ""' ||
      at.silent ||
      !at.visible ||
      at.faded ||
      attributeOf(node, "aria-hidden") === "true"
    )
      return [];
    return this.#inView(node, at) ? [{ head, children: [] }] : [];
  }

  #text(node: Text, context: Context): Tree {
    if (context.silent || clean(node.data).trim() === "") return context.silent ? [] : [" "];
    const seen = seeText(node, context, this.#view);
    return seen ? [clean(textInView(node, context, seen))] : [];
  }
}

function printTree(tree: Tree): string[] {
  const lines: string[] = [];
  const print = (nodes: Tree, depth: number) => {
    const indent = "  ".repeat(depth);
    let text = "";
    const flush = () => {
      for (const part of text.split("\n"))
        if (part.trim() !== "") lines.push(`${indent}- text: ${part.replace(/\s+/g, " ").trim()}`);
      text = "";
    };
    for (const node of nodes) {
      if (typeof node === "string") {
        text += node;
        continue;
      }
      flush();
      const only = node.children.length > 0 && node.children.every((child) => typeof child === "string");
      const content = only ? squash(node.children.join("")) : "";
      if (node.head.startsWith("\uE002")) lines.push(`${indent}${node.head}`);
      else if (only) lines.push(`${indent}- ${node.head}${content === "" ? "" : `: ${content}`}`);
      else {
        lines.push(`${indent}- ${node.head}`);
        print(node.children, depth + 1);
      }
    }
    flush();
  };
  print(tree, 0);
  return lines;
}
