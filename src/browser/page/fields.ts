/** @file Fields: prepares them for typing, tells whether the text arrived, and sets values as a whole. */

import { usable } from "./locate.ts";
import { memory } from "./memory.ts";
import { findIn, focusOn, innerTextOf, isConnected, isEditable, matchesOf, page, rootOf } from "./native.ts";
import { explicitRoleOf, isField } from "./role.ts";
import { findFocused, within } from "./tree.ts";

type TextField = HTMLInputElement | HTMLTextAreaElement;
const isTextField = (element: Element | null): element is TextField =>
  element !== null && isField(element) && !(element instanceof HTMLSelectElement);

/** What is being typed, from {@link beginTyping} to {@link checkTyping}. */
interface Typing {
  /** `null`: whatever has the focus. */
  field: Element | null;
  before: string;
  replaces: boolean;
  /** The page outside of the field changed. */
  reacted: boolean;
  observer: MutationObserver;
}
let typing: Typing | null = null;

/** The element with the focus. An editable body counts as one. */
export function active(): Element | null {
  return findFocused() ?? (!page.empty && isEditable(page.body) ? page.body : null);
}

/** Selected text of a field. */
function selectionIn(field: Element): string {
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
    // `null` if a field does not tell, such as one for numbers.
    const { selectionStart, selectionEnd } = field;
    return field.value.slice(selectionStart ?? 0, selectionEnd ?? 0);
  }
  return getSelection()?.toString() ?? "";
}

/** Whether the element has the focus and text in it is selected: clicking it would lose that. */
export function hasSelection(index: number): boolean {
  const element = memory.elements[index];
  const at = active();
  return at !== null && element !== undefined && within(at, element) && selectionIn(at) !== "";
}

/** The field of an element that was clicked: itself, one that took the focus, one inside it. */
function fieldOf(element: Element): Element | null {
  if (isTextField(element) || isEditable(element)) return element;
  const at = active();
  if (at && (isTextField(at) || isEditable(at))) return at;
  return findIn(element, "input,textarea,[contenteditable]");
}

const textIn = (field: Element | null): string =>
  field === null ? "" : isTextField(field) ? field.value : innerTextOf(field);

/** What to press before the text and the kind of field that it goes into, or why it cannot. */
export type Begun = { keys: string; lines: boolean } | { why: string };

/**
 * Prepares the field of element `index` for typing: over all of its text, at its end, or (`"here"`) where the caret is.
 * Without an index, prepares what has the focus.
 */
export function beginTyping(index: number | null, where: "all" | "end" | "here"): Begun {
  typing?.observer.disconnect();
  typing = null;
  let field: Element | null = null;
  let keys = "";
  if (index === null) {
    const at = active();
    // What happens inside another frame is not ours to check.
    if (at && (isTextField(at) || isEditable(at))) field = at;
  } else {
    const element = memory.elements[index];
    if (!element || !isConnected(element)) return { why: "went away when it was clicked" };
    field = fieldOf(element);
    if (!field) return { why: "is not a field" };
    if (isTextField(field) && field.readOnly) return { why: "is read-only" };
    if (!matchesOf(field, ":focus, :focus-within")) focusOn(field);
    if (where === "all" && isTextField(field)) field.select();
    // A part of a date, such as its month: keys replace it, and what selects all selects the whole date.
    else if (where === "all" && explicitRoleOf(field) === "spinbutton") keys = "";
    else if (where === "all") keys = "Control+a";
    else if (where === "end") keys = field instanceof HTMLInputElement ? "End" : "Control+End";
  }
  const started: Typing = {
    field,
    before: textIn(field),
    replaces: where === "all",
    reacted: false,
    observer: new MutationObserver((records) => {
      if (records.some(({ target }) => field === null || !within(target, field))) started.reacted = true;
    }),
  };
  // The field may be in a shadow root.
  for (const root of new Set([page.root, ...(field ? [rootOf(field)] : [])]))
    started.observer.observe(root, { subtree: true, childList: true, characterData: true });
  typing = started;
  return { keys, lines: field !== null && !(field instanceof HTMLInputElement) };
}

/** Only letters and digits, in lower case: a mask may add anything else. */
const essence = (text: string): string => {
  const plain = text.normalize("NFKC").toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]/gu, "") || plain.replace(/\s/g, "");
};

/** Whether a field has the text. A mask may have put something before it, but not what was there. */
function isWhole(now: string, text: string, before: string): boolean {
  const [is, wanted, was] = [essence(now), essence(text), essence(before)];
  if (wanted === "") return is === "";
  return is.startsWith(wanted) || (is.endsWith(wanted) && !(was !== "" && is.includes(was)));
}

/** Why what was typed is not in the field, or `null`. */
export function checkTyping(text: string): string | null {
  const begun = typing;
  typing = null;
  if (!begun) return null;
  const { field, before, replaces } = begun;
  const records = begun.observer.takeRecords();
  begun.observer.disconnect();
  const reacted = begun.reacted || records.some(({ target }) => field === null || !within(target, field));
  if (field === null) {
    const inside = findFocused() !== null;
    return reacted || inside ? null : "nothing took the text: no field has the focus";
  }
  // The page moved on, to the next box of a code or to what it made of the text.
  if (!isConnected(field) || (findFocused() !== null && !matchesOf(field, ":focus, :focus-within")))
    return null;
  const now = textIn(field);
  if (
    replaces
      ? isWhole(now, text, before)
      : essence(now).includes(essence(text)) && (text === "" || now !== before)
  )
    return null;
  // What was typed became something else, such as a chip beside the field.
  if (reacted && (now.trim() === "" || !isTextField(field))) return null;
  const secret = field instanceof HTMLInputElement && field.type === "password";
  const reads = secret ? `has ${now.length} characters` : `reads ${JSON.stringify(shorten(now))}`;
  if (now === before) return `did not take the text: it still ${reads}`;
  const limit = isTextField(field) ? field.maxLength : -1;
  return limit >= 0 && now.length >= limit
    ? `takes only ${limit} characters: it now ${reads}`
    : `did not take the text as it was written: it now ${reads}`;
}

const shorten = (text: string): string =>
  text.length > 80 ? `${Array.from(text).slice(0, 80).join("")}…` : text;

/** For fields that take a value as a whole. Says why it was not taken. */
export function setValue(index: number, value: string): string | null {
  const found = usable(index);
  if (found.kind === "refused") return found.why;
  const element = found.element as HTMLInputElement;
  if (element.readOnly && element.type !== "range" && element.type !== "color") return "is read-only";
  const before = element.value;
  const wanted = element.type === "color" ? hexOf(value) : value;
  if (wanted === null) return "takes a colour such as #ff8800";
  focusOn(element);
  element.value = wanted;
  if (wanted !== "" && element.value === "") {
    element.value = before;
    return `does not take ${JSON.stringify(value)}`;
  }
  const set = element.value;
  if (set !== before) {
    element.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (element.type === "range" && Number(element.value) !== Number(value))
    return `did not stop at ${value}: it now reads ${element.value}`;
  return element.value === set
    ? null
    : `did not keep the value: it now reads ${JSON.stringify(element.value)}`;
}

/** A CSS colour as `#rrggbb`. */
function hexOf(colour: string): string | null {
  if (!CSS.supports("color", colour)) return null;
  const context = new OffscreenCanvas(1, 1).getContext("2d")!;
  context.fillStyle = colour;
  return /^#[\da-f]{6}$/.test(context.fillStyle) ? context.fillStyle : null;
}
