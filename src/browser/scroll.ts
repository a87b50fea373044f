/** @file Scrolls the page, a pane in it, or what its frames show. */

import type { Page } from "playwright-core";
import type { ActionError } from "../core/action.ts";
import { refused, report } from "./hand.ts";
import type { NamedOrText } from "./hand.ts";
import { everyDocument, mainDocument } from "./page-world.ts";
import type { Direction } from "./page/scroll-pane.ts";

export async function scroll(
  page: Page,
  direction: Direction,
  at: NamedOrText | null,
): Promise<ActionError | null> {
  const ended = (what: string) => refused(`${what} does not scroll further ${direction}`);
  const main = await mainDocument(page);
  if (at && "target" in at) {
    const { document, index } = at.target;
    const scrolled = await document.call("scroll", index, direction);
    if (scrolled?.kind === "refused") return report(at.name, scrolled);
    if (scrolled?.moved) return null;
    if (scrolled?.pane) return ended(`"${at.name}"`);
    // Its frame shows all that it has; the page around it may have more.
    const around = await main.call("scroll", null, direction);
    return around?.kind === "scrolled" && around.moved ? null : ended("the page");
  }
  for (const document of await everyDocument(page)) {
    const scrolled = await document.call("scroll", at?.text ?? null, direction);
    if (scrolled?.kind !== "scrolled") continue;
    if (scrolled.moved) return null;
    if (at) return ended(scrolled.pane ? `the pane of "${at.text}"` : "the page");
  }
  return at ? at.otherwise : ended("the page");
}
