/** @file Finds the element that a model named. */

import type { ActionError } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { ElementTarget } from "./observe.ts";

/**
 * Removes differences that a reader does not see and a model does not reproduce: compatibility forms and composed or
 * decomposed accents, invisible characters, kinds of blanks and quotes.
 */
const normalize = (text: string): string =>
  text
    .normalize("NFKC")
    .replace(/[\p{Cf}\uFE00-\uFE0F]/gu, "")
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/\s+/g, " ")
    .trim();
const foldCase = (text: string): string => normalize(text).toLowerCase();

/**
 * Matches exactly, or with the brackets and value that the page prints around it, or in another letter case if only one
 * element fits. Such a slip of the agent is not worth a step; anything more would be guessing.
 */
export function findElement(
  written: string,
  observation: Pick<Observation, "elements" | "format">,
  targets: readonly ElementTarget[],
): { target: ElementTarget; name: string } | ActionError {
  const names = observation.elements.map((element) => element.name);
  const at = (index: number) => ({ target: targets[index]!, name: names[index]! });
  const bare = written
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^\[(.*)\]$/, "$1")
    .trim();
  for (const candidate of [
    written,
    bare,
    bare.replace(/(?: = |; options: |; more |; disabled|; invalid: ).*$/, ""),
  ]) {
    const exact = names.indexOf(candidate);
    if (exact >= 0) return at(exact);
    for (const same of [normalize, foldCase]) {
      const found = names.flatMap((name, index) => (same(name) === same(candidate) ? [index] : []));
      if (found.length === 1) return at(found[0]!);
      if (found.length > 1)
        return {
          code: "ambiguous_element",
          message: `"${candidate}" may be ${found.map((index) => `"${names[index]!}"`).join(" or ")}`,
        };
    }
  }
  return {
    code: "unknown_element",
    message: `no element "${bare.slice(0, 120)}" on this page`,
  };
}
