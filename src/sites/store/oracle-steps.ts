/** @file Steps that the oracles of both store sites share, and how templates name things. */

import { invariant } from "../../core/errors.ts";
import type { Observation } from "../../core/observation.ts";
import { click, maybe, scrollDown, search, select, type } from "../hands.ts";
import type { Stretch } from "../oracle-steps.ts";
import { parseMoney } from "./format.ts";
import type { Customer, Order, Product, StoreState } from "./state.ts";

/** Scrolls down until the element is there, then clicks it. */
export function* clickBelow(first: Observation, role: string, label: string | RegExp): Stretch {
  let o = first;
  for (let i = 0; i < 4 && !maybe(o, role, label); i++) o = yield scrollDown;
  return yield click(o, role, label);
}

/** Turns pages of a list until it has the link, then follows it. */
export function* clickInList(first: Observation, label: string): Stretch {
  let o = first;
  for (let page = 0; page < 12 && !maybe(o, "link", label); page++) {
    while (!maybe(o, "link", "Next page") && !maybe(o, "link", label)) {
      if (o.scroll.top + o.scroll.viewport >= o.scroll.page) break;
      o = yield scrollDown;
    }
    if (maybe(o, "link", label)) break;
    o = yield click(o, "link", "Next page");
  }
  return yield click(o, "link", label);
}

/** Storefront: search, then the product's page. */
export function* openProduct(o: Observation, name: string): Stretch {
  o = yield search(o, "Search products", name);
  return yield click(o, "link", name);
}

/** Storefront: fills and sends the checkout of what the cart has. */
export function* checkOut(
  o: Observation,
  form: { address: string; shipping: string; payment: string },
): Stretch {
  o = yield click(o, "link", "Cart");
  o = yield click(o, "link", "Checkout");
  if (form.address !== "Home") o = yield select(o, "Deliver to", form.address);
  o = yield click(o, "radio", `${form.shipping} shipping`);
  o = yield select(o, "Payment", form.payment);
  return yield* clickBelow(o, "button", "Place order");
}

/** Storefront, signed out. */
export function* signIn(o: Observation, email: string, password: string): Stretch {
  o = yield click(o, "link", "Sign in");
  o = yield type(o, "Email", email);
  o = yield type(o, "Password", password);
  return yield click(o, "button", "Sign in");
}

/** Store admin: a section's list, searched. */
export function* adminSearch(o: Observation, section: string, query: string): Stretch {
  o = yield click(o, "link", section);
  return yield search(o, `Search ${section.toLowerCase()}`, query);
}

/** Store admin: the page of one thing, found by searching its section. */
export function* adminOpen(o: Observation, section: string, query: string, link: string): Stretch {
  o = yield* adminSearch(o, section, query);
  return yield* clickInList(o, link);
}

export function* adminProduct(o: Observation, name: string): Stretch {
  return yield* adminOpen(o, "Products", name, name);
}

export function* adminOrder(o: Observation, order: number): Stretch {
  return yield* adminOpen(o, "Orders", String(order), `Order ${order}`);
}

export function* adminCustomer(o: Observation, name: string): Stretch {
  return yield* adminOpen(o, "Customers", name, name);
}

export function findProduct(state: StoreState, name: string): Product {
  const product = state.products.find((p) => p.name === name);
  invariant(product, `product ${name} exists`);
  return product;
}

export function findCustomer(state: StoreState, name: string): Customer {
  const customer = state.customers.find((c) => c.name === name);
  invariant(customer, `customer ${name} exists`);
  return customer;
}

export function findOrder(state: StoreState, id: number): Order {
  const order = state.orders.find((o) => o.id === id);
  invariant(order, `order ${id} exists`);
  return order;
}

/** Cents of a parameter such as `24.50`. */
export function cents(price: string): number {
  const value = parseMoney(price);
  invariant(value !== null, `${price} is an amount`);
  return value;
}

/** Products that customers can find. */
export const onSale = (state: StoreState) => state.products.filter((p) => p.enabled);

/** Orders of the customer that storefront tasks are signed in as. */
export const ownOrders = (state: StoreState) => state.orders.filter((o) => o.customerId === 1);

/** The `i`-th of a list that starts over at its end. */
export const at = <T>(items: readonly T[], i: number): T => items[i % items.length]!;
