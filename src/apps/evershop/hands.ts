/** @file Stretches of oracles that several templates share. */

import type { Action } from "../../core/action.ts";
import type { Observation } from "../../core/observation.ts";
import { click, find, maybe, press, select, wordsOf } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { escape } from "../../sites/oracle-steps.ts";
import { arrive, clickOn, fillIn, reach, readUntil, until } from "../reading.ts";
import { PRODUCTS, productCalled, slug } from "./content.ts";
import type { Address, Order } from "./content.ts";

/** Uses the menu at the head, which is behind what was opened over the page. */
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

/** How somebody orders; a person without an account says where it goes. */
export interface Wish {
  shipping: Order["shipping"];
  address: Address;
  /** The e-mail address of somebody who has no account. */
  email?: string;
  note?: string;
}

/** From what `putIntoCart` ends with to the page that says thank you. */
export function* checkOut(first: Observation, { shipping, address, email, note }: Wish): Stretch {
  let page = yield* clickOn(yield* openCart(first), "button", "Proceed to checkout");
  page = yield* arrive(page, ({ pathname }) => pathname === "/checkout");
  if (email !== undefined) page = yield* fillIn(page, /^Email/, email);
  page = yield* reach(page, "textbox", STREET);
  // Customers find their own address there.
  if (find(page, "textbox", STREET).value !== address.street) page = yield* writeAddress(page, address);
  if (note !== undefined) page = yield* fillIn(page, /^Add a note/, note);
  page = yield* clickOn(page, "radio", new RegExp(`^${shipping}`));
  page = yield* clickOn(page, "radio", /^Cash on delivery/);
  page = yield* clickOn(page, "button", /^Place Order/);
  return yield* arrive(page, ({ pathname }) => pathname.startsWith("/checkout/success"));
}

const STREET = /^Address\b(?! 2)/;

/** On a busy machine a drawn list may open only after the action has given up on it. */
function* choose(first: Observation, label: RegExp, text: string): Stretch {
  let page = yield* reach(first, "combobox", label);
  if (find(page, "combobox", label).value === text) return page;
  page = yield select(page, label, text);
  if (page.error === null) return page;
  // In a long list, typing leads to the option.
  if (!maybe(page, "option", text))
    page = yield press(Array.from(text, (key) => (key === " " ? "Space" : key)).join(" "));
  return yield* clickOn(page, "option", text);
}

/** Writes into the fields of an address, whatever is in them. */
export function* writeAddress(first: Observation, address: Address): Stretch {
  let page = yield* fillIn(first, /^Full name/, address.name);
  page = yield* fillIn(page, /^Telephone/, address.telephone);
  page = yield* fillIn(page, STREET, address.street);
  page = yield* fillIn(page, /^City/, address.city);
  page = yield* choose(page, /^Country/, "United Kingdom");
  page = yield* choose(page, /^Province/, address.province);
  return yield* fillIn(page, /^Postcode/, address.postcode);
}

export function* openAccount(first: Observation): Stretch {
  const page = yield* clickOn(first, "link", ACCOUNT);
  return yield* arrive(page, ({ pathname }) => pathname === "/account");
}

/** The name of the link to it, which is a drawing. */
const ACCOUNT = /account/i;

/** Begins on a page of the shop, or on another order. */
export function* openOwnOrder(first: Observation, number: string): Stretch {
  const page = maybe(first, "link", /Back to orders/)
    ? yield* clickOn(first, "link", /Back to orders/)
    : yield* openAccount(first);
  return yield* readUntil(
    yield* clickOn(page, "link", new RegExp(`#${number}`)),
    new RegExp(`Order #${number}`),
  );
}

/** Counts by name of what an order's own page lists. */
export function* readItems(page: Observation): Generator<Action, Map<string, number>, Observation> {
  const seen = new Map<string, number>();
  yield* until(page, (now) => {
    const words = wordsOf(now);
    for (const { name } of PRODUCTS) {
      const count = new RegExp(`(\\d+) ${escape(name)} \\$`).exec(words)?.[1];
      if (count !== undefined) seen.set(name, Number(count));
    }
    return /Subtotal|Sub total/i.test(words);
  });
  return seen;
}
