/** @file An episode's clipboard. See `page/clipboard.ts`. */

import type { Page } from "playwright-core";
import { clipOf, everyDocument } from "./page-world.ts";

/** Provides what the episode has copied to the page's next paste. */
export async function preparePaste(page: Page): Promise<void> {
  const clip = clipOf(page.context());
  const documents = await everyDocument(page);
  await Promise.all(documents.map((document) => document.call("setClip", clip)));
}
