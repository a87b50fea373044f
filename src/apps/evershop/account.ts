/** @file What customers look up and change in their own account. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { clickOn, fillIn, other, read, readUntil } from "../reading.ts";
import {
  customerCalled,
  dollars,
  lineOf,
  numberOf,
  orderCalled,
  ORDERS,
  SHIPPING,
  SIGNED_IN,
  totalOf,
} from "./content.ts";
import type { Address } from "./content.ts";
import { openAccount, openOwnOrder, readItems, writeAddress } from "./hands.ts";
import { addressState } from "./orders.ts";
import { shop } from "./state.ts";

const OWN = ORDERS.filter(({ customer }) => SIGNED_IN.some(({ id }) => id === customer));
const NUMBERS = OWN.map((order) => ({ number: numberOf(order) }));
const ownerOf = ({ number }: { number: string }) => orderCalled(number).customer;

/** Things that their customer ordered only once. */
const BOUGHT = OWN.flatMap((order) =>
  order.items.map(([name]) => ({ customer: order.customer, name, number: numberOf(order) })),
);

const cardOf = (number: string) => {
  const order = orderCalled(number);
  const { shipping, tracking } = order;
  return { total: dollars(totalOf(order)), shipping, tracking };
};
const WAYS = new RegExp(`(${Object.keys(SHIPPING).join("|")})`);
const TOTAL = /\bTotal (?:\([^)]*\) )?(\$\d+\.\d\d)/;

const lookups: SiteTemplate[] = [
  defineTemplate<{ number: string }>({
    id: "own-total",
    phrasings: [
      "What did my order {number} cost in all, with shipping?",
      "Look up the total of my order {number}, in dollars and cents.",
      "How much was my order {number} altogether?",
    ],
    instances: NUMBERS,
    user: ownerOf,
    difficulty: 4,
    category: "customer service",
    check: ({ number }) => [answerIs(cardOf(number).total), shop.expectNoChange()],
    *oracle({ number }, first) {
      yield exit(yield* read(yield* openOwnOrder(first, number), TOTAL));
    },
    wrongAnswer: ({ number }) => dollars(totalOf(orderCalled(number)) + 1),
  }),
  defineTemplate<{ number: string }>({
    id: "own-card",
    phrasings: [
      'Describe my order {number} as a JSON object with "total" (as "$1.00"), "shipping" (the method) and "tracking" (of its parcel, or null).',
      'Answer with JSON about my order {number}: {form}. "total" is written like "$1.00"; "tracking" is null where no parcel has a number.',
      'Give total (like "$1.00"), shipping method and tracking number (null if there is none) of my order {number}, as JSON: {form}.',
    ],
    words: () => ({ form: '{"total", "shipping", "tracking"}' }),
    instances: NUMBERS,
    user: ownerOf,
    difficulty: 5,
    category: "extraction",
    check: ({ number }) => [answerJson(cardOf(number)), shop.expectNoChange()],
    *oracle({ number }, first) {
      const page = yield* openOwnOrder(first, number);
      const shipping = yield* read(page, WAYS);
      const total = yield* read(page, TOTAL);
      const parcel = yield* read(page, /(No shipments yet|[A-Z]{2}-\d{4})/);
      const tracking = parcel.startsWith("No") ? null : parcel;
      yield exit(JSON.stringify({ total, shipping, tracking }));
    },
    wrongAnswer: ({ number }) => JSON.stringify({ ...cardOf(number), total: "$1.00" }),
  }),
  defineTemplate<(typeof BOUGHT)[number]>({
    id: "own-bought",
    phrasings: [
      "With which of my orders did I buy the {name}? Answer with its number.",
      "I ordered the {name} once. Give the number of that order.",
      "Find the number of my order that has the {name} in it.",
    ],
    instances: BOUGHT,
    user: ({ customer }) => customer,
    difficulty: 6,
    category: "customer service",
    check: ({ number }) => [answerIs(number), shop.expectNoChange()],
    *oracle({ customer, name }, first) {
      let page = first;
      let found: string | undefined;
      for (const number of OWN.filter((each) => each.customer === customer).map(numberOf)) {
        page = yield* openOwnOrder(page, number);
        if ((yield* readItems(page)).has(name)) {
          found = number;
          break;
        }
      }
      yield exit(found);
    },
    wrongAnswer: ({ number }) => other(NUMBERS, { number }).number,
  }),
];

