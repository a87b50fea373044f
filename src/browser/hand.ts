/**
 * @file The beginning of all actions on elements: finds where on the screen the element is, or why it cannot be
 * touched.
 */

import type { Page } from "playwright-core";
import type { ActionError } from "../core/action.ts";
import type { ElementTarget } from "./observe.ts";
import type { Located, Refusal, Spot } from "./page/locate.ts";

/** An element of the last observation, and its name there. */
export interface Named {
  target: ElementTarget;
  name: string;
}

/** If no element has the name: the text on the page, and the error if it is not there. */
export type NamedOrText = Named | { text: string; otherwise: ActionError };

export const refuse = (message: string): ActionError => ({ code: "not_actionable", message });

export const reportGone = (name: string): ActionError => ({
  code: "unknown_element",
  message: `"${name}" is no longer on this page`,
});

/** What the page reports about an element, in words for the agent. */
export const report = (name: string, { reason, why }: Pick<Refusal, "reason" | "why">): ActionError =>
  reason === "gone" ? reportGone(name) : refuse(`"${name}" ${why}`);

/** Whether the mouse can be moved there. */
export function inViewport(page: Page, { x, y }: Spot): boolean {
  const { width, height } = page.viewportSize()!;
  return x >= 0 && y >= 0 && x < width && y < height;
}

/** Finds the element, scrolled into view, and the point of the screen at which to touch it. */
export async function locateOn(
  named: Named,
): Promise<(Omit<Located, "kind" | "x" | "y"> & { spot: Spot }) | { error: ActionError }> {
  const { document, index } = named.target;
  // A frame may be out of sight although the element is in the frame's own view.
  for (const again of [false, true]) {
    const at = await document.call("locate", index, again);
    if (at.kind === "refused") return { error: report(named.name, at) };
    const spot = await document.toPage(at);
    if (spot && inViewport(document.page, spot)) return { ...at, spot };
  }
  return { error: refuse(`"${named.name}" is covered or out of sight`) };
}
