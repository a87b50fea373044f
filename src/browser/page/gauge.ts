/** @file How full a bar is: `<progress>`, `<meter>` and their ARIA roles. */

import { attributeOf, contentOf } from "./native.ts";
import { explicitRoleOf } from "./role.ts";
import { squash } from "./text.ts";

const share = (now: number, min: number, max: number): string =>
  max > min ? `${Math.round((100 * (now - min)) / (max - min))}%` : String(now);

/** How full it is; `null` if it is not a bar, does not say, or says it in its own text. */
export function gaugeText(element: Element): string | null {
  if (element instanceof HTMLMeterElement) return share(element.value, element.min, element.max);
  // An indeterminate bar has a position of -1.
  if (element instanceof HTMLProgressElement)
    return element.position < 0 ? null : share(element.value, 0, element.max);
  if (!/^(?:progressbar|meter)$/.test(explicitRoleOf(element)) || squash(contentOf(element) ?? "") !== "")
    return null;
  const said = attributeOf(element, "aria-valuetext");
  if (said) return squash(said);
  const number = (name: string, otherwise: number) => Number(attributeOf(element, name) ?? otherwise);
  const now = number("aria-valuenow", NaN);
  return Number.isNaN(now) ? null : share(now, number("aria-valuemin", 0), number("aria-valuemax", 100));
}
