/** @file The walk behind `compact` observations. */

import { frameBox, isFrame } from "./frame.ts";
import { gaugeText } from "./gauge.ts";
import { generatedText } from "./generated.ts";
import { edges, intersect } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { CompactLines } from "./lines.ts";
import { ordinalText } from "./ordinal.ts";
import { Listing } from "./listing.ts";
import type { Listed, PageSnapshot } from "./listing.ts";
import {
  attributeOf,
  boxOf,
  findIn,
  nextElementOf,
  nodeTypeOf,
  page,
  parentElementOf,
  tagOf,
} from "./native.ts";
import { isInFront, isOutOfSight, placeIn, placeOf, seeText, textInView, topPlace } from "./place.ts";
import type { Place } from "./place.ts";
import { holdsElements, roleOf } from "./role.ts";
import { layers } from "./scroll.ts";
import { clean } from "./text.ts";
import { childrenOf, isInline, SILENT, styleOf } from "./tree.ts";
import { spokenTwin } from "./twin.ts";

interface Context extends Place {
  /** Inside a table row or definition, where a line break becomes a blank. */
  row: boolean;
  /** Its text is printed as the name of an element. */
  silent: boolean;
}

const PRUNED = new Set(["tr", "li", "p", "h1", "h2", "h3", "h4", "h5", "h6", "article"]);
const CELLS = /^(?:cell|gridcell|columnheader|rowheader)$/;

/** `framed`: the document is in a frame, so no head says that there is more of it. */
export function observeCompact(view: Edges, framed: boolean): PageSnapshot {
  return new CompactWalk(view).observe(framed);
}

class CompactWalk {
  readonly #view: Edges;
  readonly #lines = new CompactLines();
  readonly #listing: Listing;
  readonly #layers = layers();
  readonly #spoken = new Set<Element>();

  constructor(view: Edges) {
    this.#view = view;
    this.#listing = new Listing(view, this.#layers.top);
  }

  observe(framed: boolean): PageSnapshot {
    const place = topPlace(this.#view, this.#layers.any);
    const context: Context = { ...place, row: false, silent: false };
    if (framed) this.#pane(page.root, context);
    this.#visit(page.body, context);
    return this.#listing.snapshot(this.#lines.print());
  }

  #visit(node: Node, outer: Context): void {
    if (nodeTypeOf(node) === Node.TEXT_NODE) this.#text(node as Text, outer);
    else if (node instanceof Element && !SILENT.has(tagOf(node))) this.#visitElement(node, outer);
  }

  #visitElement(node: Element, outer: Context): void {
    const tag = tagOf(node);
    if (tag === "br") {
      if (outer.row) this.#lines.add(" ");
      else this.#lines.end();
      return;
    }
    const style = styleOf(node);
    // The areas of an image map are where the picture is.
    if (style.display === "none" && tag !== "area") return;
    const at: Context = { ...placeOf(style, outer, this.#view), row: outer.row, silent: outer.silent };
    if (PRUNED.has(tag) && isOutOfSight(node, at.clip)) return;
    if (node === this.#layers.top) at.behind = false;
    const role = this.#listing.roleOf(node);
    if (role !== null) this.#role(node, role, style, at);
    else if (isFrame(node)) this.#frame(node, at);
    else if (tag === "img") this.#image(node, (node as HTMLImageElement).alt, at);
    else if (gaugeText(node) !== null) this.#image(node, gaugeText(node)!, at);
    else if (!this.#twin(node, at)) this.#container(node, style, at);
  }

  #role(node: Element, role: string, style: CSSStyleDeclaration, at: Context): void {
    const { display } = style;
    const listed = this.#listing.add(node, role, at);
    if (listed === "content") this.#container(node, style, at);
    else if (listed && at.row && this.#isCell(node, style)) {
      this.#lines.cell(() => this.#print(listed, node, style, at));
    } else if (listed) this.#print(listed, node, style, at);
    // Out of sight or covered. A link that is only partly out of sight is still text of its paragraph.
    else if ((role === "link" && display === "inline" && at.visible) || holdsElements(node))
      this.#container(node, style, at);
  }

  #print(listed: Listed, node: Element, style: CSSStyleDeclaration, at: Context): void {
    const { display } = style;
    const block = !at.row && !isInline(display);
    if (block) this.#lines.end();
    if (tagOf(node) === "li") this.#lines.begin(ordinalText(node));
    this.#lines.element(listed.index, display === "inline", listed.box);
    if (listed.rest) this.#lines.add(` …${listed.rest} `);
    if (listed.nested) {
      const silent = at.silent || listed.silent;
      this.#children(node, { ...placeIn(node, style, at), row: at.row, silent });
    }
    if (block) this.#lines.end();
  }

  /** Anything that is not listed. */
  #container(node: Element, style: CSSStyleDeclaration, at: Context): void {
    this.#listing.expectEntries(node);
    this.#pane(node, at);
    const context: Context = { ...placeIn(node, style, at), row: at.row, silent: at.silent };
    if (node instanceof HTMLLabelElement && node.control) this.#label(node, node.control, style, context);
    const rowLike = style.display === "table-row" || attributeOf(node, "role") === "row";
    if (rowLike && !at.row && !findIn(node, "table"))
      this.#lines.row(() => this.#children(node, { ...context, row: true }));
    else if (at.row) this.#inRow(node, style, context);
    else this.#block(node, style, context);
  }