/** Each name belongs to one customer, so that no two tasks have the same instruction. */
const RENAMED = [
  "Robin Ashdown",
  "Kit Larkham",
  "Sage Penrose",
  "Lou Fairweather",
  "Remy Stanhope",
  "Toby Quill",
  "Wren Halloway",
  "Noor Castell",
  "Jude Marlow",
].map((name, index) => ({ customer: SIGNED_IN[index % SIGNED_IN.length]!.id, name }));

const HOMES: readonly Omit<Address, "name">[] = [
  { street: "61 Granary Lane", city: "Ashby Weir", postcode: "TW2 3GL", province: "England" },
  { street: "7 Kiln Yard", city: "Garrow", postcode: "TW4 9KY", province: "Wales" },
  { street: "40 Chandler Street", city: "Dunmoor", postcode: "TW3 8CS", province: "Scotland" },
].map((home, index) => ({ ...home, telephone: `555 020${index}` }) as Omit<Address, "name">);
const MOVES = SIGNED_IN.flatMap(({ id }) => HOMES.map((_, home) => ({ customer: id, home })));
/** The customer's name at another address. */
const homeOf = ({ customer, home }: (typeof MOVES)[number]): Address => ({
  name: customerCalled(customer).name,
  ...HOMES[home]!,
});

const MOVING = {
  words: (params: (typeof MOVES)[number]) => ({ address: lineOf(homeOf(params)) }),
  instances: MOVES,
  user: ({ customer }: (typeof MOVES)[number]) => customer,
  difficulty: 12,
  category: "form filling",
} as const;

const changes: SiteTemplate[] = [
  defineTemplate<(typeof RENAMED)[number]>({
    id: "profile-name",
    phrasings: [
      "Change my full name in my account to {name}. Leave my addresses as they are.",
      "I am called {name} now. Correct the name of my account, and nothing else.",
      "Let my account have the full name {name}.",
    ],
    instances: RENAMED,
    user: ({ customer }) => customer,
    difficulty: 5,
    category: "form filling",
    check: ({ customer, name }) => [
      shop.becomes(({ customers }) => void (customers[customerCalled(customer).email]!.name = name)),
    ],
    *oracle({ name }, first) {
      let page = yield* clickOn(yield* openAccount(first), "button", "Edit");
      page = yield* fillIn(page, /^Full Name/, name);
      page = yield* clickOn(page, "button", "Save");
      yield* readUntil(page, /has been updated/);
      yield exit();
    },
  }),
  defineTemplate<(typeof MOVES)[number]>({
    id: "address-change",
    phrasings: [
      "I have moved. Replace the address in my address book by {address}.",
      "Correct my saved address. It is {address} now.",
      "Change the address of my account to {address}. There is only one, and it stays the default.",
    ],
    ...MOVING,
    check: (params) => [
      shop.becomes(({ customers }) => {
        const { email } = customerCalled(params.customer);
        customers[email]!.addresses = [{ ...addressState(homeOf(params)), isDefault: true }];
      }),
    ],
    *oracle(params, first) {
      const { street } = customerCalled(params.customer).address;
      let page = yield* readUntil(yield* openAccount(first), new RegExp(street));
      // The first ones may belong to the name and the e-mail address.
      const edit = page.elements.findLast(({ role, label }) => role === "button" && label === "Edit")!;
      page = yield { kind: "click", element: edit.name };
      page = yield* writeAddress(page, homeOf(params));
      page = yield* clickOn(page, "button", "Save");
      yield* readUntil(page, /has been updated/);
      yield exit();
    },
  }),
  defineTemplate<(typeof MOVES)[number]>({
    id: "address-new",
    phrasings: [
      "Add a second address to my address book: {address}. The default stays the other one.",
      "Save {address} as another address in my account, without making it the default.",
      "My address book needs one more entry, not as the default: {address}.",
    ],
    ...MOVING,
    check: (params) => [
      shop.becomes(({ customers }) => {
        const { email } = customerCalled(params.customer);
        customers[email]!.addresses.push({ ...addressState(homeOf(params)), isDefault: false });
      }),
    ],
    *oracle(params, first) {
      let page = yield* clickOn(yield* openAccount(first), "button", "Add new address");
      page = yield* writeAddress(page, homeOf(params));
      page = yield* clickOn(page, "button", "Save");
      yield* readUntil(page, /has been saved/);
      yield exit();
    },
  }),
];

export const account: SiteTemplate[] = [...lookups, ...changes];
