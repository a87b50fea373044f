/** @file Coupons, categories and collections, made and changed by the keeper. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { arrive, clickOn, fillIn } from "../reading.ts";
import { openList, saveForm } from "./admin.ts";
import { COUPONS, slug } from "./content.ts";
import { shop } from "./state.ts";

const AT = { user: "keeper", startPath: () => "/admin" } as const;

const KINDS = {
  percent: "Percentage discount to entire order",
  fixed: "Fixed discount to entire order",
} as const;
type Kind = keyof typeof KINDS;
const NEW_COUPONS = [
  { code: "HARVEST12", description: "Twelve for the harvest", amount: 12 },
  { code: "FROST8", description: "Eight against the frost", amount: 8 },
  { code: "MARKET20", description: "Twenty on market day", amount: 20 },
  { code: "REGATTA5", description: "Five for the regatta", amount: 5 },
].flatMap((coupon) => (Object.keys(KINDS) as Kind[]).map((kind) => ({ ...coupon, kind })));
const AMOUNTS = COUPONS.flatMap(({ code, amount }) =>
  [2, 3, 7].map((more) => ({ code, amount: amount + more })),
);

const coupons: SiteTemplate[] = [
  defineTemplate<(typeof NEW_COUPONS)[number]>({
    id: "new-coupon",
    phrasings: [
      'Make a coupon {code} with the description "{description}", which takes {off} off the entire order.',
      'Create the coupon code {code} ("{description}"): {off} off the entire order, without conditions.',
      'From now on {code} is a coupon for {off} off the entire order. Its description is "{description}". Set it up.',
    ],
    words: ({ kind, amount }) => ({ off: kind === "percent" ? `${amount} per cent` : `${amount} dollars` }),
    instances: NEW_COUPONS,
    ...AT,
    difficulty: 9,
    category: "shop operations",
    check: ({ code, description, kind, amount }) => [
      shop.becomes((state) => {
        state.coupons[code] = {
          description,
          kind: `${kind === "percent" ? "percentage" : "fixed"}_discount_to_entire_order`,
          amount,
          enabled: true,
          freeShipping: false,
          minimum: 0,
          begins: null,
          ends: null,
        };
      }),
    ],
    *oracle({ code, description, kind, amount }, first) {
      let page = yield* openList(first, "Coupons", "coupons");
      page = yield* clickOn(page, "button", "New Coupon");
      page = yield* arrive(page, ({ pathname }) => pathname === "/admin/coupon/new");
      page = yield* fillIn(page, /^Coupon Code/, code);
      page = yield* fillIn(page, /^Description/, description);
      page = yield* fillIn(page, /^Discount amount/, String(amount));
      page = yield* clickOn(page, "radio", KINDS[kind]);
      yield* saveForm(page);
      yield exit();
    },
  }),
  defineTemplate<{ code: string }>({
    id: "end-coupon",
    phrasings: [
      "Nobody shall use the coupon {code} any more. Disable it, without deleting it.",
      "Disable the coupon {code}.",
      "The time of the coupon {code} is over. Set its status to disabled.",
    ],
    instances: COUPONS.map(({ code }) => ({ code })),
    ...AT,
    difficulty: 6,
    category: "shop operations",
    check: ({ code }) => [shop.becomes((state) => void (state.coupons[code]!.enabled = false))],
    *oracle({ code }, first) {
      let page = yield* clickOn(yield* openList(first, "Coupons", "coupons"), "link", code);
      page = yield* clickOn(page, "radio", "Disabled");
      yield* saveForm(page);
      yield exit();
    },
  }),
  defineTemplate<(typeof AMOUNTS)[number]>({
    id: "coupon-amount",
    phrasings: [
      "Change the discount amount of the coupon {code} to {amount}.",
      "The coupon {code} takes off {amount} from now on, of the same kind as before. Correct its discount amount.",
      "Set the discount amount of {code} to {amount}, and leave the rest of the coupon.",
    ],
    instances: AMOUNTS,
    ...AT,
    difficulty: 6,
    category: "shop operations",
    check: ({ code, amount }) => [shop.becomes((state) => void (state.coupons[code]!.amount = amount))],
    *oracle({ code, amount }, first) {
      let page = yield* clickOn(yield* openList(first, "Coupons", "coupons"), "link", code);
      page = yield* fillIn(page, /^Discount amount/, String(amount));
      yield* saveForm(page);
      yield exit();
    },
  }),
];

const NEW_CATEGORIES = ["Ropes", "Maps", "Winter Hats", "Tea", "Rain Coats"].map((name) => ({ name }));
const NEW_COLLECTIONS = [
  { name: "For the ferry", code: "ferry" },
  { name: "Gifts under forty", code: "gifts" },
  { name: "Made in Kelby", code: "kelby" },
  { name: "Spring walks", code: "spring" },
  { name: "Night journeys", code: "night" },
];

const groups: SiteTemplate[] = [
  defineTemplate<{ name: string }>({
    id: "new-category",
    phrasings: [
      'Create a category "{name}" with the URL key "{key}". Its meta title and its meta description are "{name}", too.',
      'The shop needs a category called "{name}": URL key "{key}", meta title "{name}", meta description "{name}". Make it.',
      'Set up the category "{name}". URL key: "{key}". Meta title and meta description: "{name}".',
    ],
    words: ({ name }) => ({ key: slug(name) }),
    instances: NEW_CATEGORIES,
    ...AT,
    difficulty: 9,
    category: "shop operations",
    check: ({ name }) => [
      shop.becomes(({ categories }) => {
        categories[name] = { enabled: true, slug: slug(name), showsGoods: true, parent: null };
      }),
    ],
    *oracle({ name }, first) {
      let page = yield* openList(first, "Categories", "categories");
      page = yield* clickOn(page, "button", "New Category");
      page = yield* arrive(page, ({ pathname }) => pathname === "/admin/categories/new");
      page = yield* fillIn(page, /^Category Name/i, name);
      page = yield* fillIn(page, /^URL key/i, slug(name));
      page = yield* fillIn(page, /^Meta title/i, name);
      page = yield* fillIn(page, /^Meta description/i, name);
      yield* saveForm(page);
      yield exit();
    },
  }),
  defineTemplate<(typeof NEW_COLLECTIONS)[number]>({
    id: "new-collection",
    phrasings: [
      'Create a collection "{name}" with the code "{code}". It stays empty for now.',
      'Make a new, empty collection: name "{name}", code "{code}".',
      'The shop needs the collection "{name}" (code "{code}"). Set it up, without goods.',
    ],
    instances: NEW_COLLECTIONS,
    ...AT,
    difficulty: 7,
    category: "shop operations",
    check: ({ name, code }) => [
      shop.becomes(({ collections }) => void (collections[code] = { name, goods: [] })),
    ],
    *oracle({ name, code }, first) {
      let page = yield* openList(first, "Collections", "collections");
      page = yield* clickOn(page, "button", "New Collection");
      page = yield* arrive(page, ({ pathname }) => pathname === "/admin/collections/new");
      page = yield* fillIn(page, /^Collection Name/i, name);
      page = yield* fillIn(page, /^Collection Code/i, code);
      yield* saveForm(page);
      yield exit();
    },
  }),
];

export const range: SiteTemplate[] = [...coupons, ...groups];
