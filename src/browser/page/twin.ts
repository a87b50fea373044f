/** @file Texts that a page has twice: drawn for the eye, and once more, invisibly, for screen readers. */

import { attributeOf, boxOf, childElementsOf, contentOf, parentElementOf } from "./native.ts";
import { squash } from "./text.ts";
import { styleOf } from "./tree.ts";

/** Too small to be seen, or clipped away. */
function isUnseen(element: Element): boolean {
  const { width, height } = boxOf(element);
  const { clipPath, clip, position } = styleOf(element);
  return (
    (position === "absolute" && ((width <= 2 && height <= 2) || /^rect\((\d)px/.test(clip))) ||
    /^inset\((?:50|100)%/.test(clipPath)
  );
}

const lettersOf = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** What screen readers get instead of `drawn`, which is hidden from them. */
export function spokenTwin(drawn: Element): { element: Element; text: string } | null {
  const shown = lettersOf(contentOf(drawn) ?? "");
  if (shown === "") return null;
  const parent = parentElementOf(drawn);
  if (!parent) return null;
  for (const element of childElementsOf(parent)) {
    if (element === drawn || attributeOf(element, "aria-hidden") === "true") continue;
    const text = squash(contentOf(element) ?? "");
    const said = lettersOf(text);
    if (said !== "" && (said.includes(shown) || shown.includes(said)) && isUnseen(element))
      return { element, text };
  }
  return null;
}
