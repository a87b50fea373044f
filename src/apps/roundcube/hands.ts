/** @file Stretches of oracles in the mail. */

import type { ObservedElement, Observation } from "../../core/observation.ts";
import { exit, find, maybe } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { arrive, clickOn, reach, readUntil, until } from "../reading.ts";

/**
 * What a bar offers, once it can be used. The element may be the bar's button or the item that the button is in; in the
 * format webrl, it is the text.
 */
const inBar = (page: Observation, label: string): ObservedElement | undefined =>
  ["button", "menuitem", "link", "span"]
    .map((role) => page.elements.find((each) => each.role === role && each.label === label && !each.disabled))
    .find((each) => each !== undefined);

export function* use(page: Observation, label: string): Stretch {
  const now = yield* until(page, (each) => inBar(each, label) !== undefined);
  const found = inBar(now, label);
  if (!found) throw new Error(`oracle: nothing called ${label} can be used\n${now.text}`);
  return yield { kind: "click", element: found.name };
}

/** Leaves the list for what the page's bar offers. While a list is still loading, Roundcube does nothing else. */
export function* leaveFor(first: Observation, label: string): Stretch {
  return yield* use(yield* readUntil(first, /Messages 1 to \d/), label);
}

/**
 * Opens a letter of the list. The format webrl does not show the pane beside the list: there, the letter is opened on
 * its own.
 */
export function* openLetter(first: Observation, subject: string): Stretch {
  const page = yield* reach(first, "link", subject);
  const element = find(page, "link", subject).name;
  if (page.format !== "webrl") return yield { kind: "click", element };
  return yield* arrive(
    yield { kind: "double_click", element },
    ({ searchParams }) => searchParams.get("_action") === "show",
  );
}

/** Opens a folder. */
export function* openFolder(first: Observation, folder: string): Stretch {
  // In the format webrl, the link in the tree's item.
  const role = first.format === "webrl" ? "link" : "treeitem";
  const page = yield* clickOn(first, role, new RegExp(`^${folder}`));
  return yield* until(page, ({ url }) => url.includes(`_mbox=${folder}`));
}

/** The form of a new mail, once it can be filled in. */
export const awaitComposeForm = (page: Observation): Stretch =>
  until(page, (now) => maybe(now, "textbox", /^Subject/) !== undefined && !isPlain(now));
/** In the format webrl: Roundcube has not yet replaced the plain fields for addresses by its own. */
const isPlain = ({ format, text }: Observation) => format === "webrl" && text.split("<textarea").length > 2;

const fields = (page: Observation) => page.elements.filter(({ role }) => role === "textbox");
/** To whom a new mail goes: the first field of the form. */
export const recipients = (page: Observation) => fields(page)[0]!;
/** What is written: the last field. */
export const body = (page: Observation) => fields(page).at(-1)!;

/** Sends the mail, and ends. */
export function* send(page: Observation): Stretch {
  const sent = yield* use(page, "Send");
  yield* arrive(sent, ({ searchParams }) => searchParams.get("_action") !== "compose");
  return yield exit();
}
