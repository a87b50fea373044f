/** @file Moves the pressed mouse: dragging, drawing, selecting text. */

import type { Page } from "playwright-core";
import type { ActionError, Offset } from "../core/action.ts";
import { inViewport, locateOn, refused, report } from "./hand.ts";
import type { Named } from "./hand.ts";
import { mainDocument } from "./page-world.ts";
import type { Spot } from "./page/locate.ts";

/** Moves of the mouse on the way; pages tell a drag from a click by them. */
const STEPS = 8;

export async function drag(page: Page, named: Named, to: Named | Offset): Promise<ActionError | null> {
  const { document, index } = named.target;
  const at = await locateOn(named);
  if ("error" in at) return at.error;
  let from: Spot = at.spot;
  const grip = at.takes === "range" ? await document.call("gripOf", index) : null;
  if (grip) from = (await document.toPage(grip)) ?? from;
  let goal: Spot | null;
  if (Array.isArray(to)) goal = { x: from.x + to[0], y: from.y + to[1] };
  else {
    const box = await to.target.document.call("boxOfElement", to.target.index);
    if (box.kind === "refused") return report(to.name, box);
    const [left, top, right, bottom] = box.box;
    goal = await to.target.document.toPage({ x: (left + right) / 2, y: (top + bottom) / 2 });
    // It may have been scrolled away to show the other.
    const again = await document.call("locate", index, false);
    if (again.kind === "refused") return report(named.name, again);
    if (!grip) from = (await document.toPage(again)) ?? from;
    const [l, t, r, b] = await boxAgain(to);
    goal = await to.target.document.toPage({ x: (l + r) / 2, y: (t + b) / 2 });
    if (!goal || !inViewport(goal) || !inViewport(from))
      return refused(`"${named.name}" and "${to.name}" cannot be on the screen together`);
  }
  if (!inViewport(goal)) return refused(`"${named.name}" would leave the window`);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(goal.x, goal.y, { steps: STEPS });
  // Some pages only see where they are on the second event there.
  await page.mouse.move(goal.x, goal.y);
  await page.mouse.up();
  return null;
}

async function boxAgain(named: Named): Promise<[number, number, number, number]> {
  const box = await named.target.document.call("boxOfElement", named.target.index);
  return box.kind === "box" ? box.box : [0, 0, 0, 0];
}

export async function draw(page: Page, points: readonly Offset[], named: Named): Promise<ActionError | null> {
  const { document, index } = named.target;
  const box = await document.call("boxOfElement", index);
  if (box.kind === "refused") return report(named.name, box);
  const [left, top, right, bottom] = box.box;
  const outside = points.find(([x, y]) => x < 0 || y < 0 || x > right - left || y > bottom - top);
  if (outside)
    return refused(
      `"${named.name}" is ${Math.round(right - left)} wide and ${Math.round(bottom - top)} high: ${outside.join(",")} is outside`,
    );
  const spots: Spot[] = [];
  for (const [x, y] of points) {
    const spot = await document.toPage({ x: left + x, y: top + y });
    if (!spot || !inViewport(spot)) return refused(`"${named.name}" is not wholly in sight: scroll first`);
    spots.push(spot);
  }
  const [first, ...rest] = spots;
  await page.mouse.move(first!.x, first!.y);
  await page.mouse.down();
  for (const { x, y } of rest) await page.mouse.move(x, y, { steps: rest.length > 20 ? 1 : STEPS });
  await page.mouse.up();
  return null;
}

/** Selects a passage in an element or on the page: with the mouse where that means nothing else. */
export async function selectText(page: Page, text: string, named: Named | null): Promise<ActionError | null> {
  const document = named ? named.target.document : await mainDocument(page);
  const subject = named ? `"${named.name}"` : "the page";
  const found = await document.call("findPassage", named ? named.target.index : null, text);
  if (found.kind === "refused") return named ? report(named.name, found) : refused(`${subject} ${found.why}`);
  if (found.kind === "selected") return null;
  const [from, to] = [await document.toPage(found.from), await document.toPage(found.to)];
  if (found.mouse && from && to && inViewport(from) && inViewport(to)) {
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 3 });
    await page.mouse.up();
  }
  const why = await document.call("selectPassage");
  return why === null ? null : refused(`${subject} ${why}`);
}
