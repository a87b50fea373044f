/**
 * @file Records, in the page's own world, which short timers are about to fire, so that we wait for what an action sets
 * in motion and for nothing else: no other world can see timers. Runs before the page's scripts, as `hook.ts` does, and
 * calls nothing that those may have replaced. `timers.ts` asks; the answers are events.
 */

import { FRAME, LATE_MS, timerNamesOf } from "./listener-protocol.ts";
import type { EachReply } from "./reply-hook.ts";

/** A timer that is set this soon after one of the same kind fired continues what that one did. */
const FOLLOWS_MS = 50;
const FRAME_MS = 17;
/** A timer that is due fires within this time, if anything can run. */
const FIRES_MS = 4;
/** If a page sets more, only the first are reported. */
const MOST = 50;

interface Timer {
  id: number;
  /** With its kind: the frame callbacks have ids of their own. */
  frame: boolean;
  delay: number;
  due: number;
  repeats: boolean;
  made: number;
  /** When the first timer of the chain up to this one was set. */
  since: number;
}

/**
 * `listen` and `dispatch` are natives that need no receiver; `channel` is what our world listens on. What the page has
 * asked for is reported like a timer that may fire at any moment. `noteStart` is called for every short timer.
 */
export function recordTimers(
  key: string,
  listen: (target: unknown, type: string, callback: () => void) => void,
  dispatch: (target: unknown, event: Event) => void,
  eachReply: EachReply,
  noteStart: () => void,
): (channel: unknown) => void {
  const names = timerNamesOf(key);
  const now = performance.now.bind(performance);
  const { MouseEvent, Number: number } = window;
  const { max, ceil } = Math;
  const { apply } = Reflect;
  let timers: Timer[] = [];

  const remember = (id: number, delay: number, repeats: boolean) => {
    noteStart();
    const at = now();
    const frame = delay === FRAME;
    let since = at;
    const kept: Timer[] = [];
    for (let i = 0; i < timers.length; i++) {
      const one = timers[i]!;
      if (!one.repeats && one.due + FOLLOWS_MS < at) continue;
      kept[kept.length] = one;
      if (!one.repeats && one.delay === delay && one.due <= at + 1 && one.since < since) since = one.since;
    }
    if (kept.length < MOST) {
      const due = at + (frame ? FRAME_MS : delay);
      kept[kept.length] = { id, frame, delay, due, repeats, made: at, since };
    }
    timers = kept;
  };
  const forget = (id: number, frame: boolean) => {
    const kept: Timer[] = [];
    for (let i = 0; i < timers.length; i++)
      if (timers[i]!.id !== id || timers[i]!.frame !== frame) kept[kept.length] = timers[i]!;
    timers = kept;
  };
  const follow = (name: string, after: (result: number, args: unknown[]) => void) => {
    const descriptor = Object.getOwnPropertyDescriptor(window, name);
    const native = descriptor?.value as ((...args: unknown[]) => number) | undefined;
    if (!native) return;
    const followed = new Proxy(native, {
      apply(target, self, args: unknown[]) {
        const result = apply(target, self, args);
        after(result, args);
        return result;
      },
    });
    Object.defineProperty(window, name, { ...descriptor, value: followed });
  };
  const delayOf = (value: unknown) => (typeof value === "number" ? value : number(value ?? 0));
  for (const [name, repeats] of [
    ["setTimeout", false],
    ["setInterval", true],
  ] as const)
    follow(name, (id, args) => {
      // The native has already converted it to a number, so any code of the page that this runs has already run.
      const given = typeof args[1] === "object" ? LATE_MS : delayOf(args[1]);
      if (given > LATE_MS) return;
      remember(id, given >= 1 ? given : 1, repeats);
    });
  follow("requestAnimationFrame", (id) => remember(id, FRAME, false));
  for (const name of ["clearTimeout", "clearInterval"])
    follow(name, (_, args) => forget(args[0] as number, false));
  follow("cancelAnimationFrame", (_, args) => forget(args[0] as number, true));

  return (channel) =>
    listen(channel, names.ask, () => {
      const at = now();
      eachReply((since, kind) =>
        dispatch(
          channel,
          new MouseEvent(names.note, { screenX: ceil(at - since), screenY: 1, detail: kind, ctrlKey: true }),
        ),
      );
      for (let i = 0; i < timers.length; i++) {
        const { due, repeats, delay, since, made } = timers[i]!;
        const open = at - FIRES_MS;
        const next = repeats ? due + max(0, ceil((open - due) / delay)) * delay : due;
        // Whole milliseconds, because mouse events hold nothing else.
        if (next >= open)
          dispatch(
            channel,
            new MouseEvent(names.note, {
              screenX: ceil(at - since),
              screenY: max(1, ceil(next - at)),
              detail: delay,
              ctrlKey: repeats || since < made,
            }),
          );
      }
    });
}
