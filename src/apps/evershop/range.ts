/** @file Coupons, categories and collections, made and ended by the keeper. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { arrive, clickOn, fillIn } from "../reading.ts";
import { openList, saveForm } from "./admin.ts";
import { COUPONS, slug } from "./content.ts";
import { shop } from "./state.ts";

const AT = { user: "keeper", startPath: () => "/admin" } as const;

const coupons: SiteTemplate[] = [
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
