/** @file Reads the page of an episode apart from its observations, by the page script in the isolated world. */

import type { Page } from "playwright-core";
import type { ElementName } from "../core/action.ts";
import { withDeadline } from "./with-deadline.ts";
import type { ElementTarget } from "./observe.ts";
import type { PageDocument } from "./page-world.ts";
import { everyDocument, mainDocument } from "./page-world.ts";

/**
 * The active tab's page, for reading between two steps. It returns the page's own text, from which secrets are not
 * removed.
 */
export interface PageReader {
  /** The page's own document; its `call` calls a function of the page script (`page/main.ts`). */
  document(): Promise<PageDocument>;
  /**
   * The element that an action calls by this name, with its document; `null` if no element, or more than one, has it.
   */
  find(name: ElementName): ElementTarget | null;
  /** All documents of the page, including those of its frames; its own comes first. */
  documents(): Promise<PageDocument[]>;
  url(): Promise<string>;
}

/** `current`: the page that is active when something is read; `limitMs`: how long it may take to answer. */
export function pageReader(
  current: () => Promise<Page>,
  find: PageReader["find"],
  limitMs: number,
): PageReader {
  return {
    document: () => withDeadline(current().then(mainDocument), limitMs),
    find,
    documents: () => withDeadline(current().then(everyDocument), limitMs),
    url: async () => (await current()).url(),
  };
}
