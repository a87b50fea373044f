/** @file What an episode has copied. See `page/clipboard.ts`. */

import type { Page } from "playwright-core";
import { clipOf, everyDocument } from "./page-world.ts";

/** Puts what the episode has copied where the page's next paste will find it. */
export async function preparePaste(page: Page): Promise<void> {
  const clip = clipOf(page.context());
  const documents = await everyDocument(page);
  await Promise.all(documents.map((document) => document.call("setClip", clip)));
}
