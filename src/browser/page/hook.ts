/**
 * @file Records, in the page's own world, which elements listen to the mouse: no other world can see listeners. It runs
 * before the page's scripts and keeps its own references to natives, so that nothing that those replace affects it. To
 * them, it looks like the natives. `listeners.ts` asks for what is new; the answers are events on the elements
 * themselves, because objects do not pass between worlds.
 */

import { delegationFinder } from "./delegation-hook.ts";
import { recordInternals } from "./internals-hook.ts";
import { CLICKS, DELEGATES, KEYS, MENUS, namesOf, PRESSES } from "./listener-protocol.ts";
import { recordHearing } from "./hearing-hook.ts";
import { free } from "./page-natives.ts";
import type { Follow } from "./page-natives.ts";
import { recordReplies } from "./reply-hook.ts";
import { recordTimers } from "./timer-hook.ts";

// Code that runs later uses no iteration, no global and no method: the page may have replaced them.

/** An element that listens to this many types can only be passing events on: React's root listens to some eighty. */
const MANY_TYPES = 20;
/** If a page listens for clicks in more places, only these first listeners are read for their targets. */
const MOST_CALLBACKS = 200;
const BITS: Record<string, number> = {
  click: CLICKS,
  dblclick: CLICKS,
  mousedown: PRESSES,
  mouseup: PRESSES,
  pointerdown: PRESSES,
  pointerup: PRESSES,
  keydown: KEYS,
  keyup: KEYS,
  keypress: KEYS,
  contextmenu: MENUS,
};
const TYPES = Object.keys(BITS);

interface Listener {
  type: string;
  callback: unknown;
  capture: boolean;
}

interface Listening {
  listeners: Listener[];
  /** Bits of what others listen to for it, as of the last look. */
  delegated: number;
  /** What `listeners.ts` last heard, and at which greeting. */
  told: number;
  greeting: number;
}

type Handler = EventListenerOrEventListenerObject | null | undefined;
type Options = AddEventListenerOptions | boolean | undefined;

