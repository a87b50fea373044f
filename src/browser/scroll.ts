/** @file Scrolls the page, a pane in it, or what its frames show. */

import type { Page } from "playwright-core";
import type { ActionError } from "../core/action.ts";
import { inViewport, refuse, report } from "./hand.ts";
import type { NamedOrText } from "./hand.ts";
import { everyDocument, mainDocument } from "./page-world.ts";
import type { PageDocument } from "./page-world.ts";
import type { Direction, Scrolled } from "./page/scroll-pane.ts";

export async function scroll(
  page: Page,
  direction: Direction,
  at: NamedOrText | null,
): Promise<ActionError | null> {
  const refuseEnd = (what: string) => refuse(`${what} does not scroll further ${direction}`);
  const main = await mainDocument(page);
  if (at && "target" in at) {
    const { document, index } = at.target;
    const scrolled = await document.call("scroll", index, direction);
    if (scrolled?.kind === "refused") return report(at.name, scrolled);
    if (scrolled?.moved || (scrolled && (await turnWheel(document, scrolled)))) return null;
    if (scrolled?.pane) return refuseEnd(`"${at.name}"`);
    // Its frame shows all that it has; the page around it may have more.
    const around = await main.call("scroll", null, direction);
    return around?.kind === "scrolled" && around.moved ? null : refuseEnd("the page");
  }
  for (const document of await everyDocument(page)) {
    const scrolled = await document.call("scroll", at?.text ?? null, direction);
    if (scrolled?.kind !== "scrolled") continue;
    if (scrolled.moved || (await turnWheel(document, scrolled))) return null;
    if (at) return refuseEnd(scrolled.pane ? `the pane of "${at.text}"` : "the page");
  }
  return at ? at.otherwise : refuseEnd("the page");
}

/** Turns the mouse wheel if a script moves the page by it. `false`: that had no effect. */
async function turnWheel(document: PageDocument, { wheel }: Scrolled): Promise<boolean> {
  const spot = wheel && (await document.toPage(wheel.spot));
  if (!spot || !inViewport(document.page, spot)) return false;
  await document.page.mouse.move(spot.x, spot.y);
  await document.page.mouse.wheel(0, wheel.by);
  return document.gone || document.call("hasWheelMoved");
}
