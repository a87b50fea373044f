/**
 * @file The walk behind `webrl` observations: the simplified HTML that the released WebRL checkpoints were trained on,
 * with its quirks (VisualAgentBench `html_tools/`, `processors.py`).
 *
 * Deviations:
 * 1. One evaluation marks, labels and prints, where the original marks the document, serialises and parses it.
 * 2. Marks live in a map of the document instead of attributes; they stay, as there, until the element is labelled or
 *    marked again, so an element hidden since the last step keeps its old box.
 * 3. A tab, option or item of a menu or tree with a button in it has an id, too. In the original, only the button could
 *    be clicked.
 * 4. What has an id and no words, neither in it nor in a label, gets its accessible name as `aria-label`. In the
 *    original, a button that is an icon has no name.
 * 5. Passwords are left out.
 * 6. Areas of an image map and options in groups are included. The original leaves them out.
 */

import { pictureOf } from "./area.ts";
import type { PageElement, PageSnapshot } from "./listing.ts";
import { answers } from "./listeners.ts";
import { memory } from "./memory.ts";
import { nameOf, ownText } from "./name.ts";
import {
  attributeOf,
  boxesOf,
  boxOf,
  childElementsOf,
  childNodesOf,
  containsNode,
  contentOf,
  findAllIn,
  hasAttributeOf,
  labelsOf,
  matchesOf,
  nodeTypeOf,
  page,
  parentElementOf,
  tabIndexOf,
  tagOf,
} from "./native.ts";
import { roleOf } from "./role.ts";
import { scrollState } from "./scroll.ts";
import { boxesIn, findFocused, styleOf } from "./tree.ts";
import { isDisabled, valueOf } from "./value.ts";

interface Mark {
  bbox?: string;
  text?: string;
  value?: string;
  status?: string;
  clickable: boolean;
}

/** Consists of a text to click on and, maybe, a part that does something else. */
const ITSELF =
  "[role=tab],[role=option],[role=treeitem],[role=menuitem],[role=menuitemcheckbox],[role=menuitemradio]";

const isSecret = (element: Element) => element instanceof HTMLInputElement && element.type === "password";

const marks = new WeakMap<Element, Mark>();

