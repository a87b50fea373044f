/** @file Which of a page's elements an action was about, for outlining it. */

import type { ObservedElement } from "../core/observation.ts";
import type { Step } from "../core/trajectory.ts";

/** `undefined` where the action names none, or none that was there. */
export function actedElement(step: Pick<Step, "action" | "observation">): ObservedElement | undefined {
  if (!step.action.ok || !("element" in step.action.action)) return undefined;
  const { elements } = step.observation;
  const written = fold(step.action.action.element);
  const candidates = [written, written.replace(/^\[(.*)\]$/, "$1").trim()];
  for (const candidate of candidates) {
    const same = elements.filter((element) => fold(element.name) === candidate);
    const exact = same.find((element) => element.name === (step.action.ok && elementOf(step.action.action)));
    if (exact) return exact;
    if (same.length === 1) return same[0];
  }
  return undefined;
}

const elementOf = (action: object) => ("element" in action ? action.element : undefined);
const fold = (text: string) => text.replace(/\s+/g, " ").trim().toLowerCase();
