/** @file The walk behind `aria` observations: an accessibility tree with references. */

import { LABEL_LIMIT, VALUE_LIMIT } from "./compact.ts";
import type { PageElement, PageSnapshot } from "./compact.ts";
import { edges, intersect } from "./geometry.ts";
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
  hasAttributeOf,
  matchesOf,
  nodeTypeOf,
  page,
  tagOf,
} from "./native.ts";
import { reach } from "./reach.ts";
import { explicitRoleOf, roleOf } from "./role.ts";
import { modal, scrollState } from "./scroll.ts";
import { clean, squash } from "./text.ts";
import { childrenOf, focused, SILENT, styleOf } from "./tree.ts";

/**
 * Lines of a tree, two blanks a level: `- role "name" [ref=n] [state]`, text as `- text: …`. Generic containers are left
 * out, and so is what is not in the viewport. `[ref=n]` is written as a mark, as in `compact`.
 */
export function observeAria(view: Edges): PageSnapshot {
  interface TreeNode {
    head: string;
    children: (TreeNode | string)[];
  }
  const elements: PageElement[] = [];
  const handles: Element[] = [];
  const frames: Edges[] = [];
  const frameHandles: Element[] = [];
  const whole: Edges = [-1e6, view[1], 1e6, view[3]];
  const cut = (text: string, limit: number) => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text);
  const quote = (text: string) => JSON.stringify(cut(text, LABEL_LIMIT));

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
    dl: "list",
    dt: "term",
    dd: "definition",
  };
  const structureOf = (element: Element): string | null => {
    const explicit = explicitRoleOf(element);
    if (explicit) return /^(none|presentation|generic)$/.test(explicit) ? null : explicit;
    const tag = tagOf(element);
    if (/^h[1-6]$/.test(tag)) return "heading";
    if (tag === "img") return (element as HTMLImageElement).alt ? "img" : null;
    if (tag === "section")
      return hasAttributeOf(element, "aria-label") || hasAttributeOf(element, "aria-labelledby")
        ? "region"
        : null;
    return STRUCTURE[tag] ?? null;
  };
  const stateOf = (element: Element, entry: PageElement): string => {
    const states: string[] = [];
    if (entry.value === "checked" || entry.value === "selected" || entry.value === "pressed")
      states.push(entry.value);
    if (entry.disabled) states.push("disabled");
    const expanded = attributeOf(element, "aria-expanded");
    if (expanded !== null) states.push(expanded === "true" ? "expanded" : "collapsed");
    if (matchesOf(element, ":user-invalid")) states.push("invalid");
    if (element === focused()) states.push("focused");
    return states.map((state) => ` [${state}]`).join("");
  };

  const reference = (element: Element, role: string, box: Edges): TreeNode => {
    const [left, top, right, bottom] = box;
    const label = cut(nameOf(element, role), LABEL_LIMIT);
    const entry: PageElement = {
      role,
      label,
      box: [Math.round(left), Math.round(top), Math.round(right - left), Math.round(bottom - top)],
    };
    const value = valueOf(element, role);
    if (value !== undefined) entry.value = cut(value, VALUE_LIMIT);
    if (element instanceof HTMLSelectElement)
      entry.options = [...element.options].filter((o) => !o.hidden).map((option) => squash(option.text));
    if (isDisabled(element)) entry.disabled = true;
    const shown =
      value && !/^(un)?checked$|^selected$|^pressed$/.test(value) ? `: ${cut(value, VALUE_LIMIT)}` : "";
    const children = (entry.options ?? []).map((option) => ({
      head: `option ${quote(option)}${option === value ? " [selected]" : ""}`,
      children: [],
    }));
    const name = label === "" ? "" : ` ${JSON.stringify(label)}`;
    const node = {
      head: `${role}${name} [ref=\uE000${elements.length}\uE001]${stateOf(element, entry)}${shown}`,
      children,
    };
    elements.push(entry);
    handles.push(element);
    return node;
  };

  const visible = (node: Text): boolean => {
    const range = new Range();
    range.selectNodeContents(node);
    return [...range.getClientRects()].some((rect) => {
      const [left, top, right, bottom] = intersect(edges(rect), whole);
      return bottom - top >= Math.min(8, rect.height / 2) && right - left >= 2 && rect.right > view[0];
    });
  };

  const visit = (node: Node, shown: boolean): (TreeNode | string)[] => {
    if (nodeTypeOf(node) === Node.TEXT_NODE) {
      const text = clean((node as Text).data);
      return shown && text.trim() !== "" && visible(node as Text) ? [text] : [];
    }
    if (!(node instanceof Element)) return [];
    const tag = tagOf(node);
    if (SILENT.has(tag) || attributeOf(node, "aria-hidden") === "true") return [];
    const style = styleOf(node);
    if (style.display === "none") return [];
    const role = roleOf(node);
    if (role !== null) {
      const at = reach(node, whole, view);
      if (at) return [reference(node, role, at.box)];
      if (role !== "link" || style.display !== "inline") return [];
    }
    if (style.opacity === "0") return [];
    if (tag === "iframe" || tag === "frame") {
      const box = edges(boxOf(node));
      const seen = intersect(box, whole);
      if (seen[2] - seen[0] < 8 || seen[3] - seen[1] < 8) return [];
      const left = box[0] + clientLeftOf(node);
      const top = box[1] + clientTopOf(node);
      frames.push([left, top, left + clientWidthOf(node), top + clientHeightOf(node)]);
      frameHandles.push(node);
      return [{ head: "iframe", children: [{ head: `\uE002${frames.length - 1}\uE001`, children: [] }] }];
    }
    const structure = structureOf(node);
    if (structure === "img" && tag === "img") {
      const box = intersect(edges(boxOf(node)), whole);
      return box[3] - box[1] > 2 && box[2] - box[0] > 2
        ? [{ head: `img ${quote(squash((node as HTMLImageElement).alt))}`, children: [] }]
        : [];
    }
    const children = childrenOf(node).flatMap((child) => visit(child, style.visibility === "visible"));
    if (structure === null)
      return style.display.startsWith("inline") || style.display === "contents"
        ? children
        : [...children, " \n"];
    if (children.every((child) => typeof child === "string" && child.trim() === "")) return [];
    const label = attributeOf(node, "aria-label");
    const level = /^h([1-6])$/.exec(tag)?.[1] ?? attributeOf(node, "aria-level");
    const named = label ? ` ${quote(squash(label))}` : "";
    return [
      {
        head: `${structure}${named}${structure === "heading" && level ? ` [level=${level}]` : ""}`,
        children,
      },
    ];
  };

  const lines: string[] = [];
  const print = (nodes: (TreeNode | string)[], depth: number) => {
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
      if (node.head.startsWith("\uE002")) lines.push(`${indent}${node.head}`);
      else if (only) lines.push(`${indent}- ${node.head}: ${squash(node.children.join(""))}`);
      else {
        lines.push(`${indent}- ${node.head}`);
        print(node.children, depth + 1);
      }
    }
    flush();
  };
  print(visit(modal() ?? page.body, true), 0);

  memory.elements = handles;
  memory.frames = frameHandles;
  const active = focused();
  const focus = active ? handles.indexOf(active) : -1;
  return {
    url: location.href,
    title: squash(page.title),
    scroll: scrollState(),
    elements,
    focused: focus >= 0 ? focus : null,
    frames,
    lines,
  };
}