export function recordListeners(key: string): void {
  const { hello, welcome, ask, note, said } = namesOf(key);
  // Everything that is used once the page's scripts have begun is taken now, and bound so that it needs no prototype.
  type Get = (object: unknown) => unknown;
  const { apply } = Reflect;
  const { WeakRef, UIEvent, CustomEvent } = window;
  const { create } = Object;
  const add = free<(target: unknown, type: string, callback: Handler, options?: Options) => void>(
    EventTarget,
    "addEventListener",
  );
  const dispatch = free<(target: unknown, event: Event) => void>(EventTarget, "dispatchEvent");
  const deref = free<(reference: WeakRef<Element>) => Element | undefined>(WeakRef, "deref");
  const known = new WeakMap<object, Listening>();
  const get = free<(map: typeof known, element: object) => Listening | undefined>(WeakMap, "get");
  const set = free<(map: typeof known, element: object, value: Listening) => void>(WeakMap, "set");
  const nodeTypeOf = free<Get>(Node, "nodeType", "get");
  const isConnected = free<Get>(Node, "isConnected", "get");
  const relatedTargetOf = free<Get>(MouseEvent, "relatedTarget", "get");
  const isAborted = free<Get>(AbortSignal, "aborted", "get");

  let references: WeakRef<Element>[] = [];
  /** Listeners for clicks anywhere in the document, with either button: some may be there for other elements. */
  const callbacks: { callback: unknown; bits: number }[] = [];
  const findDelegated = delegationFinder();
  let greeting = 0;

  const isElement = (target: unknown): target is Element => {
    try {
      return nodeTypeOf(target) === 1;
    } catch {
      // The window, or an object of another kind.
      return false;
    }
  };
  const isCapture = (options: Options) =>
    typeof options === "object" && options !== null ? !!options.capture : !!options;
  const forget = (element: Element, { type, callback, capture }: Listener) => {
    const record = get(known, element);
    if (!record) return;
    const kept: Listener[] = [];
    for (let i = 0; i < record.listeners.length; i++) {
      const one = record.listeners[i]!;
      if (one.type !== type || one.callback !== callback || one.capture !== capture) kept[kept.length] = one;
    }
    record.listeners = kept;
  };
  const remember = (element: Element, listener: Listener) => {
    const record = recordOf(element);
    forget(element, listener);
    record.listeners[record.listeners.length] = listener;
  };
  const bitsOf = ({ listeners }: Listening): number => {
    const types: Record<string, true> = create(null) as never;
    let count = 0;
    for (let i = 0; i < listeners.length; i++) {
      const { type } = listeners[i]!;
      if (!types[type]) count++;
      types[type] = true;
    }
    let bits = count >= MANY_TYPES ? DELEGATES : 0;
    for (let i = 0; i < TYPES.length; i++) if (types[TYPES[i]!]) bits |= BITS[TYPES[i]!]!;
    return bits;
  };
  const follow: Follow = (owner, name, kind, after) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    const native = descriptor?.[kind] as ((...args: unknown[]) => unknown) | undefined;
    if (!native) return;
    const followed = new Proxy(native, {
      apply(target, self, args: unknown[]) {
        const result = apply(target, self, args) as unknown;
        after(self, args, result);
        return result;
      },
    });
    Object.defineProperty(owner, name, { ...descriptor, [kind]: followed });
  };

  const listensTo = (element: Element, type: string): boolean => {
    const record = get(known, element);
    if (record)
      for (let i = 0; i < record.listeners.length; i++) if (record.listeners[i]!.type === type) return true;
    return false;
  };
  const hearing = recordHearing(key, { listen: add, follow, listensTo, isElement });

  follow(EventTarget.prototype, "addEventListener", "value", (element, args) => {
    const type = `${args[0] as string}`;
    const callback = args[1];
    const options = args[2] as Options;
    if (callback === null || callback === undefined) return;
    hearing.noteListener(element, type);
    const bits = BITS[type]! & ~KEYS;
    if (bits && callbacks.length < MOST_CALLBACKS)
      callbacks[callbacks.length] = { callback, bits: bits === MENUS ? MENUS : CLICKS };
    if (!isElement(element)) return;
    const listener: Listener = { type, callback, capture: isCapture(options) };
    if (typeof options === "object" && options !== null) {
      const { once, signal } = options;
      if (signal && isAborted(signal)) return;
      if (signal) add(signal, "abort", () => forget(element, listener), { once: true });
      if (once)
        add(element, type, () => forget(element, listener), { once: true, capture: listener.capture });
    }
    remember(element, listener);
  });
  follow(EventTarget.prototype, "removeEventListener", "value", (element, args) => {
    if (!isElement(element)) return;
    const capture = isCapture(args[2] as Options);
    forget(element, { type: `${args[0] as string}`, callback: args[1], capture });
  });
  for (const type of TYPES)
    for (const { prototype } of [HTMLElement, SVGElement])
      follow(prototype, `on${type}`, "set", (element, args) => {
        if (!isElement(element)) return;
        const handler = args[0];
        const listener: Listener = { type, callback: "handler", capture: false };
        if (typeof handler === "function" || (typeof handler === "object" && handler !== null))
          remember(element, listener);
        else forget(element, listener);
      });

  const recordOf = (element: Element): Listening => {
    let record = get(known, element);
    if (!record) {
      set(known, element, (record = { listeners: [], delegated: 0, told: 0, greeting: 0 }));
      references[references.length] = new WeakRef(element);
    }
    return record;
  };
  const tellInternals = recordInternals(follow);
  const tell = () => {
    tellInternals(greeting, (element, detail) =>
      dispatch(element, new CustomEvent(said, { detail, composed: true })),
    );
    for (let i = 0; i < references.length; i++) {
      const element = deref(references[i]!);
      if (element) get(known, element)!.delegated = 0;
    }
    // Without a listener, nothing could be passed on.
    if (callbacks.length > 0)
      findDelegated(callbacks, (element, bits) => {
        const record = recordOf(element);
        record.delegated |= bits;
      });
    const alive: typeof references = [];
    for (let i = 0; i < references.length; i++) {
      const element = deref(references[i]!);
      const record = element && get(known, element);
      if (!record) continue;
      alive[alive.length] = references[i]!;
      const bits = bitsOf(record) | record.delegated;
      // An event on an element outside of the document would not be heard.
      if ((bits === record.told && record.greeting === greeting) || !isConnected(element)) continue;
      record.told = bits;
      record.greeting = greeting;
      dispatch(element, new UIEvent(note, { detail: bits, composed: true }));
    }
    references = alive;
  };
  const noteStart = () => hearing.noteStart();
  const eachReply = recordReplies(add, follow, noteStart);
  const tellTimers = recordTimers(key, add, dispatch, eachReply, noteStart);
  add(window, hello, (event) => {
    const channel = relatedTargetOf(event);
    greeting++;
    add(channel, ask, tell);
    tellTimers(channel);
    hearing.connect(channel);
    dispatch(channel, new UIEvent(welcome));
  });
}

export { hookClosedRoots } from "./closed-hook.ts";
export { hookCopying } from "./copy-hook.ts";
