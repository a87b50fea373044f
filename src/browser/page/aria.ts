/** @file The walk behind `aria` observations: an accessibility tree with references. Runs inside the page; sent as text. */

import type { PageElement, PageSnapshot } from "./compact.ts";
import type { Edges, PageDom } from "./dom.ts";

/**
 * Lines of a tree, two blanks a level: `- role "name" [ref=n] [state]`, text as `- text: …`. Generic containers are left
 * out, and so is what is not in the viewport. `[ref=n]` is written as a mark, as in `compact`.
 */
export function observeAria(dom: PageDom, limits: { label: number; value: number }): PageSnapshot {
  interface TreeNode {
    head: string;
    children: (TreeNode | string)[];
  }
  const { memory, view } = dom;
  const elements: PageElement[] = [];
  const handles: Element[] = [];
  const frames: Edges[] = [];
  const frameHandles: Element[] = [];
  const whole: Edges = [-1e6, view[1], 1e6, view[3]];
  const cut = (text: string, limit: number) => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text);
  const quote = (text: string) => JSON.stringify(cut(text, limits.label));

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
    const explicit = element.getAttribute("role")?.trim().split(/\s+/)[0];
    if (explicit) return /^(none|presentation|generic)$/.test(explicit) ? null : explicit;
    const tag = dom.tagOf(element);
    if (/^h[1-6]$/.test(tag)) return "heading";
    if (tag === "img") return (element as HTMLImageElement).alt ? "img" : null;
    if (tag === "section")
      return element.hasAttribute("aria-label") || element.hasAttribute("aria-labelledby") ? "region" : null;
    return STRUCTURE[tag] ?? null;
  };
  const stateOf = (element: Element, entry: PageElement): string => {
    const states: string[] = [];
    if (entry.value === "checked" || entry.value === "selected" || entry.value === "pressed")
      states.push(entry.value);
    if (entry.disabled) states.push("disabled");
    const expanded = element.getAttribute("aria-expanded");
    if (expanded !== null) states.push(expanded === "true" ? "expanded" : "collapsed");
    if (element.matches(":user-invalid")) states.push("invalid");
    if (element === dom.focused()) states.push("focused");
    return states.map((state) => ` [${state}]`).join("");
  };

  const reference = (element: Element, role: string, box: Edges): TreeNode => {
    const [left, top, right, bottom] = box;
    const label = cut(dom.nameOf(element, role), limits.label);
    const entry: PageElement = {
      role,
      label,
      box: [Math.round(left), Math.round(top), Math.round(right - left), Math.round(bottom - top)],
    };
    const value = dom.valueOf(element, role);
    if (value !== undefined) entry.value = cut(value, limits.value);
    if (element instanceof HTMLSelectElement)
      entry.options = [...element.options].filter((o) => !o.hidden).map((option) => dom.squash(option.text));
    if (dom.disabled(element)) entry.disabled = true;
    const shown =
      value && !/^(un)?checked$|^selected$|^pressed$/.test(value) ? `: ${cut(value, limits.value)}` : "";
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
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].some((rect) => {
      const [left, top, right, bottom] = dom.intersect(dom.edges(rect), whole);
      return bottom - top >= Math.min(8, rect.height / 2) && right - left >= 2 && rect.right > view[0];
    });
  };

  const visit = (node: Node, shown: boolean): (TreeNode | string)[] => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = (node as Text).data.replace(/[\uE000-\uE00F]/g, "").replace(/\s+/g, " ");
      return shown && text.trim() !== "" && visible(node as Text) ? [text] : [];
    }
    if (!(node instanceof Element)) return [];
    const tag = dom.tagOf(node);
    if (dom.SILENT.has(tag) || node.getAttribute("aria-hidden") === "true") return [];
    const style = dom.styleOf(node);
    if (style.display === "none") return [];
    const role = dom.roleOf(node);
    if (role !== null) {
      const at = dom.reach(node, whole);
      if (at) return [reference(node, role, at.box)];
      if (role !== "link" || style.display !== "inline") return [];
    }
    if (style.opacity === "0") return [];
    if (tag === "iframe" || tag === "frame") {
      const box = dom.edges(node.getBoundingClientRect());
      const seen = dom.intersect(box, whole);
      if (seen[2] - seen[0] < 8 || seen[3] - seen[1] < 8) return [];
      const html = node as HTMLElement;
      const left = box[0] + html.clientLeft;
      const top = box[1] + html.clientTop;
      frames.push([left, top, left + html.clientWidth, top + html.clientHeight]);
      frameHandles.push(node);
      return [{ head: "iframe", children: [{ head: `\uE002${frames.length - 1}\uE001`, children: [] }] }];
    }
    const structure = structureOf(node);
    if (structure === "img" && tag === "img") {
      const box = dom.intersect(dom.edges(node.getBoundingClientRect()), whole);
      return box[3] - box[1] > 2 && box[2] - box[0] > 2
        ? [{ head: `img ${quote(dom.squash((node as HTMLImageElement).alt))}`, children: [] }]
        : [];
    }
    const children = dom.childrenOf(node).flatMap((child) => visit(child, style.visibility === "visible"));
    if (structure === null)
      return style.display.startsWith("inline") || style.display === "contents"
        ? children
        : [...children, " \n"];
    if (children.every((child) => typeof child === "string" && child.trim() === "")) return [];
    const label = node.getAttribute("aria-label");
    const level = /^h([1-6])$/.exec(tag)?.[1] ?? node.getAttribute("aria-level");
    const named = label ? ` ${quote(dom.squash(label))}` : "";
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
      else if (only) lines.push(`${indent}- ${node.head}: ${dom.squash(node.children.join(""))}`);
      else {
        lines.push(`${indent}- ${node.head}`);
        print(node.children, depth + 1);
      }
    }
    flush();
  };
  print(visit(dom.modal() ?? document.body ?? document.documentElement, true), 0);

  memory.elements = handles;
  memory.frames = frameHandles;
  const active = dom.focused();
  const focus = active ? handles.indexOf(active) : -1;
  return {
    url: location.href,
    title: dom.squash(document.title),
    scroll: dom.scrollState(),
    elements,
    focused: focus >= 0 ? focus : null,
    frames,
    lines,
  };
}
