/** @file The walk behind `compact` observations. */

import { edges, intersect, unite } from "./geometry.ts";
import type { Edges } from "./geometry.ts";
import { memory } from "./memory.ts";
import { isDisabled, nameOf, valueOf } from "./name.ts";
import {
  attributeOf,
  boxOf,
  clientHeightOf,
  clientLeftOf,
  clientTopOf,
  clientWidthOf,
  findIn,
  matchesOf,
  nextElementOf,
  nodeTypeOf,
  page,
  parentElementOf,
  tagOf,
} from "./native.ts";
import { reach as reachElement } from "./reach.ts";
import type { Reached } from "./reach.ts";
import { roleOf } from "./role.ts";
import { modal, scrollState } from "./scroll.ts";
import { clean, squash } from "./text.ts";
import { childrenOf, focused, SILENT, styleOf } from "./tree.ts";

/** An element that can be acted on, as the page reports it. Its position in the list is its reference. */
export interface PageElement {
  role: string;
  label: string;
  value?: string;
  options?: string[];
  disabled?: boolean;
  /** The browser's own message about a field's content, once it was shown. */
  invalid?: string;
  box: [number, number, number, number];
}

export interface PageSnapshot {
  url: string;
  title: string;
  scroll: { top: number; viewport: number; page: number };
  elements: PageElement[];
  /** Position of the focused field in `elements`. */
  focused: number | null;
  /** Visible frames: their content box, in the order of the marks in the text. */
  frames: Edges[];
  /**
   * The page as text. In `compact` lines, `\uE000 i \uE001` stands for element `i` and `\uE002 i \uE001` for frame `i`.
   */
  lines: string[];
}

/** Longest label and value that are printed. */
export const LABEL_LIMIT = 100;
export const VALUE_LIMIT = 200;

