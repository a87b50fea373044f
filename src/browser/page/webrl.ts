/**
 * @file The walk behind `webrl` observations: the simplified HTML that the released WebRL checkpoints were trained on,
 * with its quirks (VisualAgentBench `html_tools/`, `processors.py`). Runs inside the page; sent as text.
 *
 * Deviations:
 * 1. One evaluation marks, labels and prints, where the original marks the document, serialises and parses it.
 * 2. Marks live in a map of the document instead of attributes; they stay, as there, until the element is labelled or
 *    marked anew, so an element hidden since the last step keeps its old box.
 */

import type { PageElement, PageSnapshot } from "./compact.ts";
import type { PageDom } from "./dom.ts";

export function observeWebrl(dom: PageDom): PageSnapshot {
  interface Mark {
    bbox?: string;
    text?: string;
    value?: string;
    status?: string;
    clickable: boolean;
  }
  const { memory } = dom;
  const keep = memory as unknown as { marks?: WeakMap<Element, Mark> };
  const marks = (keep.marks ??= new WeakMap());
  const collapse = (text: string) => text.replace(/\s+/g, " ").trim();
  const all = [...document.documentElement.querySelectorAll("*")];
  all.unshift(document.documentElement);

  // 1. Boxes, own texts, values.
  const ownTexts = (element: Element) =>
    [...element.childNodes]
      .filter((child) => child.nodeType === Node.TEXT_NODE)
      .map((child) => collapse(child.nodeValue ?? ""))
      .filter((text) => text !== "")
      .join(",");
  for (const element of all) {
    const before = marks.get(element);
    const mark: Mark = before && !before.clickable ? before : { clickable: false };
    marks.set(element, mark);
    const rect = element.getClientRects()[0];
    if (rect)
      mark.bbox = [rect.left, rect.top, rect.width, rect.height].map((edge) => Math.round(edge)).join(",");
    mark.text = ownTexts(element);
    if (element instanceof HTMLSelectElement) {
      const chosen = element.options[element.selectedIndex];
      mark.value = element.value;
      mark.text = collapse(chosen?.text ?? "");
      for (const option of element.options) {
        const optionMark: Mark = marks.get(option) ?? { clickable: false };
        if (option === chosen) optionMark.status = "selected";
        else delete optionMark.status;
        marks.set(option, optionMark);
      }
    } else if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) {
      mark.value = element.value;
      if (element.type === "checkbox")
        mark.status = (element as HTMLInputElement).checked ? "checked" : "not-checked";
    }
  }

  // 2. Clickable: innermost elements that a click at the centre reaches and that look as if they wanted one.
  const ROLES = new Set([
    "button",
    "tab",
    "link",
    "checkbox",
    "menuitem",
    "menuitemcheckbox",
    "menuitemradio",
    "radio",
  ]);
  const TAGS = new Set([
    "input",
    "textarea",
    "select",
    "button",
    "a",
    "iframe",
    "video",
    "object",
    "embed",
    "details",
  ]);
  const wantsClick = (element: Element): boolean => {
    const html = element as HTMLElement;
    const tag = dom.tagOf(element);
    const style = dom.styleOf(element);
    if (html.onclick || style.cursor === "pointer") return true;
    if (tag === "img") {
      const map = element.getAttribute("usemap")?.replace(/^#/, "");
      if (map && document.querySelector(`map[name="${CSS.escape(map)}"]`)) return true;
      if (style.cursor === "zoom-in" || style.cursor === "zoom-out") return true;
    }
    if (ROLES.has((element.getAttribute("role") ?? "").toLowerCase())) return true;
    const editable = element.getAttribute("contenteditable")?.toLowerCase();
    if (editable === "" || editable === "true" || editable === "plaintext-only") return true;
    const rules = element.getAttribute("jsaction")?.split(";") ?? [];
    if (
      rules.some(
        (rule) =>
          /^(click$|click:|[^:]*$)/.test(rule.trim()) && rule.trim() !== "" && !/:\s*none$/.test(rule),
      )
    )
      return true;
    if (TAGS.has(tag)) return true;
    if (tag === "label") {
      const control = (element as HTMLLabelElement).control as HTMLInputElement | null;
      if (control && !control.disabled) return true;
    }
    if ((element.getAttribute("class") ?? "").toLowerCase().includes("button")) return true;
    return html.tabIndex >= 0 && element.hasAttribute("tabindex");
  };
  const reached = (element: Element): boolean => {
    let area = 0;
    let hit = false;
    for (const rect of element.getClientRects()) {
      const found = document.elementFromPoint(rect.left + rect.width / 2, rect.top + rect.height / 2);
      if (found && (found === element || element.contains(found))) hit = true;
      const width = Math.min(rect.right, innerWidth) - Math.max(rect.left, 0);
      const height = Math.min(rect.bottom, innerHeight) - Math.max(rect.top, 0);
      if (width > 0 && height > 0) area += width * height;
    }
    return hit && area >= 1;
  };
  const candidates = all.filter((element) => wantsClick(element) && reached(element));
  const outer = new Set<Element>();
  for (const element of candidates)
    for (let above = element.parentElement; above; above = above.parentElement) outer.add(above);
  const labelled = candidates.filter((element) => !outer.has(element));
  const labels = new Map(labelled.map((element, index) => [element, index]));
  for (const element of labelled) marks.get(element)!.clickable = true;

  // 3. Print.
  const seen = (element: Element): boolean => {
    const bbox = marks.get(element)?.bbox;
    if (bbox === undefined || element.getAttribute("aria-hidden") === "true") return false;
    const [left, top, width, height] = bbox.split(",").map(Number) as [number, number, number, number];
    return left <= 1280 && top <= 720 && left + width >= 0 && top + height >= 0;
  };
  const ATTRIBUTES = [
    "title",
    "value",
    "type",
    "placeholder",
    "selected",
    "data-value",
    "data-text",
    "data-testid",
    "data-label",
    "data-bbox",
    "data-status",
  ];
  const attributesOf = (element: Element): [string, string][] => {
    const mark = marks.get(element)!;
    const used = new Set<string>();
    const out: [string, string][] = [];
    for (const name of ATTRIBUTES) {
      const marked = {
        "data-value": mark.value,
        "data-text": mark.text,
        "data-bbox": mark.bbox,
        "data-status": mark.status,
      };
      const raw = name in marked ? marked[name as keyof typeof marked] : element.getAttribute(name);
      const value = collapse(raw ?? "").slice(0, 500);
      if (value === "" || used.has(value) || (name === "type" && value === "hidden")) continue;
      used.add(value);
      out.push([name, value]);
    }
    return out;
  };
  const leadingText = (element: Element): string => {
    let text = "";
    for (const child of element.childNodes) {
      if (child.nodeType === Node.ELEMENT_NODE && !/^(script|style)$/.test(dom.tagOf(child as Element)))
        break;
      if (child.nodeType === Node.TEXT_NODE) text += child.nodeValue;
    }
    return collapse(text).slice(0, 500);
  };
  /** Printed subtrees of an element; more than one of its own are kept together by it. */
  const print = (element: Element, kept: boolean): string[] => {
    const tag = dom.tagOf(element);
    if (tag === "script" || tag === "style") return [];
    const label = labels.get(element);
    const visible = label !== undefined || seen(element) || (kept && tag === "option");
    const children = [...element.children].map((child) =>
      print(child, visible && (tag === "select" || kept)),
    );
    const inner = children.flat();
    if (!visible) return inner;
    const attributes = attributesOf(element);
    const text = leadingText(element);
    const told = text !== "" || attributes.some(([name]) => name !== "data-bbox");
    const branches =
      children.filter((printed) => printed.length > 0).length + hiddenBranches(element, children);
    if (label === undefined && !told && branches <= 1) return inner;
    const shown = attributes.map(([name, value]) => ` ${name}="${value}"`).join("");
    const id = label === undefined ? "" : ` id="${label}"`;
    return [
      `<${tag}${id}${shown}> ${[text, ...inner].filter((part) => part !== "").join(" ")}${text === "" && inner.length === 0 ? "" : " "}</${tag}>`,
    ];
  };
  /** Children of which nothing is printed count as content if there is text in them, the head's title included. */
  const hiddenBranches = (element: Element, printed: string[][]): number =>
    [...element.children].filter((child, index) => printed[index]!.length === 0 && hasText(child)).length;
  const hasText = (element: Element): boolean =>
    !/^(script|style)$/.test(dom.tagOf(element)) &&
    [...element.childNodes].some((child) =>
      child instanceof Element
        ? hasText(child)
        : child.nodeType === Node.TEXT_NODE && collapse(child.nodeValue ?? "") !== "",
    );

  memory.elements = labelled;
  memory.frames = [];
  const elements = labelled.map((element): PageElement => {
    const role = dom.roleOf(element) ?? dom.tagOf(element);
    const rect = element.getBoundingClientRect();
    const entry: PageElement = {
      role,
      label: dom.nameOf(element, role) || collapse(element.textContent ?? "").slice(0, 100),
      box: [rect.left, rect.top, rect.width, rect.height].map((edge) => Math.round(edge)) as [
        number,
        number,
        number,
        number,
      ],
    };
    const value = dom.valueOf(element, role);
    if (value !== undefined) entry.value = value;
    if (element instanceof HTMLSelectElement)
      entry.options = [...element.options].map((option) => collapse(option.text));
    if (dom.disabled(element)) entry.disabled = true;
    return entry;
  });
  const active = dom.focused();
  const focus = active ? labelled.indexOf(active) : -1;
  return {
    url: location.href,
    title: collapse(document.title),
    scroll: dom.scrollState(),
    elements,
    focused: focus >= 0 ? focus : null,
    frames: [],
    lines: [print(document.documentElement, false).join(" ")],
  };
}
