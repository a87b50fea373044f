/** @file Finds the element that a model named. */

import type { ActionError } from "../core/action.ts";
import type { Observation } from "../core/observation.ts";
import type { ElementTarget } from "./observe.ts";

/**
 * Exact, or with the brackets and value that the page prints around it, or in other letter case where only one element
 * fits. An agent's slip of that kind is not worth a step; anything more would be guessing.
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
    bare.replace(/(?: = |; options: |; disabled|; invalid: ).*$/, ""),
  ]) {
    const exact = names.indexOf(candidate);
    if (exact >= 0) return at(exact);
    const folded = names.flatMap((name, index) =>
      name.toLowerCase() === candidate.toLowerCase() ? [index] : [],
    );
    if (folded.length === 1) return at(folded[0]!);
    if (folded.length > 1)
      return {
        code: "ambiguous_element",
        message: `"${candidate}" may be ${folded.map((index) => `"${names[index]!}"`).join(" or ")}`,
      };
  }
  return {
    code: "unknown_element",
    message: `no element "${bare.slice(0, 120)}" on this page`,
  };
}
