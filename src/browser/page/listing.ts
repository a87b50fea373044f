/** @file The elements of an observation: which ones are listed, with which name and value. */

import type { Edges } from "./geometry.ts";
import { edges, intersect } from "./geometry.ts";
import { shownOnHover } from "./hover.ts";
import { answers } from "./listeners.ts";
import { memory } from "./memory.ts";
import { nameOf, ownText } from "./name.ts";
import { boxesOf, boxOf, findAllIn, findIn, isEditable, matchesOf, page } from "./native.ts";
import { moreOf, isInFront } from "./place.ts";
import type { Place } from "./place.ts";
import { reach } from "./reach.ts";
import type { Reached } from "./reach.ts";
import { entriesOf, roleOf } from "./role.ts";
import { isPane, rootScrolls, scroller, scrollState } from "./scroll.ts";
import { SHORT_VALUE, shownValue } from "./shown-value.ts";
import { takeBeginning, cut, squash } from "./text.ts";
import { findFocused, shadowElementsOf } from "./tree.ts";
import { isDisabled, optionsOf, valueOf } from "./value.ts";

/** An element that can be acted on, as the page reports it. Its position in the list is its reference. */
export interface PageElement {
  role: string;
  label: string;
  value?: string;
  /** The value as it is printed, if that differs. */
  shown?: string;
  options?: string[];
  /** It takes several lines. */
  lines?: boolean;
  /** All options are to be printed: a click has opened the list. */
  opened?: boolean;
  disabled?: boolean;
  /** The browser's own message about a field's content, once it was shown. */
  invalid?: string;
  /** In which direction its content goes on: `more below`. */
  more?: string;
  box: [number, number, number, number];
}

/** A frame that can be seen. */
export interface PageFrame {
  /** Its content box, in pixels of the viewport around it. */
  box: Edges;
}

export interface PageSnapshot {
  url: string;
  title: string;
  scroll: { top: number; viewport: number; page: number };
  elements: PageElement[];
  /** Position of the focused field in `elements`. */
  focused: number | null;
  /** Visible frames, in the order of the marks in the text. */
  frames: PageFrame[];
  /** Pixels of the viewport around this document's frame per pixel of its own; 1 if nothing scales or zooms it. */
  scale: number;
  /**
   * The page as text. In `compact` and `aria` lines, `\uE000 i \uE001` stands for element `i` and `\uE002 i \uE001` for
   * frame `i`.
   */
  lines: string[];
}

/** Longest label. */
export const LABEL_LIMIT = 100;
/** A value longer than this is not reported unless it is printed somewhere. */
const VALUE_LIMIT = 10_000;

/** Roles whose name is their content, which may contain other elements. */
const HOLDERS =
  /^(?:link|button|tab|menuitem|menuitemcheckbox|menuitemradio|option|treeitem|clickable|switch|checkbox|radio)$/;
const FIELDS = /^(?:textbox|combobox|checkbox|radio|switch|slider)$/;

export interface Listed {
  index: number;
  box: Edges;
  /** Elements in it are listed, too. */
  nested: boolean;
  /** Text in it that the label had to leave out; only for elements without nested ones. */
  rest: string;
  /** Its text is printed by its label. */
  silent: boolean;
}

export class Listing {
  readonly view: Edges;
  readonly elements: PageElement[] = [];
  readonly #handles: Element[] = [];
  readonly #frames: PageFrame[] = [];
  readonly #frameHandles: Element[] = [];
  readonly #reached = new Map<Element, Reached | null>();
  readonly #entries = new Set<Element>();
  readonly #scroller: Element;

  /** `top`: the modal layer on top. */
  constructor(view: Edges, top: Element | null) {
    this.view = view;
    this.#scroller = scroller(top);
  }

  roleOf(element: Element): string | null {
    return roleOf(element) ?? (this.#entries.has(element) ? "clickable" : null);
  }

  /** For a listening container that is not listed itself: a click on it means something in it. */
  expectEntries(element: Element): void {
    if (answers(element)) for (const entry of entriesOf(element)) this.#entries.add(entry);
  }

  reach(element: Element, place: Place): Reached | null {
    let at = this.#reached.get(element);
    if (at !== undefined) return at;
    at = reach(element, place.clip, this.view);
    // What lies to the side of the view is not tested for being covered.
    if (at?.beside && place.behind) at = null;
    this.#reached.set(element, at);
    return at;
  }

  /** It will be listed where it is, as far as we can tell from here. */
  isInSight(element: Element): boolean {
    const at = this.#reached.get(element);
    return at ? true : reach(element, [-1e6, this.view[1], 1e6, this.view[3]], this.view) !== null;
  }

  /** Lists an element; `null` if it cannot be reached, `"content"` if only what is in it is to be listed. */
  add(element: Element, role: string, place: Place): Listed | "content" | null {
    const at = this.reach(element, place);
    if (!at) return null;
    const drawn = role === "clickable" ? this.#drawnControl(element, place) : null;
    if (drawn) return this.#addDrawn(element, drawn, at, place);
    const inner = HOLDERS.test(role) ? this.#inner(element, place) : new Set<Element>();
    let nested = inner.size > 0;
    // What appears only under the pointer is not there yet, though it may have a box.
    for (const hidden of shownOnHover(element)) inner.add(hidden);
    let name = nameOf(element, role, inner);
    if (nested && ownText(element, inner) === "") {
      const [only] = inner.size === 1 ? inner : [];
      if (role === "clickable" || (only && FIELDS.test(this.roleOf(only)!))) return "content";
      // A link in a tab, an entry of a menu that is a button: one thing.
      if (only) {
        nested = false;
        name = nameOf(element, role);
      }
    }
    const label = cut(name.text, LABEL_LIMIT);
    const long = name.own && name.text.length > LABEL_LIMIT;
    const index = this.#list(element, role, label, at.box, place);
    return {
      index,
      box: at.box,
      nested,
      rest: long && !nested ? name.text.slice(takeBeginning(name.text, LABEL_LIMIT - 1).length) : "",
      silent: name.own && !long,
    };
  }

  /** A switch or check box whose own input nobody sees: what is drawn in its place is what is clicked. */
  #addDrawn(element: Element, control: HTMLInputElement, at: Reached, place: Place): Listed {
    const role = roleOf(control)!;
    const given = nameOf(control, role).text;
    const label = cut(given || ownText(element), LABEL_LIMIT);
    const index = this.#list(element, role, label, at.box, place, control);
    return { index, box: at.box, nested: false, rest: "", silent: true };
  }

