/** @file Moves the pressed mouse: dragging, drawing, selecting text. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { ActionError, Offset } from "../core/action.ts";
import { inViewport, locateOn, refuse, report } from "./hand.ts";
import type { Named, NamedOrText } from "./hand.ts";
import { mainDocument } from "./page-world.ts";
import type { Spot } from "./page/locate.ts";

/** Mouse moves on the way, by which pages distinguish a drag from a click. */
const STEPS = 8;
/** Pixels past the middle of the element on which something is dropped. */
const PAST = 5;
/** Some pages ignore the mouse for a moment after each of their changes (SortableJS for 30 ms). */
const REST_MS = 40;

export async function drag(
  page: Page,
  what: NamedOrText,
  to: NamedOrText | Offset,
): Promise<ActionError | null> {
  let from = await grip(page, what);
  if ("error" in from) return from.error;
  let goal: Spot = from;
  if (Array.isArray(to)) goal = { x: from.x + to[0], y: from.y + to[1] };
  else
    // Scrolling to one may scroll the other away; if both fit, nothing moves the second time.
    for (let round = 0; round < 2; round++) {
      const middle = await middleOf(page, to);
      if ("error" in middle) return middle.error;
      const again = await grip(page, what);
      if ("error" in again) return again.error;
      const moved = Math.abs(again.x - from.x) + Math.abs(again.y - from.y) > 1;
      if (round === 1 && moved) return refuse("the two cannot be on the screen together");
      [from, goal] = [again, middle];
    }
  if (!inViewport(page, from) || !inViewport(page, goal)) return refuse("the mouse would leave the window");
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(goal.x, goal.y, { steps: STEPS });
  // Lists that are sorted by dragging move an item out of the way once the mouse has passed its middle.
  const [dx, dy] = [goal.x - from.x, goal.y - from.y];
  const far = Array.isArray(to) ? 0 : PAST / Math.max(1, Math.hypot(dx, dy));
  await sleep(REST_MS);
  await page.mouse.move(goal.x + dx * far, goal.y + dy * far, { steps: 2 });
  await sleep(REST_MS);
  await page.mouse.move(goal.x, goal.y);
  await page.mouse.up();
  return null;
}

/** The point at which to grab it: a slider by its thumb. */
async function grip(page: Page, what: NamedOrText): Promise<Spot | { error: ActionError }> {
  if ("text" in what) return middleOf(page, what);
  const at = await locateOn(what);
  if ("error" in at) return at;
  const { document, index } = what.target;
  const thumb = at.takes === "range" ? await document.call("gripOf", index) : null;
  return (thumb && (await document.toPage(thumb))) ?? at.spot;
}

async function middleOf(page: Page, end: NamedOrText): Promise<Spot | { error: ActionError }> {
  if ("text" in end)
    return (await (await mainDocument(page)).call("placeOfText", end.text)) ?? { error: end.otherwise };
  const { document, index } = end.target;
  const box = await document.call("boxOfElement", index);
  if (box.kind === "refused") return { error: report(end.name, box) };
  const [left, top, right, bottom] = box.box;
  const middle = await document.toPage({ x: (left + right) / 2, y: (top + bottom) / 2 });
  return middle ?? { error: refuse(`"${end.name}" is covered or out of sight`) };
}

export async function draw(page: Page, points: readonly Offset[], named: Named): Promise<ActionError | null> {
  const { document, index } = named.target;
  const box = await document.call("boxOfElement", index);
  if (box.kind === "refused") return report(named.name, box);
  const [left, top, right, bottom] = box.box;
  const outside = points.find(([x, y]) => x < 0 || y < 0 || x > right - left || y > bottom - top);
  if (outside)
    return refuse(
      `"${named.name}" is ${Math.round(right - left)} wide and ${Math.round(bottom - top)} high: ${outside.join(",")} is outside`,
    );
  const spots: Spot[] = [];
  for (const [x, y] of points) {
    const spot = await document.toPage({ x: left + x, y: top + y });
    if (!spot || !inViewport(page, spot))
      return refuse(`"${named.name}" is not wholly in sight: scroll first`);
    spots.push(spot);
  }
  const [first, ...rest] = spots;
  await page.mouse.move(first!.x, first!.y);
  await page.mouse.down();
  for (const { x, y } of rest) await page.mouse.move(x, y, { steps: rest.length > 20 ? 1 : STEPS });
  await page.mouse.up();
  return null;
}

/** Selects a passage in an element or on the page, with the mouse if that has no other effect. */
export async function selectText(page: Page, text: string, named: Named | null): Promise<ActionError | null> {
  const document = named ? named.target.document : await mainDocument(page);
  const subject = named ? `"${named.name}"` : "the page";
  const found = await document.call("findPassage", named ? named.target.index : null, text);
  if (found.kind === "refused") return named ? report(named.name, found) : refuse(`${subject} ${found.why}`);
  if (found.kind === "selected") return null;
  const [from, to] = [await document.toPage(found.from), await document.toPage(found.to)];
  if (found.mouse && from && to && inViewport(page, from) && inViewport(page, to)) {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 3 });
    await page.mouse.up();
  }
  const why = await document.call("selectPassage");
  return why === null ? null : refuse(`${subject} ${why}`);
}
