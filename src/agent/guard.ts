/**
 * @file The contract of what stands below the model: asked before every action, and given every browser context. Nothing that
 * a model or a page writes reaches past it. `safety/` implements it: secrets, policy, approval, audit.
 */

import type { BrowserContext } from "playwright-core";
import type { Observation } from "../core/observation.ts";
import type { PageReader } from "../browser/reader.ts";
import type { JournalledAction } from "./journal.ts";

/** An action that is about to be done. */
export interface Proposal {
  /** As the model wrote it: secrets are placeholders. */
  action: JournalledAction;
  /** The page on which it was chosen. */
  page: Observation;
  /** Reads more of that page, in its isolated world. */
  reader: PageReader;
  /** What the agent was asked to do; `null` outside of a run. */
  instruction: string | null;
  signal?: AbortSignal | undefined;
}

export type Admission =
  /** `action` is what is done in the browser; it may differ in that placeholders of secrets are filled in. */
  | { admitted: true; action: JournalledAction }
  /** `reason`: one sentence, which the model reads, too. */
  | { admitted: false; reason: string };

export interface Guard {
  /** Called once for every action, and for every address that the runtime opens by itself. */
  admit(proposal: Proposal): Promise<Admission>;
  /** Called with every context of the browser before its first page: requests can be watched and refused there. */
  attach?(context: BrowserContext): Promise<void>;
}