export function observeCompact(view: Edges): PageSnapshot {
  interface Line {
    text: string;
    box: Edges | null;
    /** Cells of a table row; `null` outside of tables. */
    cells: string[] | null;
    single: boolean;
  }
  interface Context {
    clip: Edges;
    /** Inside a table row or definition, where line breaks are blanks. */
    row: boolean;
    /** `false` under `visibility: hidden`. */
    visible: boolean;
    /** Its text is printed as the name of a control. */
    silent: boolean;
  }
  const lines: Line[] = [];
  const elements: PageElement[] = [];
  const handles: Element[] = [];
  const frames: Edges[] = [];
  const frameHandles: Element[] = [];
  const reached = new Map<Element, Reached | null>();
  let line: Line = { text: "", box: null, cells: null, single: true };

  const flush = () => {
    if (line.cells || squash(line.text.replace(/[\uE000-\uE002]/g, "x")) !== "") lines.push(line);
    line = { text: "", box: null, cells: null, single: true };
  };
  const grow = (box: Edges) => {
    line.box = unite(line.box, box);
  };
  /** Like `squash`, but the marks stay. */
  const tidy = (text: string) => text.replace(/\s+/g, " ").trim();
  const cut = (text: string, limit: number) =>
    text.length > limit ? `${text.slice(0, limit - 1).trimEnd()}…` : text;

  const reach = (element: Element, clip: Edges) => {
    if (!reached.has(element)) reached.set(element, reachElement(element, clip, view));
    return reached.get(element)!;
  };
  const clipBy = (element: Element, style: CSSStyleDeclaration, clip: Edges): Edges => {
    if (style.position === "fixed") clip = [-1e6, view[1], 1e6, view[3]];
    if (style.overflowX === "visible" && style.overflowY === "visible") return clip;
    const root = element === page.root || element === page.body;
    if (root) return clip;
    const box = edges(boxOf(element));
    // What a pane can show by scrolling sideways is kept: the agent has no other way to get there.
    const sideways = /auto|scroll/.test(style.overflowX);
    return intersect(clip, sideways ? [-1e6, box[1], 1e6, box[3]] : box);
  };

  const list = (element: Element, role: string, at: { box: Edges }) => {
    const [left, top, right, bottom] = at.box;
    const entry: PageElement = {
      role,
      label: cut(nameOf(element, role), LABEL_LIMIT),
      box: [Math.round(left), Math.round(top), Math.round(right - left), Math.round(bottom - top)],
    };
    const value = valueOf(element, role);
    if (value !== undefined) entry.value = cut(value, VALUE_LIMIT);
    if (element instanceof HTMLSelectElement)
      entry.options = [...element.options].filter((o) => !o.hidden).map((option) => squash(option.text));
    if (isDisabled(element)) entry.disabled = true;
    if (matchesOf(element, ":user-invalid")) {
      const message = (element as HTMLInputElement).validationMessage;
      if (message) entry.invalid = squash(message);
    }
    const inline = styleOf(element).display === "inline";
    const gap = !inline || line.text.endsWith("\uE001") ? " " : "";
    line.text += `${gap}\uE000${elements.length}\uE001${inline ? "" : " "}`;
    grow(at.box);
    elements.push(entry);
    handles.push(element);
  };

  const text = (node: Text, context: Context) => {
    const data = clean(node.data);
    if (!context.visible || context.silent) return;
    if (data.trim() === "") {
      if (data !== "" && line.text !== "") line.text += " ";
      return;
    }
    const range = new Range();
    range.selectNodeContents(node);
    let box: Edges | null = null;
    for (const rect of range.getClientRects()) {
      const seen = intersect(edges(rect), context.clip);
      const tall = Math.min(8, rect.height / 2);
      if (seen[3] - seen[1] < tall || seen[2] - seen[0] < 2 || rect.right <= view[0]) continue;
      if (box) line.single = false;
      box = unite(box, edges(rect));
    }
    if (!box) return;
    const parent = parentElementOf(node);
    if (parent && styleOf(parent).whiteSpace.startsWith("pre") && node.data.includes("\n")) {
      for (const part of node.data.split("\n")) {
        line.text += clean(part);
        grow(box);
        if (!context.row) flush();
      }
      return;
    }
    line.text += data;
    grow(box);
  };

  /** Definition lists and table rows: one line, cells joined by ` | `. */
  const cell = () => {
    if (line.cells === null) line.cells = [];
    else line.cells.push(tidy(line.text));
    line.text = "";
  };
  const outOfSight = (element: Element, clip: Edges): boolean => {
    const box = boxOf(element);
    return box.height > 0 && (box.bottom < clip[1] || box.top > clip[3]);
  };
  const PRUNED = new Set(["tr", "li", "p", "h1", "h2", "h3", "h4", "h5", "h6", "article"]);

  const children = (element: Node, context: Context) => {
    for (const child of childrenOf(element)) visit(child, context);
  };
  const visit = (node: Node, outer: Context): void => {
    if (nodeTypeOf(node) === Node.TEXT_NODE) return text(node as Text, outer);
    if (!(node instanceof Element)) return;
    const tag = tagOf(node);
    if (SILENT.has(tag) || attributeOf(node, "aria-hidden") === "true") return;
    if (tag === "br") {
      if (outer.row) line.text += " ";
      else flush();
      return;
    }
    const style = styleOf(node);
    if (style.display === "none" || (PRUNED.has(tag) && outOfSight(node, outer.clip))) return;
    const context: Context = {
      ...outer,
      clip: clipBy(node, style, outer.clip),
      visible: style.visibility === "visible",
    };
    const role = roleOf(node);
    if (role !== null) {
      const at = reach(node, outer.clip);
      const block = !outer.row && !style.display.startsWith("inline") && style.display !== "contents";
      if (at) {
        if (block) flush();
        list(node, role, at);
        if (block) flush();
        return;
      }
      // Out of sight or covered. A link that is only partly out of sight is still text of its paragraph.
      if (role === "link" && style.display === "inline" && outer.visible) children(node, context);
      return;
    }
    if (style.opacity === "0") return;
    if (tag === "iframe" || tag === "frame") {
      const box = edges(boxOf(node));
      const seen = intersect(box, context.clip);
      if (seen[2] - seen[0] < 8 || seen[3] - seen[1] < 8 || !context.visible) return;
      flush();
      const left = box[0] + clientLeftOf(node);
      const top = box[1] + clientTopOf(node);
      line.text = `\uE002${frames.length}\uE001`;
      line.single = false;
      grow(box);
      flush();
      frames.push([left, top, left + clientWidthOf(node), top + clientHeightOf(node)]);
      frameHandles.push(node);
      return;
    }
    if (tag === "img") {
      const box = edges(boxOf(node));
      const seen = intersect(box, context.clip);
      const alt = clean((node as HTMLImageElement).alt);
      if (
        alt.trim() !== "" &&
        context.visible &&
        !context.silent &&
        seen[3] - seen[1] > 8 &&
        seen[2] - seen[0] > 2
      ) {
        line.text += ` ${alt} `;
        grow(box);
      }
      return;
    }
    if (node instanceof HTMLLabelElement && node.control) {
      const control = node.control;
      const controlRole = roleOf(control);
      if (controlRole !== null && reach(control, outer.clip)) context.silent = true;
    }
    const rowLike = (style.display === "table-row" || attributeOf(node, "role") === "row") && !outer.row;
    if (rowLike && !findIn(node, "table")) {
      flush();
      line.cells = [];
      const row = line;
      children(node, { ...context, row: true });
      if (tidy(line.text) !== "") row.cells!.push(tidy(line.text));
      while (row.cells!.at(-1) === "") row.cells!.pop();
      line.text = "";
      if (row.cells!.some((content) => content !== "")) lines.push(row);
      line = { text: "", box: null, cells: null, single: true };
      return;
    }
    if (outer.row) {
      const isCell =
        line.cells !== null &&
        (style.display === "table-cell" ||
          /^(cell|gridcell|columnheader|rowheader)$/.test(attributeOf(node, "role") ?? ""));
      if (isCell) {
        line.text = "";
        children(node, context);
        cell();
      } else {
        if (style.display !== "inline") line.text += " ";
        children(node, context);
        if (style.display !== "inline") line.text += " ";
      }
      return;
    }
    if (tag === "dt") {
      flush();
      children(node, { ...context, row: true });
      return;
    }
    if (tag === "dd") {
      const before = tidy(line.text);
      if (before !== "") line.text = `${before} | `;
      children(node, { ...context, row: true });
      const next = nextElementOf(node);
      if (!next || tagOf(next) !== "dd") flush();
      return;
    }
    const inline =
      style.display.startsWith("inline") || style.display === "contents" || node instanceof SVGElement;
    if (!inline) flush();
    else if (style.display !== "inline" && style.display !== "contents") line.text += " ";
    if (node instanceof SVGElement && tag === "text") line.text += " ";
    children(node, context);
    if (!inline) flush();
    else if (style.display !== "inline" && style.display !== "contents") line.text += " ";
  };

  visit(modal() ?? page.body, {
    clip: [-1e6, view[1], 1e6, view[3]],
    row: false,
    visible: true,
    silent: false,
  });
  flush();

  /** Lines that stand side by side become one, as a person reads them. */
  const merged: Line[] = [];
  for (const next of lines) {
    const last = merged.at(-1);
    if (last && last.box && next.box && !last.cells && !next.cells && last.single && next.single) {
      const overlap = Math.min(last.box[3], next.box[3]) - Math.max(last.box[1], next.box[1]);
      const height = Math.min(last.box[3] - last.box[1], next.box[3] - next.box[1]);
      if (overlap > height / 2 && next.box[0] >= last.box[2] - 4 && next.box[3] - next.box[1] < 80) {
        last.text = `${last.text} ${next.text}`;
        last.box = [
          last.box[0],
          Math.min(last.box[1], next.box[1]),
          next.box[2],
          Math.max(last.box[3], next.box[3]),
        ];
        continue;
      }
    }
    merged.push(next);
  }

  memory.elements = handles;
  memory.frames = frameHandles;
  const active = focused();
  const focus = active && roleOf(active) !== "link" ? handles.indexOf(active) : -1;
  return {
    url: location.href,
    title: squash(page.title),
    scroll: scrollState(),
    elements,
    focused: focus >= 0 ? focus : null,
    frames,
    lines: merged.map(({ text: content, cells }) => (cells ? tidy(cells.join(" | ")) : tidy(content))),
  };
}