  #drawnControl(element: Element, place: Place): HTMLInputElement | null {
    const controls = findAllIn(element, "input");
    const [control] = controls;
    if (!(control instanceof HTMLInputElement) || controls.length > 1) return null;
    if (!/^(?:checkbox|radio)$/.test(control.type)) return null;
    if (findIn(element, "a[href],button,select,textarea")) return null;
    return this.reach(control, place) ? null : control;
  }

  /**
   * Lists a pane that scrolls, unless the head already describes it; `null` if it does not scroll or cannot be seen.
   */
  addPane(element: Element, place: Place): Listed | null {
    const root = element === page.root;
    if (root ? !rootScrolls() : element === this.#scroller || !isPane(element)) return null;
    const box = root ? this.view : edges(boxOf(element));
    const seen = intersect(box, place.clip);
    if (seen[2] - seen[0] < 8 || seen[3] - seen[1] < 8) return null;
    if (!root && !isInFront(element, seen, this.view)) return null;
    const { text } = nameOf(element, "pane");
    const index = this.#list(element, "pane", cut(text, LABEL_LIMIT), box, place);
    return { index, box, nested: false, rest: "", silent: false };
  }

  /** Its position among the frames. */
  addFrame(element: Element, box: Edges): number {
    this.#frameHandles.push(element);
    return this.#frames.push({ box }) - 1;
  }

  /** It has no box of its own, and its label is what is clicked. */
  isDrawnByLabel(control: Element): boolean {
    return (
      control instanceof HTMLInputElement &&
      /^(?:checkbox|radio|file)$/.test(control.type) &&
      boxesOf(control).length === 0 &&
      !this.#handles.includes(control)
    );
  }

  snapshot(lines: string[]): PageSnapshot {
    memory.elements = this.#handles;
    memory.frames = this.#frameHandles;
    const active = findFocused();
    const index = active && roleOf(active) !== "link" ? this.#handles.indexOf(active) : -1;
    return {
      url: location.href,
      title: squash(page.title),
      scroll: scrollState(this.#scroller),
      elements: this.elements,
      focused: index >= 0 && this.elements[index]!.role !== "pane" ? index : null,
      frames: this.#frames,
      scale: 1,
      lines,
    };
  }

  /** `control`: the element whose value and state are told, if not its own. */
  #list(
    element: Element,
    role: string,
    label: string,
    box: Edges,
    place: Place,
    control: Element = element,
  ): number {
    const [left, top, right, bottom] = box;
    const entry: PageElement = {
      role,
      label,
      box: [Math.round(left), Math.round(top), Math.round(right - left), Math.round(bottom - top)],
    };
    const value = valueOf(control, role);
    if (value !== undefined) {
      entry.value = cut(value, VALUE_LIMIT);
      const shown = shownValue(element, value, place, this.view);
      if (shown !== value) entry.shown = shown;
    }
    const options = optionsOf(element);
    if (options) entry.options = options;
    if (element instanceof HTMLTextAreaElement || isEditable(element)) entry.lines = true;
    if (element === memory.opened) entry.opened = true;
    if (isDisabled(control) || this.#reached.get(element)?.dead) entry.disabled = true;
    if (matchesOf(element, ":user-invalid")) {
      const message = (element as HTMLInputElement).validationMessage;
      if (message) entry.invalid = squash(message);
    }
    const more = this.#more(element, role, value ?? "");
    if (more) entry.more = more;
    this.#handles.push(element);
    return this.elements.push(entry) - 1;
  }

  #more(element: Element, role: string, value: string): string | undefined {
    if (role === "pane") return moreOf(element === page.root ? page.scroller : element);
    // A short value is printed whole.
    if (value.length <= SHORT_VALUE) return undefined;
    const cuts = element instanceof HTMLTextAreaElement || (isEditable(element) && isPane(element));
    return cuts ? moreOf(element) : undefined;
  }

  /** Elements inside an element or its shadow root that are listed by themselves. */
  #inner(element: Element, place: Place): Set<Element> {
    const inner = new Set<Element>();
    for (const child of [...shadowElementsOf(element), ...findAllIn(element, "*")])
      if (this.roleOf(child) !== null && this.reach(child, place)) inner.add(child);
    return inner;
  }
}
