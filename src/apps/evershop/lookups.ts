/** @file What is looked up in the shop, by somebody who is not signed in. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { factTemplate } from "../facts.ts";
import { arrive, clickOn, other, read } from "../reading.ts";
import { CATEGORIES, dollars, MATERIALS, productCalled, PRODUCTS } from "./content.ts";
import type { Category, Product } from "./content.ts";
import { openCategory, openProduct, readGoods } from "./hands.ts";
import { shop } from "./state.ts";

const SKU = /\b([A-Z]{3}-\d{3})\b/;
const MATERIAL = new RegExp(`Material \\|? ?(${MATERIALS.join("|")})`);
const WORKSHOP = /made by hand in (.+?)\./;
const GUARANTEE = /guarantee of (\d+) years?/;

const fact = (id: string, valueOf: (product: Product) => string, pattern: RegExp, phrasings: string[]) =>
  factTemplate({
    id,
    facts: PRODUCTS.map((product) => ({ title: product.name, value: valueOf(product) })),
    phrasings,
    pattern,
    open: openProduct,
    expectNoChange: shop.expectNoChange,
    signedOut: true,
  });

const facts: SiteTemplate[] = [
  fact("price", ({ price }) => dollars(price), /(\$\d+\.\d\d)/, [
    "What does the {title} cost?",
    "Give the price of the {title}, in dollars and cents.",
    "How much is one {title}?",
  ]),
  fact("material", ({ material }) => material, MATERIAL, [
    "What is the {title} made of? Answer with one word.",
    "Name the material of the {title}.",
    "Of which material is the {title}?",
  ]),
  fact("workshop", ({ workshop }) => workshop, WORKSHOP, [
    "In which place is the {title} made?",
    "Where does the {title} come from? Name the place alone.",
    "Name the place in which they make the {title}.",
  ]),
  fact("guarantee", ({ guarantee }) => String(guarantee), GUARANTEE, [
    "How many years of guarantee does the {title} come with? Answer with a number.",
    "For how many years is the {title} guaranteed? Answer with a number.",
    "Give the guarantee of the {title} in years, as a number.",
  ]),
  fact("sku", ({ sku }) => sku, SKU, [
    "What is the SKU of the {title}?",
    "Look up the SKU under which the {title} is sold.",
    "Give the SKU that the page of the {title} shows.",
  ]),
];

const of = (category: Category) => PRODUCTS.filter((product) => product.category === category);
const cheapest = (category: Category) =>
  of(category).reduce((best, each) => (each.price < best.price ? each : best));
const dearest = (category: Category) =>
  of(category).reduce((best, each) => (each.price > best.price ? each : best));

const extreme = (id: string, which: typeof cheapest, phrasings: string[]) =>
  defineTemplate<{ category: Category }>({
    id,
    phrasings,
    instances: CATEGORIES.map((category) => ({ category })),
    signedOut: true,
    difficulty: 3,
    category: "shopping",
    check: ({ category }) => [answerIs(which(category).name), shop.expectNoChange()],
    *oracle({ category }, first) {
      const goods = yield* readGoods(yield* openCategory(first, category), of(category).length);
      const prices = [...goods.values()];
      const wanted = id === "cheapest" ? Math.min(...prices) : Math.max(...prices);
      yield exit([...goods.keys()].find((name) => goods.get(name) === wanted));
    },
    wrongAnswer: ({ category }) => other(of(category), which(category)).name,
  });

/** Categories with each material of which they have one thing or more. */
const MADE_OF = CATEGORIES.flatMap((category) =>
  [...new Set(of(category).map(({ material }) => material))].map((material) => ({ category, material })),
);
const madeOf = ({ category, material }: (typeof MADE_OF)[number]) =>
  of(category)
    .filter((product) => product.material === material)
    .map(({ name }) => name);

const PAIRS = PRODUCTS.map((product, index) => ({
  one: product.name,
  two: PRODUCTS[(index + 7) % PRODUCTS.length]!.name,
}));
const pairs = PAIRS.filter(({ one, two }) => productCalled(one).guarantee !== productCalled(two).guarantee);
const longer = ({ one, two }: (typeof PAIRS)[number], sign = 1) =>
  sign * (productCalled(one).guarantee - productCalled(two).guarantee) > 0 ? one : two;

const cardOf = (name: string) => {
  const { sku, material, workshop } = productCalled(name);
  return { name, sku, material, workshop };
};

/** Rounded limits that divide the goods of each category. */
const LIMITS = CATEGORIES.flatMap((category) => [25, 40, 50].map((limit) => ({ category, limit }))).filter(
  (each) => below(each).length > 0,
);
function below({ category, limit }: { category: Category; limit: number }): string[] {
  return of(category)
    .filter(({ price }) => price < limit)
    .map(({ name }) => name);
}

