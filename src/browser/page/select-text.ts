/** @file Finds a passage of text and selects it. */

import { refuse, usable } from "./locate.ts";
import type { Refusal, Spot } from "./locate.ts";
import {
  boxOf,
  closestOf,
  contentOf,
  findAllIn,
  focusOn,
  isEditable,
  isRendered,
  nodeTypeOf,
  page,
  parentElementOf,
  scrollIntoViewOf,
  tagOf,
} from "./native.ts";
import { clean } from "./text.ts";
import { childrenOf, elementAt, SILENT, styleOf, within } from "./tree.ts";

/** Done; or from where to where the mouse has to go, or why it cannot. */
export type Passage =
  | { kind: "selected" }
  | { kind: "found"; from: Spot; to: Spot; mouse: boolean }
  | Refusal;

/** Found by {@link findPassage}, for {@link selectPassage}. */
let passage: Range | null = null;

/** Looks for the passage in an element, or on the whole page. In a field, selects it at once. */
export function findPassage(index: number | null, text: string): Passage {
  passage = null;
  let root: Element = page.body;
  if (index !== null) {
    const found = usable(index);
    if (found.kind === "refused") return found;
    root = found.element;
  }
  if (clean(text).trim() === "") return refuse("needs a text to select");
  if (root instanceof HTMLInputElement || root instanceof HTMLTextAreaElement)
    return selectInField(root, text);
  const range = rangeOf(root, text);
  if (!range) return refuse(`has no text ${JSON.stringify(text)}`);
  passage = range;
  const start = parentElementOf(range.startContainer)!;
  scrollIntoViewOf(start, { block: "nearest", inline: "nearest", behavior: "instant" });
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
  const [first, last] = [boxes[0], boxes.at(-1)];
  if (!first || !last) return refuse(`does not show the text ${JSON.stringify(text)}`);
  const from = { x: first.left + 0.5, y: first.top + first.height / 2 };
  const to = { x: last.right - 0.5, y: last.top + last.height / 2 };
  const free = (spot: Spot, node: Node) => {
    const hit = elementAt(spot.x, spot.y);
    // Pressing the mouse on a link or button and moving it means something else.
    return (
      hit !== null &&
      within(node, hit) &&
      !closestOf(hit, "a,button,label,select,img,[draggable=true],[role=button]")
    );
  };
  return { kind: "found", from, to, mouse: free(from, range.startContainer) && free(to, range.endContainer) };
}

/** The element that shows exactly this text, or else the first place that has it. */
function placeOf(text: string): Element | Range | null {
  const wanted = clean(text).trim();
  if (wanted === "" || page.empty) return null;
  const whole = [...findAllIn(page.root, "*")].findLast(
    (element) => !SILENT.has(tagOf(element)) && contentOf(element)?.trim() === wanted && isRendered(element),
  );
  return whole ?? rangeOf(page.body, text);
}

/** The element that contains a text; `null` if the page does not show it. */
export function holderOfText(text: string): Element | null {
  const found = placeOf(text);
  return found instanceof Range ? parentElementOf(found.startContainer) : found;
}

/** The middle of a text; scrolls it into view. */
export function placeOfText(text: string): Spot | null {
  const found = placeOf(text);
  if (!found) return null;
  const holder = found instanceof Range ? parentElementOf(found.startContainer)! : found;
  scrollIntoViewOf(holder, { block: "nearest", inline: "nearest", behavior: "instant" });
  const box = found instanceof Range ? found.getBoundingClientRect() : boxOf(found);
  return { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
}

/** Selects what was found, unless the mouse already has. Says why it cannot. */
export function selectPassage(): string | null {
  const range = passage;
  passage = null;
  if (!range) return "is no longer on this page";
  const selection = getSelection()!;
  const squeeze = (text: string) => text.replace(/\s+/g, "");
  if (squeeze(selection.toString()) === squeeze(range.toString())) return null;
  const host = closestOf(parentElementOf(range.startContainer)!, "[contenteditable]");
  if (host && isEditable(host)) focusOn(host);
  selection.removeAllRanges();
  selection.addRange(range);
  return squeeze(selection.toString()) === squeeze(range.toString())
    ? null
    : "does not let its text be selected";
}

function selectInField(field: HTMLInputElement | HTMLTextAreaElement, text: string): Passage {
  const value = field.value;
  // The agent may have written line breaks as blanks.
  const pattern = text
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("\\s+");
  const exact = value.indexOf(text);
  const loose = exact >= 0 ? null : new RegExp(pattern, "iu").exec(value);
  if (exact < 0 && !loose) return refuse(`has no text ${JSON.stringify(text)}`);
  const [start, length] = exact >= 0 ? [exact, text.length] : [loose!.index, loose![0].length];
  focusOn(field);
  if (field.selectionStart === null) {
    if (length !== value.length) return refuse("lets only all of its text be selected");
    field.select();
    return { kind: "selected" };
  }
  field.setSelectionRange(start, start + length);
  if (field instanceof HTMLTextAreaElement) {
    // Chromium does not scroll to a selection that a script makes.
    const line = value.slice(0, start).split("\n").length - 1;
    const lines = value.split("\n").length;
    field.scrollTop = (line / lines) * field.scrollHeight - field.clientHeight / 2;
  }
  return { kind: "selected" };
}

/**
 * The first place that has the text, regardless of white space; one in another letter case only if there is none in
 * this case.
 */
function rangeOf(root: Element, text: string): Range | null {
  let all = "";
  const places: { node: Text; offset: number }[] = [];
  const add = (character: string, node: Text, offset: number) => {
    if (character === " " && (all === "" || all.endsWith(" "))) return;
    all += character;
    for (let i = 0; i < character.length; i++) places.push({ node, offset });
  };
  let last: Text | null = null;
  const blank = () => {
    if (last) add(" ", last, last.data.length);
  };
  const walk = (node: Node) => {
    if (nodeTypeOf(node) === Node.TEXT_NODE) {
      const { data } = (last = node as Text);
      for (let i = 0; i < data.length; i++) add(/\s/.test(data[i]!) ? " " : data[i]!, last, i);
    } else if (node instanceof Element && !SILENT.has(tagOf(node)) && isRendered(node)) {
      const block = styleOf(node).display !== "inline" || tagOf(node) === "br";
      if (block) blank();
      for (const child of childrenOf(node)) walk(child);
      if (block) blank();
    }
  };
  walk(root);
  const wanted = clean(text).trim();
  const exact = all.indexOf(wanted);
  const at = exact >= 0 ? exact : all.toLowerCase().indexOf(wanted.toLowerCase());
  const [start, end] = [places[at], places[at + wanted.length - 1]];
  if (at < 0 || !start || !end) return null;
  const range = new Range();
  range.setStart(start.node, start.offset);
  range.setEnd(end.node, Math.min(end.offset + 1, end.node.data.length));
  return range;
}
