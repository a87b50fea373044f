/** @file Chooses options: of native drop-downs by their value, of drawn ones as a person does. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Page, Request } from "playwright-core";
import { watchRequests, type OpenRequests } from "./watch-requests.ts";
import type { ActionError } from "../core/action.ts";
import { reportGone, locateOn, refuse, report } from "./hand.ts";
import type { Named } from "./hand.ts";
import { typeInto } from "./type-text.ts";

/** How long the options of a drawn list may take to appear, or to be found if typing looks them up. */
const OPEN_MS = 600;
const FOUND_MS = 1500;
/**
 * How long that may take in all while the page is still working on it: a request is open, or a timer is about to fire.
 */
const MOST_MS = 5000;

export async function choose(
  page: Page,
  texts: readonly string[],
  exactly: boolean,
  named: Named,
): Promise<ActionError | null> {
  const { document, index } = named.target;
  const why = await document.call("chooseOptions", index, texts, exactly);
  if (why === null) return null;
  if (why === "gone") return reportGone(named.name);
  if (why !== "drawn") return refuse(`"${named.name}" ${why}`);
  for (const text of texts) {
    const error = await chooseDrawn(page, text, named);
    if (error) return error;
  }
  return null;
}

async function chooseDrawn(page: Page, text: string, named: Named): Promise<ActionError | null> {
  const { document, index } = named.target;
  const list = await document.call("drawnList", index, text);
  if (list.kind === "refused") return report(named.name, list);
  if (list.suggestion !== null) return typeInto(page, list.suggestion, named, false);
  using loading = watchRequests(page, isForData);
  if (!list.open) {
    const at = await locateOn(named);
    if ("error" in at) return at.error;
    await page.mouse.click(at.spot.x, at.spot.y);
  }
  let found = await optionWithin(named, text, OPEN_MS, loading);
  if (found.kind === "none" && list.editable) {
    const error = await typeInto(page, text, named, false);
    if (error) return error;
    found = await optionWithin(named, text, FOUND_MS, loading);
  }
  if (found.kind === "refused") return report(named.name, found);
  if (found.kind === "away")
    return refuse(`"${named.name}" shows the option ${JSON.stringify(text)} out of reach`);
  const spot = found.kind === "at" ? await document.toPage(found) : null;
  if (!spot)
    return refuse(
      `"${named.name}" has no option ${JSON.stringify(text)}${"options" in found && found.options !== "" ? `; it shows: ${found.options}` : ""}`,
    );
  await page.mouse.click(spot.x, spot.y);
  return null;
}

async function optionWithin(named: Named, text: string, ms: number, loading: OpenRequests) {
  const { document, index } = named.target;
  const from = performance.now();
  const leftMs = () => from + MOST_MS - performance.now();
  let rested = false;
  let last: { x: number; y: number } | undefined;
  for (;;) {
    const found = await document.call("drawnOption", index, text);
    if (found.kind === "refused") return found;
    // An unfolding list moves, so another option may be at the point when the mouse arrives. The same position twice
    // means that it is at rest.
    if (found.kind === "at" && found.x === last?.x && found.y === last.y) return found;
    last = found.kind === "at" ? found : undefined;
    if (performance.now() - from < ms) await sleep(30);
    else {
      // What came with an answer is drawn a moment later.
      if ((rested && !loading.isOpen) || leftMs() <= 0) return found;
      rested = !loading.isOpen;
      await document.call("rest", Math.max(0, leftMs()));
    }
  }
}

/** Whether a request asks for data from which a list may be drawn. */
const isForData = (request: Request) => /^(?:document|fetch|script|xhr)$/.test(request.resourceType());
