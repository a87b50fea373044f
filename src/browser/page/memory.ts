/** @file What the page script keeps in a document between an observation and the action that refers to it. */

export interface PageMemory {
  /** The elements of the last observation. */
  elements: Element[];
  /** Its frames. */
  frames: Element[];
  /** The drop-down whose list the last action has opened: it shows all of its options. */
  opened: Element | null;
  /** A shadow root was entered in the last reading; no mutation observer tells of what happens in it. */
  shadows: boolean;
  /** A navigation to another document has been asked for and has not failed so far. */
  navigating: boolean;
  /** Called when that happens. */
  onNavigate: (() => void) | null;
}

/** From when the document is created to when it goes away. */
export const memory: PageMemory = {
  elements: [],
  frames: [],
  opened: null,
  shadows: false,
  navigating: false,
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
