/** @file Stretches of oracles that several templates share. */

import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import { click, maybe, wordsOf } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { escape } from "../../sites/oracle-steps.ts";
import { arrive, clickOn, fillIn, reach, until } from "../reading.ts";
import { PRODUCTS, productCalled, slug } from "./content.ts";

/** The menu at the head, which stands behind what was opened over the page. */
export function* openCategory(first: Observation, category: string): Stretch {
  let page = first;
  if (maybe(page, "button", "Close")) page = yield click(page, "button", "Close");
  for (let i = 0; i < 8 && !maybe(page, "link", category) && page.scroll.top > 0; i++)
    page = yield { kind: "scroll_up" };
  page = yield* clickOn(page, "link", category);
  return yield* arrive(page, ({ pathname }) => pathname === `/${category.toLowerCase()}`);
}

export function* openProduct(first: Observation, name: string): Stretch {
  const page = yield* openCategory(first, productCalled(name).category);
  return yield* arrive(
    // Its link holds its price, too.
    yield* clickOn(page, "link", new RegExp(`^${escape(name)} `)),
    ({ pathname }) => pathname.endsWith(`/${slug(name)}`),
  );
}

/** Prices by name of the `count` things that the page of a category shows. */
export function* readGoods(
  page: Observation,
  count: number,
): Generator<Action, Map<string, number>, Observation> {
  const seen = new Map<string, number>();
  yield* until(page, (now) => {
    const words = wordsOf(now);
    for (const { name } of PRODUCTS) {
      const price = new RegExp(`${escape(name)} \\$(\\d+\\.\\d\\d)`).exec(words)?.[1];
      if (price !== undefined) seen.set(name, Number(price));
    }
    return seen.size === count;
  });
  return seen;
}

/** Ends with the cart drawn over the page. */
export function* putIntoCart(first: Observation, name: string, count: number): Stretch {
  let page = yield* openProduct(first, name);
  page = yield* fillIn(page, /^Quantity/, String(count));
  page = yield* clickOn(page, "button", "Add to cart");
  return yield* reach(page, "button", /^View Cart/);
}

/** From what `putIntoCart` ends with. */
export function* openCart(first: Observation): Stretch {
  const page = yield* clickOn(first, "button", /^View Cart/);
  return yield* reach(
    yield* arrive(page, ({ pathname }) => pathname === "/cart"),
    "button",
    "Proceed to checkout",
  );
}
