/** @file Stretches of oracles in the keeper's pages. */

import type { Observation } from "../../core/observation.ts";
import { find, maybe } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { arrive, clickOn, reach, readUntil } from "../reading.ts";

/** Links of the menu at the side, which scrolls by itself. */
const MENU = ["Products", "Categories", "Collections", "Attributes", "Posts", "Tags", "Comments", "Orders"];

export function* openList(first: Observation, name: string, path: string): Stretch {
  let page = yield* reach(first, "link", "Products");
  for (let i = 0; i < 4 && !maybe(page, "link", name); i++) {
    // The pane itself is not used, because not every format lists it.
    const last = page.elements.findLast(({ label }) => MENU.includes(label))!;
    page = yield { kind: "scroll_down", element: last.name };
  }
  page = yield* clickOn(page, "link", name);
  return yield* arrive(page, ({ pathname }) => pathname === `/admin/${path}`);
}

export function* editProduct(first: Observation, name: string): Stretch {
  let page = yield* openList(first, "Products", "products");
  // The first one, at the head, searches everything.
  page = yield* reach(page, "textbox", "Search", 2);
  page = yield { kind: "search", element: find(page, "textbox", "Search", 2).name, text: name };
  page = yield* arrive(page, ({ searchParams }) => searchParams.get("keyword") === name);
  page = yield* clickOn(page, "link", name);
  return yield* reach(page, "textbox", /^Price/);
}

export function* editOrder(first: Observation, number: string): Stretch {
  let page = yield* openList(first, "Orders", "orders");
  page = yield* clickOn(page, "link", `#${number}`);
  return yield* readUntil(page, new RegExp(`Editing #${number}`));
}

/** Presses the form's button, and waits until the page says that the form was saved. */
export function* saveForm(page: Observation): Stretch {
  return yield* readUntil(yield* clickOn(page, "button", "Save"), /successfully/);
}
