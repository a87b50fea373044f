/**
 * @file What custom elements say about themselves through `ElementInternals`, as `internals-hook.ts` tells from the
 * page's world.
 */

import { attributeOf } from "./native.ts";

const said = new WeakMap<Element, Partial<Record<string, string>>>();
let isAnySaid = false;

export function noteInternals(element: Element, json: string): void {
  said.set(element, JSON.parse(json) as Record<string, string>);
  isAnySaid = true;
}

/** `role` or an `aria-…` attribute, which takes precedence, or what the element's internals say instead. */
export const ariaOf = (element: Element, name: string): string | null =>
  attributeOf(element, name) ?? (isAnySaid ? (said.get(element)?.[name] ?? null) : null);
