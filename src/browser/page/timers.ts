/**
 * @file What the page is about to do on its own because of an action, as `timer-hook.ts` tells from the page's world.
 */

import { timerNamesOf } from "./listener-protocol.ts";

export interface Timer {
  /** When it was set, or the first timer of its chain, by `performance.now()`. */
  since: number;
  due: number;
  /** Negative for something other than a timer, such as a callback with the next frame. */
  delay: number;
  /** It repeats, or continues what one with the same delay has just done. */
  goesOn: boolean;
}

let names: ReturnType<typeof timerNamesOf> | undefined;
let channel: Element | undefined;
let now = 0;
let told: Timer[] = [];

/** `on`: an element of ours that `hook.ts` knows. */
export function connectTimers(key: string, on: Element): void {
  names = timerNamesOf(key);
  channel = on;
  channel.addEventListener(names.note, (event) => {
    const { screenX, screenY, detail, ctrlKey } = event as MouseEvent;
    told.push({ since: now - screenX, due: now + screenY, delay: detail, goesOn: ctrlKey });
  });
}

/** Short timers that are about to fire. */
export function pendingTimers(): Timer[] {
  now = performance.now();
  told = [];
  if (names) channel!.dispatchEvent(new Event(names.ask));
  return told;
}