export function observeWebrl(): PageSnapshot {
  const collapse = (text: string) => text.replace(/\s+/g, " ").trim();
  const all = [...findAllIn(page.root, "*")];
  all.unshift(page.root);

  const rectsOf = (element: Element): Iterable<DOMRect> & ArrayLike<DOMRect> =>
    element instanceof HTMLAreaElement ? boxesIn(element) : boxesOf(element);

  // 1. Boxes, own texts, values.
  const ownTexts = (element: Element) =>
    [...childNodesOf(element)]
      .filter((child) => nodeTypeOf(child) === Node.TEXT_NODE)
      .map((child) => collapse(child.nodeValue ?? ""))
      .filter((text) => text !== "")
      .join(",");
  for (const element of all) {
    const before = marks.get(element);
    const mark: Mark = before && !before.clickable ? before : { clickable: false };
    marks.set(element, mark);
    const rect = rectsOf(element)[0];
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
      mark.value = isSecret(element) && element.value !== "" ? "••••" : element.value;
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
    const tag = tagOf(element);
    const style = styleOf(element);
    if (answers(element) || style.cursor === "pointer") return true;
    if (tag === "img") {
      const map = attributeOf(element, "usemap")?.replace(/^#/, "");
      if (map && page.find(`map[name="${CSS.escape(map)}"]`)) return true;
      if (style.cursor === "zoom-in" || style.cursor === "zoom-out") return true;
    }
    if (ROLES.has((attributeOf(element, "role") ?? "").toLowerCase())) return true;
    const editable = attributeOf(element, "contenteditable")?.toLowerCase();
    if (editable === "" || editable === "true" || editable === "plaintext-only") return true;
    const rules = attributeOf(element, "jsaction")?.split(";") ?? [];
    if (
      rules.some(
        (rule) =>
          /^(click$|click:|[^:]*$)/.test(rule.trim()) && rule.trim() !== "" && !/:\s*none$/.test(rule),
      )
    )
      return true;
    if (TAGS.has(tag) || (tag === "area" && hasAttributeOf(element, "href"))) return true;
    if (tag === "label") {
      const control = (element as HTMLLabelElement).control as HTMLInputElement | null;
      if (control && !control.disabled) return true;
    }
    if ((attributeOf(element, "class") ?? "").toLowerCase().includes("button")) return true;
    return tabIndexOf(element) >= 0 && hasAttributeOf(element, "tabindex");
  };
  const isReached = (element: Element): boolean => {
    let area = 0;
    let hit = false;
    for (const rect of rectsOf(element)) {
      const at = page.at(rect.left + rect.width / 2, rect.top + rect.height / 2);
      // A click hits an area of an image map instead of its picture, or the picture instead of the area.
      const found = at instanceof HTMLAreaElement && element instanceof HTMLImageElement ? pictureOf(at) : at;
      if (found && (found === element || containsNode(element, found))) hit = true;
      if (element instanceof HTMLAreaElement && found === pictureOf(element)) hit = true;
      const width = Math.min(rect.right, innerWidth) - Math.max(rect.left, 0);
      const height = Math.min(rect.bottom, innerHeight) - Math.max(rect.top, 0);
      if (width > 0 && height > 0) area += width * height;
    }
    return hit && area >= 1;
  };
  const candidates = all.filter((element) => wantsClick(element) && isReached(element));
  const outer = new Set<Element>();
  for (const element of candidates)
    for (let above = parentElementOf(element); above; above = parentElementOf(above)) outer.add(above);
  const innermost = new Set(candidates.filter((element) => !outer.has(element)));
  /** A tab with an x in it: its name is not the name of anything in it. */
  const meansItself = (element: Element) => matchesOf(element, ITSELF) && ownText(element, innermost) !== "";
  const labelled = candidates.filter((element) => innermost.has(element) || meansItself(element));
  const labels = new Map(labelled.map((element, index) => [element, index]));
  for (const element of labelled) marks.get(element)!.clickable = true;

  // 3. Print.
  const isInViewport = (element: Element): boolean => {
    const bbox = marks.get(element)?.bbox;
    if (bbox === undefined || attributeOf(element, "aria-hidden") === "true") return false;
    const [left, top, width, height] = bbox.split(",").map(Number) as [number, number, number, number];
    return left <= innerWidth && top <= innerHeight && left + width >= 0 && top + height >= 0;
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
      const raw = name in marked ? marked[name as keyof typeof marked] : attributeOf(element, name);
      if (name === "value" && isSecret(element)) continue;
      const value = collapse(raw ?? "").slice(0, 500);
      if (value === "" || used.has(value) || (name === "type" && value === "hidden")) continue;
      used.add(value);
      out.push([name, value]);
    }
    return out;
  };
  const leadingText = (element: Element): string => {
    let text = "";
    for (const child of childNodesOf(element)) {
      if (nodeTypeOf(child) === Node.ELEMENT_NODE && !/^(script|style)$/.test(tagOf(child as Element))) break;
      if (nodeTypeOf(child) === Node.TEXT_NODE) text += child.nodeValue;
    }
    return collapse(text).slice(0, 500);
  };
  /** The name of an element, if nothing that is printed says it; `content`: what is printed in it. */
  const nameFor = (element: Element, attributes: [string, string][], content: string): string => {
    // The value of a field is not its name, but that of a button is.
    const holds =
      element instanceof HTMLTextAreaElement ||
      (element instanceof HTMLInputElement && !/^(?:submit|reset|button)$/.test(element.type));
    const says = holds
      ? /^(?:title|placeholder|data-label)$/
      : /^(?:title|placeholder|value|data-(?:label|text))$/;
    if (attributes.some(([name]) => says.test(name)) || [...labelsOf(element)].length > 0) return "";
    if (!holds && /[\p{L}\p{N}]/u.test(content.replace(/<[^>]*>/g, ""))) return "";
    return nameOfControl(element);
  };
  /** A click on the picture in a button means the button. */
  const nameOfControl = (element: Element): string => {
    let control: Element | null = element;
    while (control && roleOf(control) === null) control = parentElementOf(control);
    const name = control ? nameOf(control, roleOf(control)!).text : "";
    return name === "(icon)" ? "" : name.slice(0, 100);
  };
  /** Printed subtrees of an element. If it has more than one, the element is printed around them. */
  const print = (element: Element, kept: boolean): string[] => {
    const tag = tagOf(element);
    if (tag === "script" || tag === "style") return [];
    const label = labels.get(element);
    const visible = label !== undefined || isInViewport(element) || (kept && tag === "option");
    const children = [...childElementsOf(element)].map((child) =>
      print(child, tag === "optgroup" ? kept : visible && (tag === "select" || kept)),
    );
    const inner = children.flat();
    if (!visible) return inner;
    const attributes = attributesOf(element);
    const text = leadingText(element);
    const told = text !== "" || attributes.some(([name]) => name !== "data-bbox");
    const branches =
      children.filter((printed) => printed.length > 0).length + hiddenBranches(element, children);
    if (label === undefined && !told && branches <= 1) return inner;
    if (label !== undefined) {
      const name = nameFor(element, attributes, [text, ...inner].join(" "));
      if (name !== "") attributes.push(["aria-label", name]);
    }
    const shown = attributes.map(([name, value]) => ` ${name}="${value}"`).join("");
    const id = label === undefined ? "" : ` id="${label}"`;
    return [
      `<${tag}${id}${shown}> ${[text, ...inner].filter((part) => part !== "").join(" ")}${text === "" && inner.length === 0 ? "" : " "}</${tag}>`,
    ];
  };
  /** Children of which nothing is printed count as content if they have text; this includes the head's title. */
  const hiddenBranches = (element: Element, printed: string[][]): number =>
    [...childElementsOf(element)].filter((child, index) => printed[index]!.length === 0 && hasText(child))
      .length;
  const hasText = (element: Element): boolean =>
    !/^(script|style)$/.test(tagOf(element)) &&
    [...childNodesOf(element)].some((child) =>
      child instanceof Element
        ? hasText(child)
        : nodeTypeOf(child) === Node.TEXT_NODE && collapse(child.nodeValue ?? "") !== "",
    );

  memory.elements = labelled;
  memory.frames = [];
  const elements = labelled.map((element): PageElement => {
    const role = roleOf(element) ?? tagOf(element);
    const rect = boxOf(element);
    const entry: PageElement = {
      role,
      label:
        nameOf(element, role).text ||
        collapse(contentOf(element) ?? "").slice(0, 100) ||
        nameOfControl(element),
      box: [rect.left, rect.top, rect.width, rect.height].map((edge) => Math.round(edge)) as [
        number,
        number,
        number,
        number,
      ],
    };
    const value = valueOf(element, role);
    if (value !== undefined) entry.value = value;
    if (element instanceof HTMLSelectElement)
      entry.options = [...element.options].map((option) => collapse(option.text));
    if (isDisabled(element)) entry.disabled = true;
    return entry;
  });
  const active = findFocused();
  const focus = active ? labelled.indexOf(active) : -1;
  return {
    url: location.href,
    title: collapse(page.title),
    scroll: scrollState(),
    elements,
    focused: focus >= 0 ? focus : null,
    frames: [],
    scale: 1,
    lines: [print(page.root, false).join(" ")],
  };
}
