/** @file What `hook.ts` in the page's world and `listeners.ts` in ours say to each other; timers too. */

/** It listens to clicks. */
export const CLICKS = 1;
/** It listens to presses of the mouse button. */
export const PRESSES = 2;
/** It listens to so many types that it only passes events on to what is in it. */
export const DELEGATES = 4;
/** It listens to keys. */
export const KEYS = 8;
/** It listens to the right mouse button. */
export const MENUS = 16;

/** What `ElementInternals` may say, as the attributes that say the same. */
export const INTERNALS: Readonly<Record<string, string>> = {
  role: "role",
  ariaLabel: "aria-label",
  ariaChecked: "aria-checked",
  ariaPressed: "aria-pressed",
  ariaSelected: "aria-selected",
  ariaExpanded: "aria-expanded",
  ariaDisabled: "aria-disabled",
  ariaValueNow: "aria-valuenow",
  ariaValueMin: "aria-valuemin",
  ariaValueMax: "aria-valuemax",
  ariaValueText: "aria-valuetext",
};

/** Types of the events, which no page can guess. */
export const namesOf = (key: string) => ({
  /** From us, on the window: `relatedTarget` is an element of ours on which the other events are sent. */
  hello: `${key}-hello`,
  /** The answer, on that element. */
  welcome: `${key}-welcome`,
  /** From us, on that element: what is new? */
  ask: `${key}-ask`,
  /** The answer, on every element that changed: `detail` has the bits above, */
  note: `${key}-note`,
  /** or, as JSON, what its `ElementInternals` say. */
  said: `${key}-said`,
});

/** Nobody waits for what a page does on its own later than this after an action. */
export const LATE_MS = 350;

export const timerNamesOf = (key: string) => ({
  /** From us, on our element: which timers are about to fire? */
  ask: `${key}-timers`,
  /**
   * The answer, for each timer: `screenX` says for how many milliseconds it and those before it have been going on,
   * `screenY` in how many it fires, `detail` what its delay is, and `ctrlKey` whether it goes on.
   */
  note: `${key}-timer`,
});

/** Delays that stand for something other than a timer: what `requestAnimationFrame` asks for, */
export const FRAME = -1;
/** what the page asks the browser itself for, which always comes, */
export const REPLY = -2;
/** and what it asks somebody else for, who may never answer. */
export const ANSWER = -3;

export const hearingNamesOf = (key: string) => ({
  /**
   * From us, on our element: was nothing heard of the action? Then the event comes back prevented. With `detail` 1,
   * another action begins; with 2: is nobody told of anything late? Then it comes back prevented, too.
   */
  ask: `${key}-heard`,
  /** From us, on an element: would nobody hear the pointer come to it or leave it? Then it comes back prevented. */
  moves: `${key}-moves`,
  /** The same for the mouse wheel. */
  wheels: `${key}-wheels`,
});
