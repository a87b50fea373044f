/** @file Finds the element of a page that an action named, to outline it. */

import type { Action } from "../core/action.ts";
import type { ObservedElement } from "../core/observation.ts";
import type { Step } from "../core/trajectory.ts";

/** `undefined` if the action names none, or one that was not there. */
export function actedElement(step: Pick<Step, "action" | "observation">): ObservedElement | undefined {
  const named = step.action.ok ? elementOf(step.action.action) : undefined;
  if (named === undefined) return undefined;
  const { elements } = step.observation;
  const written = fold(named);
  const candidates = [written, written.replace(/^\[(.*)\]$/, "$1").trim()];
  for (const candidate of candidates) {
    const same = elements.filter((element) => fold(element.name) === candidate);
    const exact = same.find((element) => element.name === named);
    if (exact) return exact;
    if (same.length === 1) return same[0];
  }
  return undefined;
}

const elementOf = (action: Action): string | undefined => ("element" in action ? action.element : undefined);
const fold = (text: string) => text.replace(/\s+/g, " ").trim().toLowerCase();
