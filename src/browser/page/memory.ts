/** @file What the page script keeps in a document from an observation to the action that refers to it. */

import { tagOf } from "./native.ts";

export interface PageMemory {
  /** The elements of the last observation. */
  elements: Element[];
  /** Its frames. */
  frames: Element[];
  /** The drop-down whose list the last action opened: it shows all of its options. */
  opened: Element | null;
  /** The last reading entered a shadow root, in which no mutation observer sees anything. */
  shadows: boolean;
  /** A navigation to another document has been asked for and has not failed so far. */
  navigating: boolean;
  /** The action clicked a link or sent a form, which may lead to another document a moment later. */
  leads: boolean;
  /** Called when a navigation is asked for. */
  onNavigate: (() => void) | null;
  /**
   * When the action after the last observation began, and when the page last got something of it; before the first
   * observation, the beginning of the document. `null`: nothing has been done to this document.
   */
  acted: { first: number; last: number } | null;
}

/** Lasts from the creation of the document until it goes away. */
export const memory: PageMemory = {
  elements: [],
  frames: [],
  opened: null,
  shadows: false,
  navigating: false,
  leads: false,
  acted: { first: 0, last: 0 },
  onNavigate: null,
};

// The event comes with the click or submission itself, before the browser process hears of the navigation.
(window as unknown as { navigation?: EventTarget }).navigation?.addEventListener("navigate", (event) => {
  const navigate = event as Event & {
    destination: { sameDocument: boolean };
    downloadRequest: string | null;
  };
  if (navigate.destination.sameDocument || navigate.downloadRequest !== null) return;
  memory.navigating = true;
  memory.onNavigate?.();
});

/** The page gets something of an action. */
export function noteAct(): void {
  const now = performance.now();
  memory.acted = { first: memory.acted?.first ?? now, last: now };
}

const noteInput = (event: Event) => {
  if (event.isTrusted) noteAct();
};
const noteLeading = (event: Event) => {
  const isLink = (node: EventTarget) => node instanceof Element && /^(?:a|area)$/.test(tagOf(node));
  if (event.type === "submit" || event.composedPath().some(isLink)) memory.leads = true;
};
/** Also after `document.open`, which removes every listener of the window. */
export function watchInput(): void {
  for (const type of ["mousedown", "mouseup", "click", "keydown", "keyup", "wheel"])
    window.addEventListener(type, noteInput, { capture: true, passive: true });
  for (const type of ["click", "submit"])
    window.addEventListener(type, noteLeading, { capture: true, passive: true });
}
watchInput();
