/** @file Fills in an action's secrets and asks the guard before the action touches the page. */

import type { Page } from "playwright-core";
import type { Action, ActionError } from "../core/action.ts";
import { withDeadline } from "./with-deadline.ts";
import { mainDocument } from "./page-world.ts";
import type { Lookup } from "./perform.ts";
import { isReplaced } from "./tabs.ts";
import { readTouched } from "./touched.ts";
import { fillSecrets } from "./typed-secrets.ts";
import type { EpisodeWorld } from "./world.ts";

/** All actions except the end of the episode. */
export type LiveAction = Exclude<Action, { kind: "exit" }>;

/** The page of an action that is about to be done. */
export interface ActingOn {
  page: Page;
  /** The last observation of it. */
  title: string;
  lookup: Lookup;
  responseMs: number;
}

/** The action to carry out, or why it must not be. `where` is called only if there are secrets or a guard. */
export async function admitAction(
  action: LiveAction,
  world: EpisodeWorld,
  where: () => Promise<ActingOn>,
  { signal, askSignal }: { signal?: AbortSignal | undefined; askSignal?: AbortSignal | undefined },
): Promise<{ action: LiveAction } | { error: ActionError }> {
  const { guard } = world;
  const secrets = guard?.secrets ?? world.secrets;
  if (!secrets) return { action };
  const { page, title, lookup, responseMs } = await where();
  const elements =
    action.kind === "switch_tab"
      ? []
      : await withDeadline(readTouched(page, action, lookup), responseMs, signal).catch((error: unknown) => {
          // Its page is gone; the action will report that.
          if (isReplaced(error)) return [];
          throw error;
        });
  const filled = fillSecrets(action, secrets, elements);
  if ("error" in filled) return filled;
  const pageText = () => mainDocument(page).then((document) => document.call("pageText"));
  const error = await guard?.beginAction({
    action,
    elements,
    secrets: filled.names,
    page: { url: page.url(), title },
    pageText: () => withDeadline(pageText(), responseMs, signal),
    signal: askSignal ?? signal,
  });
  return error ? { error } : { action: filled.action as LiveAction };
}
