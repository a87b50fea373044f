/** @file Chooses options in native drop-downs and lists, and in what pages draw instead of them. */

import { show, usable } from "./locate.ts";
import type { Refusal, Spot } from "./locate.ts";
import { refuse } from "./locate.ts";
import { attributeOf, findAllIn, focusOn, innerTextOf, isRendered, matchesOf, page } from "./native.ts";
import { squash } from "./text.ts";
import { parentOf, styleOf } from "./tree.ts";

/** Longest list of options in an error. */
const LISTED = 20;

const foldCase = (text: string) => squash(text).normalize("NFKC").toLowerCase();

/** The one whose text is `text`, else the first that contains it, ignoring case. */
function best<T>(items: readonly T[], textOf: (item: T) => string, text: string): T | undefined {
  const wanted = foldCase(text);
  const exact = items.find((item) => squash(textOf(item)) === squash(text));
  return (
    exact ??
    items.find((item) => foldCase(textOf(item)) === wanted) ??
    (wanted === "" ? undefined : items.find((item) => foldCase(textOf(item)).includes(wanted)))
  );
}

const listTexts = (texts: readonly string[]) =>
  texts.length > LISTED ? `${texts.slice(0, LISTED).join(", ")}, … (${texts.length})` : texts.join(", ");

/**
 * Chooses options of a `<select>`. With `exactly`, only these stay chosen; otherwise a list that takes several keeps
 * its choice. Returns `null` when done, a sentence that says why not, or `"drawn"` if it is not a native drop-down.
 */
export function chooseOptions(index: number, texts: readonly string[], exactly: boolean): string | null {
  const found = usable(index);
  if (found.kind === "refused") return found.reason === "gone" ? "gone" : found.why;
  const { element } = found;
  if (!(element instanceof HTMLSelectElement)) return "drawn";
  if (!element.multiple && texts.length !== 1) return "takes one option";
  const options = [...element.options];
  const chosen = new Set<HTMLOptionElement>();
  for (const text of texts) {
    const open = options.filter((option) => !option.hidden && !matchesOf(option, ":disabled"));
    const option = best(open, ({ text: own, label }) => own || label, text);
    if (!option) {
      const closed = best(options, ({ text: own }) => own, text);
      return closed
        ? `has the option ${JSON.stringify(squash(closed.text))}, but it is disabled`
        : `has no option ${JSON.stringify(text)}; it has: ${listTexts(open.map((each) => squash(each.text)))}`;
    }
    chosen.add(option);
  }
  const before = options.map((option) => option.selected);
  focusOn(element);
  if (!element.multiple) element.selectedIndex = [...chosen][0]!.index;
  else
    for (const option of options)
      option.selected =
        chosen.has(option) || (option.selected && (!exactly || matchesOf(option, ":disabled")));
  const after = options.map((option) => option.selected);
  if (after.every((selected, i) => selected === before[i])) return null;
  element.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
  return options.every((option, i) => option.selected === after[i])
    ? null
    : `did not keep the choice: it now reads ${JSON.stringify([...element.selectedOptions].map((o) => o.text).join(", "))}`;
}

/** A drawn drop-down before it is opened. */
export interface DrawnList {
  kind: "list";
  open: boolean;
  /** Its text can be typed. */
  editable: boolean;
  /** The value in a `datalist` that has the text: to type it is to choose it. */
  suggestion: string | null;
}

export function drawnList(index: number, text: string): DrawnList | Refusal {
  const found = usable(index);
  if (found.kind === "refused") return found;
  const { element } = found;
  const field =
    element instanceof HTMLInputElement ? element : [...findAllIn(element, "input:not([type=hidden])")][0];
  if (field instanceof HTMLInputElement && field.list) {
    const option = best([...field.list.options], ({ label, value }) => label || value, text);
    return option
      ? { kind: "list", open: false, editable: true, suggestion: option.value }
      : refuse(`has no option ${JSON.stringify(text)}`);
  }
  const opens = matchesOf(
    element,
    "[role=combobox],[role=listbox],[aria-haspopup],[aria-expanded],[aria-controls],[aria-owns]",
  );
  if (!opens && field === undefined) return refuse("is not a drop-down");
  return {
    kind: "list",
    open: attributeOf(element, "aria-expanded") === "true" || matchesOf(element, "[role=listbox]"),
    editable: field instanceof HTMLInputElement && !field.readOnly && isRendered(field),
    suggestion: null,
  };
}

const OPTIONS = "[role=option],[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem]";

/** It lies in a layer above the page. */
function isLayered(element: Element): boolean {
  for (
    let node: Node | null = element, depth = 0;
    node instanceof Element && depth < 5;
    node = parentOf(node), depth++
  )
    if (/absolute|fixed/.test(styleOf(node).position)) return true;
  return false;
}

/**
 * The point of the drawn option with this text, or the texts that are there. `away`: it is there, but a click would not
 * reach it, as while a list unfolds.
 */
export function drawnOption(
  index: number,
  text: string,
): (Spot & { kind: "at" }) | { kind: "none"; options: string } | { kind: "away" } | Refusal {
  const found = usable(index);
  if (found.kind === "refused") return found;
  const { element } = found;
  const ids = ["aria-controls", "aria-owns"].flatMap(
    (name) => attributeOf(element, name)?.trim().split(/\s+/) ?? [],
  );
  const lists = ids
    .map((id) => (id === "" ? null : page.find(`[id="${CSS.escape(id)}"]`)))
    .filter((list) => list !== null);
  const own = [element, ...lists].flatMap((list) => [...findAllIn(list, `${OPTIONS},li`)]);
  const options = [...own, ...page.findAll(OPTIONS)].filter(isRendered);
  const option =
    best(options, innerTextOf, text) ??
    // Lists without a role, in a layer of their own.
    [...page.findAll("li")].find(
      (item) => isRendered(item) && isLayered(item) && foldCase(innerTextOf(item)) === foldCase(text),
    );
  if (!option)
    return {
      kind: "none",
      options: listTexts([...new Set(options.map((each) => squash(innerTextOf(each))))]),
    };
  if (matchesOf(option, '[aria-disabled="true"]'))
    return refuse(`has the option ${JSON.stringify(text)}, but it is disabled`);
  const point = show(option);
  return point ? { kind: "at", x: point.x, y: point.y } : { kind: "away" };
}
