/** @file What somebody does in the shop without signing in: the cart and an account. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { arrive, clickOn, fillIn, readUntil } from "../reading.ts";
import { COUPONS, GUESTS, productCalled, PRODUCTS } from "./content.ts";
import { openCart, putIntoCart } from "./hands.ts";
import { shop } from "./state.ts";
import type { Shop } from "./state.ts";

const GUEST = "guest";
const skuOf = (name: string) => productCalled(name).sku;

/** What lies in the cart, and nothing else changed. */
const inCart =
  (items: Record<string, number>, coupon: string | null = null) =>
  ({ carts }: Shop) => {
    carts[GUEST] = { items, coupon };
  };

const COUNTS = PRODUCTS.flatMap(({ name }, index) => [2 + (index % 2), 4].map((count) => ({ name, count })));
const TWO = PRODUCTS.map(({ name }, index) => ({
  one: name,
  two: PRODUCTS[(index + 9) % PRODUCTS.length]!.name,
}));
const COUPON_USES = PRODUCTS.filter(({ price }) => price > 20).map(({ name }, index) => ({
  name,
  coupon: COUPONS[index % COUPONS.length]!.code,
}));

const carts: SiteTemplate[] = [
  defineTemplate<(typeof COUNTS)[number]>({
    id: "cart-add",
    phrasings: [
      "Put {count} pieces of the {name} into the cart.",
      "I want {count} of the {name}. Add them to my cart, and do not order yet.",
      "Add the {name} to the cart, {count} times.",
    ],
    instances: COUNTS,
    signedOut: true,
    difficulty: 5,
    category: "shopping",
    check: ({ name, count }) => [shop.becomes(inCart({ [skuOf(name)]: count }))],
    *oracle({ name, count }, first) {
      yield* putIntoCart(first, name, count);
      yield exit();
    },
  }),
  defineTemplate<(typeof TWO)[number]>({
    id: "cart-two",
    phrasings: [
      "Put one {one} and one {two} into the cart.",
      "I want the {one} and the {two}, one of each. Add them to my cart, and do not order yet.",
      "Let the cart hold a {one} and a {two}, and nothing else.",
    ],
    instances: TWO,
    signedOut: true,
    difficulty: 8,
    category: "shopping",
    check: ({ one, two }) => [shop.becomes(inCart({ [skuOf(one)]: 1, [skuOf(two)]: 1 }))],
    *oracle({ one, two }, first) {
      const page = yield* putIntoCart(first, one, 1);
      yield* putIntoCart(page, two, 1);
      yield exit();
    },
  }),
  defineTemplate<(typeof COUPON_USES)[number]>({
    id: "cart-coupon",
    phrasings: [
      "Put one {name} into the cart and apply the coupon {coupon} to it.",
      "Add a {name} to my cart, with the coupon code {coupon}. Do not order yet.",
      "I have the coupon {coupon}. Use it in a cart with one {name}.",
    ],
    instances: COUPON_USES,
    signedOut: true,
    difficulty: 8,
    category: "shopping",
    check: ({ name, coupon }) => [shop.becomes(inCart({ [skuOf(name)]: 1 }, coupon))],
    *oracle({ name, coupon }, first) {
      let page = yield* openCart(yield* putIntoCart(first, name, 1));
      page = yield* fillIn(page, /coupon/, coupon);
      page = yield* clickOn(page, "button", "Apply");
      yield* readUntil(page, /Discount/);
      yield exit();
    },
  }),
];

const ACCOUNTS = GUESTS.map(({ email, address }) => ({ name: address.name, email })).flatMap((person) =>
  ["moss-and-slate-4", "grey-harbour-9", "three-owls-17"].map((password) => ({ ...person, password })),
);
export const guests: SiteTemplate[] = [
  ...carts,
  defineTemplate<(typeof ACCOUNTS)[number]>({
    id: "register",
    phrasings: [
      "Create an account for {name} with the e-mail address {email} and the password {password}.",
      "Register {name} in the shop: e-mail {email}, password {password}.",
      "I am {name}. Make me an account with {email} and the password {password}.",
    ],
    instances: ACCOUNTS,
    signedOut: true,
    difficulty: 7,
    category: "form filling",
    check: ({ name, email }) => [
      shop.becomes(({ customers }) => {
        customers[email] = { name, enabled: true, group: "Default", addresses: [] };
      }),
    ],
    *oracle({ name, email, password }, first) {
      let page = yield* clickOn(first, "link", "Sign in");
      page = yield* clickOn(page, "link", "Create an account");
      page = yield* arrive(page, ({ pathname }) => pathname === "/account/register");
      page = yield* fillIn(page, /^Full Name/, name);
      page = yield* fillIn(page, /^Email/, email);
      page = yield* fillIn(page, /^Password/, password);
      page = yield* clickOn(page, "button", /^(?:Sign Up|Register|Create)/i);
      yield* arrive(page, ({ pathname }) => pathname !== "/account/register");
      yield exit();
    },
  }),
];
