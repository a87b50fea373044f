/** @file Orders: without an account and with one, paid in cash at the door. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import {
  customerCalled,
  guestCalled,
  GUESTS,
  lineOf,
  numberOf,
  orderCalled,
  ORDERS,
  PRODUCTS,
  SHIPPING,
  SIGNED_IN,
} from "./content.ts";
import type { Order } from "./content.ts";
import { checkOut, openOwnOrder, putIntoCart, readItems } from "./hands.ts";
import { place } from "./orders.ts";
import { shop } from "./state.ts";

const WAYS = Object.keys(SHIPPING) as Order["shipping"][];
/** Goes through the list again and again, so that each product has one of its values. */
const nth = <T>(all: readonly T[], index: number): T => all[index % all.length]!;

const GUEST_ORDERS = PRODUCTS.map(({ name }, index) => ({
  name,
  count: 1 + (index % 3),
  guest: nth(GUESTS, index).id,
  shipping: nth(WAYS, index),
}));
const OWN_ORDERS = PRODUCTS.map(({ name }, index) => ({
  name,
  count: 1 + (index % 4),
  customer: nth(SIGNED_IN, index).id,
  shipping: nth(WAYS, index),
}));
const NOTES = [
  "Please ring twice.",
  "Leave it with the neighbour.",
  "Not before noon, please.",
  "It is a gift.",
];
const NOTED = PRODUCTS.map(({ name }, index) => ({
  name,
  customer: nth(SIGNED_IN, index + 1).id,
  shipping: nth(WAYS, index + 1),
  note: nth(NOTES, index),
}));
const AGAIN = ORDERS.filter(({ customer }) => SIGNED_IN.some(({ id }) => id === customer)).flatMap((order) =>
  WAYS.map((shipping) => ({ number: numberOf(order), shipping })),
);

export const checkout: SiteTemplate[] = [
  defineTemplate<(typeof GUEST_ORDERS)[number]>({
    id: "order-guest",
    phrasings: [
      'Order {count} x {name} without an account, with the shipping method "{shipping}" and cash on delivery. Send it to {address}; e-mail {email}.',
      'I have no account. Buy {name} for me, {count} pieces, sent with "{shipping}", paid in cash on delivery. My address: {address}. My e-mail: {email}.',
      'Place an order as a guest for {address}, e-mail {email}: {name}, {count} of it, shipping method "{shipping}", cash on delivery.',
    ],
    words: ({ guest }) => {
      const { email, address } = guestCalled(guest);
      return { email, address: lineOf(address) };
    },
    instances: GUEST_ORDERS,
    signedOut: true,
    difficulty: 20,
    category: "shopping",
    check: ({ name, count, guest, shipping }) => [
      shop.becomes(place({ ...guestCalled(guest), items: [[name, count]], shipping })),
    ],
    *oracle({ name, count, guest, shipping }, first) {
      const page = yield* putIntoCart(first, name, count);
      yield* checkOut(page, { shipping, ...guestCalled(guest) });
      yield exit();
    },
  }),
  defineTemplate<(typeof OWN_ORDERS)[number]>({
    id: "order-own",
    phrasings: [
      'Order {count} x {name} to my address, with the shipping method "{shipping}" and cash on delivery.',
      'Buy {name} for me, {count} pieces. Send it home with "{shipping}"; I pay in cash when it comes.',
      'I want {name}, {count} of it, at my usual address: shipping method "{shipping}", cash on delivery. Place the order.',
    ],
    instances: OWN_ORDERS,
    user: ({ customer }) => customer,
    difficulty: 14,
    category: "shopping",
    check: ({ name, count, customer, shipping }) => [
      shop.becomes(place({ ...customerCalled(customer), items: [[name, count]], shipping })),
    ],
    *oracle({ name, count, customer, shipping }, first) {
      const page = yield* putIntoCart(first, name, count);
      yield* checkOut(page, { shipping, address: customerCalled(customer).address });
      yield exit();
    },
  }),
  defineTemplate<(typeof NOTED)[number]>({
    id: "order-note",
    phrasings: [
      'Order one {name} to my address, with "{shipping}" and cash on delivery, and the order note "{note}"',
      'Buy a {name} for me, sent home with "{shipping}", paid in cash at the door. Add this note to the order: "{note}"',
      'Place an order for one {name}: my usual address, shipping method "{shipping}", cash on delivery, note "{note}"',
    ],
    instances: NOTED,
    user: ({ customer }) => customer,
    difficulty: 15,
    category: "shopping",
    check: ({ name, customer, shipping, note }) => [
      shop.becomes(place({ ...customerCalled(customer), items: [[name, 1]], shipping, note })),
    ],
    *oracle({ name, customer, shipping, note }, first) {
      const page = yield* putIntoCart(first, name, 1);
      yield* checkOut(page, { shipping, address: customerCalled(customer).address, note });
      yield exit();
    },
  }),
  defineTemplate<(typeof AGAIN)[number]>({
    id: "order-again",
    phrasings: [
      'Order the same things once more as in my order {number}, as many of each: to my address, with "{shipping}", cash on delivery.',
      'I want everything from my order {number} again, in the same numbers. Send it home with "{shipping}"; I pay in cash at the door.',
      'Repeat my order {number}: same goods and numbers, my usual address, shipping method "{shipping}", cash on delivery.',
    ],
    instances: AGAIN,
    user: ({ number }) => orderCalled(number).customer,
    difficulty: 20,
    category: "customer service",
    check: ({ number, shipping }) => {
      const { customer, items } = orderCalled(number);
      return [shop.becomes(place({ ...customerCalled(customer), items, shipping }))];
    },
    *oracle({ number, shipping }, first) {
      let page = yield* openOwnOrder(first, number);
      for (const [name, count] of yield* readItems(page)) page = yield* putIntoCart(page, name, count);
      const { address } = customerCalled(orderCalled(number).customer);
      yield* checkOut(page, { shipping, address });
      yield exit();
    },
  }),
];