  #isCell(node: Element, { display }: CSSStyleDeclaration): boolean {
    return this.#lines.inRow && (display === "table-cell" || CELLS.test(attributeOf(node, "role") ?? ""));
  }

  #inRow(node: Element, style: CSSStyleDeclaration, context: Context): void {
    const { display } = style;
    if (this.#isCell(node, style)) this.#lines.cell(() => this.#children(node, context));
    else {
      if (display !== "inline") this.#lines.add(" ");
      this.#children(node, context);
      if (display !== "inline") this.#lines.add(" ");
    }
  }

  #block(node: Element, { display }: CSSStyleDeclaration, context: Context): void {
    const tag = tagOf(node);
    const lines = this.#lines;
    if (tag === "dt") {
      lines.end();
      this.#children(node, { ...context, row: true });
      return;
    }
    if (tag === "dd") {
      lines.define();
      this.#children(node, { ...context, row: true });
      const next = nextElementOf(node);
      if (!next || tagOf(next) !== "dd") lines.end();
      return;
    }
    const inline = isInline(display) || node instanceof SVGElement;
    const apart = inline && !/^(?:inline|contents|ruby)$/.test(display);
    if (!inline) lines.end();
    else if (apart || (node instanceof SVGElement && tag === "text")) lines.add(" ");
    if (tag === "li") this.#ordinal(node, context);
    this.#children(node, context);
    if (tag === "li") lines.begin("");
    if (!inline) lines.end();
    else if (apart) lines.add(" ");
  }

  #children(node: Element, context: Context): void {
    const readable = context.visible && !context.faded && !context.silent;
    if (readable) this.#addGenerated(node, "::before", context);
    for (const child of childrenOf(node)) this.#visit(child, context);
    if (readable) this.#addGenerated(node, "::after", context);
  }

  #ordinal(node: Element, { visible, faded, silent, clip }: Context): void {
    const [left, top, right, bottom] = edges(boxOf(node));
    const seen = intersect([left, top, right, Math.min(bottom, top + 20)], clip);
    if (visible && !faded && !silent && seen[2] - seen[0] > 2 && seen[3] - seen[1] > 2)
      this.#lines.begin(ordinalText(node));
  }

  #addGenerated(node: Element, pseudo: "::before" | "::after", context: Context): void {
    const text = generatedText(node, pseudo);
    if (text.trim() === "") return;
    const box = intersect(edges(boxOf(node)), context.clip);
    if (box[2] - box[0] > 2 && box[3] - box[1] > 2) this.#lines.add(clean(text));
  }

  /** A label's text is the name of its control. A control that is drawn by its label is where the label is. */
  #label(node: HTMLLabelElement, control: Element, style: CSSStyleDeclaration, context: Context): void {
    const role = roleOf(control);
    if (role === null) return;
    if (!this.#listing.isDrawnByLabel(control)) {
      if (this.#listing.isInSight(control)) context.silent = true;
      return;
    }
    const listed = this.#listing.add(control, role, context);
    if (!listed || listed === "content") return;
    this.#lines.element(listed.index, style.display === "inline", listed.box);
    context.silent = true;
  }

  #pane(node: Element, at: Context): void {
    const listed = this.#listing.addPane(node, at);
    if (!listed) return;
    if (!at.row) this.#lines.end();
    this.#lines.element(listed.index, false, listed.box);
    if (!at.row) this.#lines.end();
  }

  /** Something hidden from screen readers, and beside it an invisible text that tells them the same: printed once. */
  #twin(node: Element, at: Context): boolean {
    if (attributeOf(node, "aria-hidden") !== "true") return false;
    const twin = spokenTwin(node);
    if (!twin) return false;
    const box = edges(boxOf(node));
    const seen = intersect(box, at.clip);
    if (this.#spoken.has(twin.element) || at.silent || !at.visible || at.faded) return true;
    if (seen[2] - seen[0] < 2 || seen[3] - seen[1] < 2) return true;
    if (at.behind && !isInFront(node, box, this.#view)) return true;
    this.#spoken.add(twin.element);
    this.#lines.add(` ${twin.text} `, box);
    return true;
  }

  #frame(node: Element, at: Context): void {
    const outer = edges(boxOf(node));
    const seen = intersect(outer, at.clip);
    if (seen[2] - seen[0] < 8 || seen[3] - seen[1] < 8 || !at.visible || at.faded) return;
    if (at.behind && !isInFront(node, outer, this.#view)) return;
    this.#lines.frame(this.#listing.addFrame(node, frameBox(node)), outer);
  }

  /** What is drawn, and the text for it. */
  #image(node: Element, text: string, at: Context): void {
    const box = edges(boxOf(node));
    const seen = intersect(box, at.clip);
    const alt = clean(text);
    if (alt.trim() === "" || !at.visible || at.silent || at.faded) return;
    if (attributeOf(node, "aria-hidden") === "true") return;
    if (seen[3] - seen[1] <= 8 || seen[2] - seen[0] <= 2) return;
    if (at.behind && !isInFront(node, box, this.#view)) return;
    this.#lines.add(` ${alt} `, box);
  }

  #text(node: Text, context: Context): void {
    if (!context.visible || context.silent) return;
    if (clean(node.data).trim() === "") {
      if (node.data !== "") this.#lines.blank();
      return;
    }
    const seen = seeText(node, context, this.#view);
    if (!seen) return;
    const data = textInView(node, context, seen);
    const parent = parentElementOf(node);
    if (parent && styleOf(parent).whiteSpace.startsWith("pre") && data.includes("\n")) {
      for (const part of data.split("\n")) {
        this.#lines.add(clean(part), seen.box, seen.single);
        if (!context.row) this.#lines.end();
      }
      return;
    }
    this.#lines.add(clean(data), seen.box, seen.single);
  }
}
