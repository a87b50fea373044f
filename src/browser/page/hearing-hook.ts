/**
 * @file Records, in the page's own world, what an action may have started without any timer, reply, mutation or request
 * that would show it. If there is nothing, the page need not be watched for a while after the action. Runs before the
 * page's scripts, as `hook.ts` does; `hearing.ts` asks. If in doubt, it counts as started.
 */

import { hearingNamesOf } from "./listener-protocol.ts";
import { free } from "./page-natives.ts";
import type { Follow } from "./page-natives.ts";

/** The events that a script gets while the pointer moves, without a press. */
const MOVES = (
  "mouseover mouseout mouseenter mouseleave mousemove pointerover pointerout pointerenter pointerleave pointermove " +
  "pointerrawupdate"
).split(" ");

const WHEELS = ["wheel", "mousewheel"];

/**
 * Events that the browser sends a moment after something happened: a page that listens to one of them may go on because
 * of it.
 */
const LATE = (
  "toggle beforetoggle close cancel select selectionchange scroll scrollend hashchange popstate transitionrun " +
  "transitionstart transitionend animationstart animationend fullscreenchange storage play pause seeked"
).split(" ");

/** By class, the methods that make something happen later; `""` is the window. */
const STARTS: Record<string, string[]> = {
  "": ["fetch", "open", "postMessage"],
  Element: ["requestFullscreen", "requestPointerLock"],
  XMLHttpRequest: ["send"],
  MessagePort: ["postMessage"],
  BroadcastChannel: ["postMessage"],
  Worker: ["postMessage"],
  ServiceWorker: ["postMessage"],
  WebSocket: ["send"],
  Scheduler: ["postTask", "yield"],
  LockManager: ["request"],
  Permissions: ["query"],
  Geolocation: ["getCurrentPosition", "watchPosition"],
  Clipboard: ["read", "readText"],
  CredentialsContainer: ["get", "create", "store"],
  MediaDevices: ["getUserMedia", "enumerateDevices"],
  WritableStreamDefaultWriter: ["write", "close"],
  AudioContext: ["resume", "decodeAudioData"],
  HTMLFormElement: ["submit", "requestSubmit"],
  HTMLElement: ["click"],
  HTMLMediaElement: ["play", "load"],
  HTMLCanvasElement: ["toBlob"],
  History: ["back", "forward", "go"],
  Document: ["startViewTransition"],
};

/** What tells a page about its layout, with the next frame. */
const WATCHES: Record<string, string> = {
  IntersectionObserver: "observe",
  ResizeObserver: "observe",
  // Our mutation observers do not see into shadow roots.
  Element: "attachShadow",
};

export interface Natives {
  listen: (target: unknown, type: string, callback: (event: Event) => void, options?: object) => void;
  follow: Follow;
  /** Whether an element listens to the type by `addEventListener`. */
  listensTo: (element: Element, type: string) => boolean;
  isElement: (target: unknown) => target is Element;
}

export interface Hearing {
  /** Call it for every listener, whatever it listens to. */
  noteListener(target: unknown, type: string): void;
  /** Call it for every short timer and for everything that the page asks the browser for. */
  noteStart(): void;
  connect(channel: unknown): void;
}

export function recordHearing(key: string, { listen, follow, listensTo, isElement }: Natives): Hearing {
  const names = hearingNamesOf(key);
  const pathOf = free<(event: Event) => EventTarget[]>(Event, "composedPath");
  const detailOf = free<(event: Event) => number>(UIEvent, "detail", "get");
  const prevent = free<(event: Event) => void>(Event, "preventDefault");
  /** Types that something other than an element listens to, such as the document. */
  const roots: Record<string, true> = Object.create(null) as never;
  /** A script may get one of the late events. */
  let watches = false;
  /** A script has started something. */
  let started = false;
  /** Inputs that have passed here; `document.open` removes these listeners. */
  let inputs = 0;
  const noteStart = () => {
    started = true;
  };
  const noteWatch = () => {
    watches = true;
  };

  const owners = window as unknown as Record<string, { prototype: object } | undefined>;
  for (const owner in STARTS)
    for (const name of STARTS[owner]!) {
      const object = owner === "" ? window : owners[owner]?.prototype;
      if (object) follow(object, name, "value", noteStart);
    }
  for (const name of ["compile", "instantiate"]) follow(WebAssembly, name, "value", noteStart);
  for (const name of ["scrollTop", "scrollLeft"]) follow(Element.prototype, name, "set", noteStart);
  follow(HTMLImageElement.prototype, "src", "set", noteStart);
  for (const owner in WATCHES) follow(owners[owner]!.prototype, WATCHES[owner]!, "value", noteWatch);
  for (const type of LATE) follow(HTMLElement.prototype, `on${type}`, "set", noteWatch);

  const handles = (target: unknown, type: string) => !!(target as Record<string, unknown>)[`on${type}`];
  const hears = (target: EventTarget, type: string): boolean =>
    handles(target, type) || (isElement(target) ? listensTo(target, type) : roots[type] === true);
  const areHeard = (event: Event, types: readonly string[]): boolean => {
    const path = pathOf(event);
    for (let i = 0; i < path.length; i++)
      for (let j = 0; j < types.length; j++) if (hears(path[i]!, types[j]!)) return true;
    return false;
  };
  const isToldLate = (): boolean => {
    if (watches) return true;
    for (let i = 0; i < LATE.length; i++)
      if (roots[LATE[i]!] || handles(window, LATE[i]!) || handles(document, LATE[i]!)) return true;
    return false;
  };
  const mayGoOn = (): boolean => started || inputs === 0 || isToldLate();
  /** The event comes back prevented if nothing is heard or left. Asking may run code of the page, which may throw. */
  const answer = (event: Event, isHeard: (event: Event) => boolean) => {
    try {
      if (!isHeard(event)) prevent(event);
    } catch {
      // The page's objects are not what they seem to be: this counts as heard.
    }
  };
  for (const type of ["mousedown", "keydown"])
    listen(window, type, () => inputs++, { capture: true, passive: true });
  listen(window, names.moves, (event) => answer(event, () => areHeard(event, MOVES)), { capture: true });
  listen(window, names.wheels, (event) => answer(event, () => areHeard(event, WHEELS)), { capture: true });
  return {
    noteStart,
    noteListener: (target, type) => {
      if (!isElement(target)) roots[type] = true;
      else for (let i = 0; i < LATE.length; i++) if (LATE[i] === type) watches = true;
    },
    connect: (channel) =>
      listen(channel, names.ask, (event) => {
        if (detailOf(event) !== 1) return answer(event, detailOf(event) === 2 ? isToldLate : mayGoOn);
        started = false;
        inputs = 0;
      }),
  };
}
