/**
 * @file What changes in a document by itself, for ever: tickers, clocks, carousels. Watching it tells it from the
 * effects of an action; after that, nobody waits for it.
 */

import { attributeOf, childElementsOf, contentOf, parentElementOf, tagOf } from "./native.ts";
import type { Timer } from "./timers.ts";

/** Something that changed so often, over so long, without growing, does not come to an end. */
const CHANGES = 5;
const OVER_MS = 1000;

/** A change in steps has ended when no step came for this many times the last one's length, or for this long. */
const PACES = 2.5;
const SLOWEST_MS = 150;

interface Changing {
  changes: number;
  /** Since when, in this wait. */
  from: number;
  last: number;
  sizeThen: number;
}

/**
 * How an element is recognised in the next document of a site. Without the numbers in names, which are counts and
 * dates.
 */
function describe(element: Element): string {
  const own = (of: Element) => {
    const name = `#${attributeOf(of, "id") ?? ""}.${attributeOf(of, "class") ?? ""}`.replace(/\d+/g, "0");
    // Cells of a table have no other name.
    const parent = name === "#." ? parentElementOf(of) : null;
    return tagOf(of) + (parent ? [...childElementsOf(parent)].indexOf(of) : name);
  };
  const parts: string[] = [];
  for (let at: Element | null = element; at && parts.length < 4; at = parentElementOf(at))
    parts.push(own(at));
  return parts.join("<").slice(0, 300);
}

const known = new WeakMap<Element, string>();
function nameOf(element: Element): string {
  let name = known.get(element);
  if (name === undefined) known.set(element, (name = describe(element)));
  return name;
}

const sizeOf = (element: Element) => contentOf(element)?.length ?? 0;

/** Sorts the changes of one wait. `learnt`: what earlier waits found; it grows. */
export function watchNoise(learnt: Set<string>) {
  const changing = new Map<Element, Changing>();
  let restlessUntil = 0;
  return {
    /** When an element that changed several times in a row should change again, if it goes on. */
    get restlessUntil(): number {
      return restlessUntil;
    },
    /**
     * Whether a change of this node means something. `now` is when it was seen. `drawn`: only where or how it is drawn
     * has changed, as in every animation, so only time tells whether that comes to an end.
     */
    counts(target: Node, now: number, drawn = false): boolean {
      const element = target instanceof Element ? target : parentElementOf(target);
      // The document itself: a new one is being written.
      if (!element) return true;
      const name = nameOf(element);
      if (learnt.has(name)) return false;
      const seen = changing.get(element);
      if (!seen) {
        changing.set(element, { changes: 1, from: now, last: now, sizeThen: 0 });
        return true;
      }
      if (seen.last === now) return true;
      restlessUntil = Math.max(restlessUntil, now + Math.min(PACES * (now - seen.last), SLOWEST_MS));
      seen.last = now;
      // Most elements change once.
      if (++seen.changes === 2) seen.sizeThen = sizeOf(element);
      if (drawn || seen.changes < CHANGES || now - seen.from < OVER_MS) return true;
      // An answer that is being written is worth waiting for.
      if (sizeOf(element) > seen.sizeThen + seen.changes) return true;
      learnt.add(name);
      return false;
    },
    /** The time is up: what has been changing until now is not going to stop. */
    giveUp(now: number): void {
      for (const [element, { last, changes }] of changing)
        if (changes >= CHANGES && now - last < OVER_MS) learnt.add(nameOf(element));
    },
    /** Whether this timer is set again and again without leading to anything. */
    isIdle: ({ delay }: Timer): boolean => learnt.has(`timer ${delay}`),
    addIdle: ({ delay }: Timer): void => void learnt.add(`timer ${delay}`),
    /** The same for an animation, which we wait for until `giveUp`. */
    isNoise: (element: Element): boolean => learnt.has(nameOf(element)),
    addNoise: (element: Element): void => void learnt.add(nameOf(element)),
  };
}