export const lookups: SiteTemplate[] = [
  ...facts,
  extreme("cheapest", cheapest, [
    "What is the name of the cheapest thing in {category}?",
    "Which product of {category} costs least?",
    "Look through {category} and name the product with the lowest price.",
  ]),
  extreme("dearest", dearest, [
    "What is the name of the most expensive thing in {category}?",
    "Which product of {category} costs most?",
    "Look through {category} and name the product with the highest price.",
  ]),
  defineTemplate<(typeof MADE_OF)[number]>({
    id: "made-of",
    phrasings: [
      "Which products in {category} are made of {material}? Answer with a JSON array of their names.",
      "List the names of everything in {category} whose material is {material}, as a JSON array.",
      "I look for {category} of {material}. Give all names as a JSON array.",
    ],
    instances: MADE_OF,
    signedOut: true,
    difficulty: 4,
    category: "extraction",
    check: (params) => [answerJson(madeOf(params), { anyOrder: true }), shop.expectNoChange()],
    *oracle({ category, material }, first) {
      let page = yield* openCategory(first, category);
      page = yield* clickOn(page, "checkbox", material);
      page = yield* arrive(page, ({ searchParams }) => searchParams.has("material"));
      const count = Number(yield* read(page, /\b(\d+) products?\b/));
      yield exit(JSON.stringify([...(yield* readGoods(page, count)).keys()]));
    },
    wrongAnswer: (params) => JSON.stringify(madeOf(params).slice(1)),
  }),
  defineTemplate<(typeof LIMITS)[number]>({
    id: "cheaper-than",
    phrasings: [
      "Which products in {category} cost less than {limit} dollars? Answer with a JSON array of their names.",
      "List everything in {category} for under {limit} dollars: a JSON array of names.",
      "I have less than {limit} dollars for something of {category}. Give the names of all that I can buy, as a JSON array.",
    ],
    instances: LIMITS,
    signedOut: true,
    difficulty: 4,
    category: "extraction",
    check: (params) => [answerJson(below(params), { anyOrder: true }), shop.expectNoChange()],
    *oracle({ category, limit }, first) {
      const goods = yield* readGoods(yield* openCategory(first, category), of(category).length);
      yield exit(JSON.stringify([...goods].filter(([, price]) => price < limit).map(([name]) => name)));
    },
    wrongAnswer: (params) => JSON.stringify(below(params).slice(1)),
  }),
  defineTemplate<{ name: string }>({
    id: "card",
    phrasings: [
      'Describe the {name} as a JSON object with "name", "sku", "material" and "workshop", the place in which it is made.',
      'Give name, SKU, material and place of making of the {name}, as JSON with the keys "name", "sku", "material", "workshop".',
      'Read the page of the {name} and answer with JSON: {form}, where "workshop" is the place in which it is made.',
    ],
    words: () => ({ form: '{"name", "sku", "material", "workshop"}' }),
    instances: PRODUCTS.map(({ name }) => ({ name })),
    signedOut: true,
    difficulty: 4,
    category: "extraction",
    check: ({ name }) => [answerJson(cardOf(name)), shop.expectNoChange()],
    *oracle({ name }, first) {
      const page = yield* openProduct(first, name);
      const sku = yield* read(page, SKU);
      const material = yield* read(page, MATERIAL);
      const workshop = yield* read(page, WORKSHOP);
      yield exit(JSON.stringify({ name, sku, material, workshop }));
    },
    wrongAnswer: ({ name }) => JSON.stringify({ ...cardOf(name), sku: "TOO-100" }),
  }),
  defineTemplate<(typeof PAIRS)[number]>({
    id: "compare-guarantee",
    phrasings: [
      "Which has the longer guarantee, the {one} or the {two}? Answer with its name.",
      "Compare the guarantees of {one} and {two}, and name the one that is guaranteed for longer.",
      "I want the longer guarantee. Is it the {one} or the {two}?",
    ],
    instances: pairs,
    signedOut: true,
    difficulty: 5,
    category: "shopping",
    check: (pair) => [answerIs(longer(pair)), shop.expectNoChange()],
    *oracle({ one, two }, first) {
      const years: number[] = [];
      let page = first;
      for (const name of [one, two]) {
        page = yield* openProduct(page, name);
        years.push(Number(yield* read(page, GUARANTEE)));
      }
      yield exit(years[0]! > years[1]! ? one : two);
    },
    wrongAnswer: (pair) => longer(pair, -1),
  }),
];
