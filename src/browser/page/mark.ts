/** @file What a reading depends on without any mutation to show it, to find out whether the reading still holds. */

import { learnListeners, listenersVersion } from "./listeners.ts";
import { memory } from "./memory.ts";
import { boxOf, innerTextOf, isRendered, page } from "./native.ts";
import { scrollState } from "./scroll.ts";
import { findFocused } from "./tree.ts";

/**
 * Items to compare one by one, for the elements that were listed last; `null` if that cannot be known. `fresh`: nothing
 * has run since the listeners were read.
 */
export function markReading(fresh: boolean): unknown[] | null {
  if (
    page.empty ||
    memory.shadows ||
    page.animations().some((animation) => animation.playState === "running")
  )
    return null;
  const items: unknown[] = [
    location.href,
    page.title,
    findFocused(),
    page.sheets,
    innerTextOf(page.root),
    ...Object.values(scrollState()),
    scrollX,
    fresh ? listenersVersion() : learnListeners(),
    [...page.findAll(":hover")].at(-1),
  ];
  for (const element of memory.elements) {
    const box = boxOf(element);
    items.push(box.left, box.top, box.right, box.bottom, isRendered(element));
    if (element instanceof HTMLInputElement) items.push(element.value, element.checked);
    else if (element instanceof HTMLTextAreaElement) items.push(element.value);
    else if (element instanceof HTMLSelectElement) items.push(element.selectedIndex);
  }
  return items;
}
