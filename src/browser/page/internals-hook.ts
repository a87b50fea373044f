/**
 * @file Follows `ElementInternals` in the page's own world: roles, names and states that are in no attribute and that
 * no other world can read. Used by `hook.ts`, before the page's scripts run.
 */

import { INTERNALS } from "./listener-protocol.ts";
import { free } from "./page-natives.ts";
import type { Follow } from "./page-natives.ts";

interface Attached {
  element: WeakRef<Element>;
  internals: WeakRef<ElementInternals>;
  /** What `internals.ts` last heard, and at which greeting. */
  told: string;
  greeting: number;
}

/** Tells what has changed: `tell` is called with JSON. */
export type TellInternals = (greeting: number, tell: (element: Element, json: string) => void) => void;

export function recordInternals(follow: Follow): TellInternals {
  const { WeakRef } = window;
  const { stringify } = JSON;
  const { create } = Object;
  const elementOf = free<(reference: WeakRef<Element>) => Element | undefined>(WeakRef, "deref");
  const internalsOf = free<(reference: WeakRef<ElementInternals>) => ElementInternals | undefined>(
    WeakRef,
    "deref",
  );
  const isConnected = free<(element: Element) => boolean>(Node, "isConnected", "get");
  const names = Object.keys(INTERNALS);
  const getters = names.map((name) =>
    free<(of: ElementInternals) => string | null>(ElementInternals, name, "get"),
  );
  const all: Attached[] = [];
  follow(HTMLElement.prototype, "attachInternals", "value", (element, _args, internals) => {
    all[all.length] = {
      element: new WeakRef(element as Element),
      internals: new WeakRef(internals as ElementInternals),
      told: "",
      greeting: 0,
    };
  });
  return (greeting, tell) => {
    for (let i = 0; i < all.length; i++) {
      const one = all[i]!;
      const element = elementOf(one.element);
      const internals = internalsOf(one.internals);
      if (!element || !internals || !isConnected(element)) continue;
      const said: Record<string, string> = create(null) as never;
      let isAny = false;
      for (let j = 0; j < names.length; j++) {
        const value = getters[j]!(internals);
        if (value === null) continue;
        said[INTERNALS[names[j]!]!] = value;
        isAny = true;
      }
      const json = isAny ? stringify(said) : "";
      if (json === one.told && (one.greeting === greeting || json === "")) continue;
      one.told = json;
      one.greeting = greeting;
      tell(element, json || "{}");
    }
  };
}
