/** @file Tasks about the catalog: finding out, extracting, and what is not there. */

import { click, exit, search, select } from "../hands.ts";
import { escape, read, readAll } from "../oracle-steps.ts";
import { CATEGORIES } from "../store/data/catalog.ts";
import { money } from "../store/format.ts";
import { at, onSale, openProduct, findProduct } from "../store/oracle-steps.ts";
import { approvedReviews, productOf, searchProducts } from "../store/queries.ts";
import type { Product, StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, answerJson, answerNotPossible, expectNoChange, urlIs } from "../verify.ts";
import { app } from "./app.ts";

const DETAILS = ["Colour", "Material", "Weight", "Warranty"] as const;

function detailOf(product: Product, detail: string): string {
  if (detail === "Colour") return product.colour;
  if (detail === "Material") return product.material;
  if (detail === "Weight") return product.weight;
  if (detail === "SKU") return product.sku;
  return product.warrantyYears === 1 ? "1 year" : `${product.warrantyYears} years`;
}

/** The price on a page of results. */
const priceOf = (name: string) => new RegExp(`\\[link ${escape(name)}\\]\\s*(\\$[\\d,.]+)`);

/** Kinds of product whose name finds exactly that kind, with the products. */
function kinds(state: StoreState): { kind: string; products: Product[] }[] {
  return CATEGORIES.flatMap((category) =>
    category.kinds.map(({ name }) => ({
      kind: name,
      products: searchProducts(state, name).filter((p) => p.enabled),
    })),
  ).filter(({ kind, products }) => products.length > 1 && products.every((p) => p.name.endsWith(` ${kind}`)));
}

/** The one product with the lowest (`sign` 1) or highest (-1) price, if there is just one. */
function extreme(products: Product[], sign: 1 | -1): Product | null {
  const sorted = products.toSorted((a, b) => sign * (a.price - b.price));
  return sorted[0] && sorted[0].price !== sorted[1]?.price ? sorted[0] : null;
}

function extremeTemplate(id: string, sign: 1 | -1, phrasings: string[], testOnly: boolean): TaskTemplate {
  return defineTemplate<{ kind: string }>({
    id,
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 4,
    testOnly,
    phrasings,
    instances: ({ store }) =>
      kinds(store)
        .filter(({ products }) => extreme(products, sign))
        .map(({ kind }) => ({ kind })),
    check: ({ kind }, { store }) => {
      const { products } = kinds(store).find((k) => k.kind === kind)!;
      return [answerIs(extreme(products, sign)!.name), expectNoChange()];
    },
    *oracle({ kind }, o) {
      o = yield search(o, "Search products", kind);
      o = yield select(o, "Sort", sign === 1 ? "Price: low to high" : "Price: high to low");
      o = yield click(o, "button", "Apply");
      yield exit(read(o, /\[link ([^\]]+)\]\s*\$/));
    },
    wrongAnswer: ({ kind }, { store }) => {
      const { products } = kinds(store).find((k) => k.kind === kind)!;
      return products.find((p) => p !== extreme(products, sign))!.name;
    },
  });
}

export const catalogTemplates: TaskTemplate[] = [
  defineTemplate<{ product: string }>({
    id: "storefront.product-price",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 2,
    phrasings: [
      "What does the {product} cost?",
      "Find the price of the {product}.",
      "How much is the {product}? Answer with the amount.",
      "I want to know what I would pay for the {product}.",
    ],
    instances: ({ store }) => onSale(store).map((p) => ({ product: p.name })),
    check: ({ product }, { store }) => [answerIs(money(findProduct(store, product).price)), expectNoChange()],
    *oracle({ product }, o) {
      o = yield search(o, "Search products", product);
      yield exit(read(o, priceOf(product)));
    },
    wrongAnswer: ({ product }, { store }) => money(findProduct(store, product).price + 100),
  }),

  defineTemplate<{ product: string; detail: string }>({
    id: "storefront.product-detail",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "What is the {detail} of the {product}?",
      "Look up the {detail} of the {product}.",
      "Tell me the {detail} that the shop gives for the {product}.",
      "{product}: which {detail}?",
    ],
    words: ({ detail }) => ({ detail: detail.toLowerCase() }),
    instances: ({ store }) =>
      onSale(store).flatMap((p) => [0, 1].map((i) => ({ product: p.name, detail: at(DETAILS, p.id + i) }))),
    check: ({ product, detail }, { store }) => {
      const value = detailOf(findProduct(store, product), detail);
      return [answerIs(value, ...(detail === "Warranty" ? [value.split(" ")[0]!] : [])), expectNoChange()];
    },
    *oracle({ product, detail }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "tab", "Details");
      yield exit(read(o, new RegExp(`^${detail} \\| (.+)$`, "m")));
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.product-sku",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "What is the SKU of the {product}?",
      "Find the SKU of the {product}.",
      "Which SKU does the {product} have?",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.id % 2 === 0)
        .map((p) => ({ product: p.name })),
    check: ({ product }, { store }) => [answerIs(findProduct(store, product).sku), expectNoChange()],
    *oracle({ product }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "tab", "Details");
      yield exit(read(o, /^SKU \| (.+)$/m));
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.product-stock",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "How many of the {product} are in stock?",
      "Check the stock of the {product}. Answer with a number.",
      "Tell me how many {product} the shop has left.",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.stock > 0)
        .map((p) => ({ product: p.name })),
    check: ({ product }, { store }) => {
      const { stock } = findProduct(store, product);
      return [answerIs(String(stock), `${stock} in stock`), expectNoChange()];
    },
    *oracle({ product }, o) {
      o = yield* openProduct(o, product);
      yield exit(read(o, /(\d+) in stock/));
    },
    wrongAnswer: ({ product }, { store }) => String(findProduct(store, product).stock + 1),
  }),

  extremeTemplate(
    "storefront.cheapest",
    1,
    [
      "Which {kind} is the cheapest?",
      "Find the {kind} with the lowest price and answer with its name.",
      "I want the least expensive {kind}. What is it called?",
    ],
    false,
  ),
  extremeTemplate(
    "storefront.most-expensive",
    -1,
    [
      "Which {kind} is the most expensive?",
      "Find the {kind} with the highest price and answer with its name.",
      "What is the name of the {kind} that costs most?",
    ],
    true,
  ),

  defineTemplate<{ brand: string; category: string }>({
    id: "storefront.brand-cheapest",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "Which {brand} product in {category} is the cheapest?",
      "In {category}, find the {brand} product with the lowest price.",
      "Name the least expensive thing by {brand} in {category}.",
    ],
    instances: ({ store }) =>
      CATEGORIES.flatMap((category) =>
        category.lines
          .filter((line) =>
            extreme(
              onSale(store).filter((p) => p.brand === line.name),
              1,
            ),
          )
          .map((line) => ({ brand: line.name, category: category.name })),
      ),
    check: ({ brand }, { store }) => [
      answerIs(
        extreme(
          onSale(store).filter((p) => p.brand === brand),
          1,
        )!.name,
      ),
      expectNoChange(),
    ],
    *oracle({ brand, category }, o) {
      o = yield click(o, "link", category);
      o = yield select(o, "Brand", brand);
      o = yield select(o, "Sort", "Price: low to high");
      o = yield click(o, "button", "Apply");
      yield exit(read(o, /\[link ([^\]]+)\]\s*\$/));
    },
  }),

  defineTemplate<{ product: string; author: string }>({
    id: "storefront.review-stars",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "How many stars did {author} give the {product}?",
      "Find the review of the {product} by {author}. How many stars is it?",
      "What rating has {author} left for the {product}? Answer with the number of stars.",
    ],
    instances: ({ store }) =>
      store.reviews
        .filter((r) => r.status === "Approved" && productOf(store, r.productId).enabled)
        .map((r) => ({ product: productOf(store, r.productId).name, author: r.author })),
    check: ({ product, author }, { store }) => {
      const review = approvedReviews(store, findProduct(store, product).id).find((r) => r.author === author)!;
      return [
        answerIs(String(review.rating), `${review.rating} stars`, `${review.rating} star`),
        expectNoChange(),
      ];
    },
    *oracle({ product, author }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "tab", "Reviews");
      yield exit(read(o, new RegExp(`${escape(author)}, (\\d) star`)));
    },
    wrongAnswer: ({ product, author }, { store }) => {
      const review = approvedReviews(store, findProduct(store, product).id).find((r) => r.author === author)!;
      return String((review.rating % 5) + 1);
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.reviewers-json",
    sites: ["storefront"],
    category: "extraction",
    difficulty: 4,
    phrasings: [
      "Who reviewed the {product}? Answer with a JSON array of names.",
      "List the authors of the reviews of the {product} as a JSON array.",
      'Extract the names of all reviewers of the {product} as JSON, like ["Ann Lee"].',
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => approvedReviews(store, p.id).length >= 1)
        .map((p) => ({ product: p.name })),
    check: ({ product }, { store }) => [
      answerJson(
        approvedReviews(store, findProduct(store, product).id).map((r) => r.author),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    *oracle({ product }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "tab", "Reviews");
      yield exit(JSON.stringify(readAll(o, /^(.+), \d stars?: /gm)));
    },
    wrongAnswer: () => "[]",
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.product-json",
    sites: ["storefront"],
    category: "extraction",
    difficulty: 3,
    phrasings: [
      'Answer with JSON: the price and the stock of the {product}, like {"price":"$1.00","stock":2}.',
      'Extract price and stock of the {product} as {"price":"$1.00","stock":2}.',
      'Give me the {product} as JSON with the keys price and stock, like {"price":"$1.00","stock":2}.',
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.stock > 0)
        .map((p) => ({ product: p.name })),
    check: ({ product }, { store }) => {
      const { price, stock } = findProduct(store, product);
      return [answerJson({ price: money(price), stock }), expectNoChange()];
    },
    *oracle({ product }, o) {
      o = yield* openProduct(o, product);
      yield exit(
        JSON.stringify({ price: read(o, /^(\$[\d,.]+)$/m), stock: Number(read(o, /(\d+) in stock/)) }),
      );
    },
    wrongAnswer: () => '{"price":"$1.00","stock":2}',
  }),

  defineTemplate<{ brand: string; category: string }>({
    id: "storefront.brand-prices-json",
    sites: ["storefront"],
    category: "extraction",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "Which {category} products by {brand} cost under $50? Answer with a JSON array of names.",
      "List all {brand} products in {category} for less than $50 as a JSON array of names.",
      "Extract the names of what {brand} sells under $50 in {category} as a JSON array.",
    ],
    instances: ({ store }) =>
      CATEGORIES.flatMap((category) =>
        category.lines
          .filter((line) => onSale(store).some((p) => p.brand === line.name && p.price < 5000))
          .map((line) => ({ brand: line.name, category: category.name })),
      ),
    check: ({ brand }, { store }) => [
      answerJson(
        onSale(store)
          .filter((p) => p.brand === brand && p.price < 5000)
          .map((p) => p.name),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    *oracle({ brand, category }, o) {
      o = yield click(o, "link", category);
      o = yield select(o, "Brand", brand);
      o = yield select(o, "Price", "Under $50");
      o = yield click(o, "button", "Apply");
      yield exit(JSON.stringify(readAll(o, /\[link ([^\]]+)\]\s*\$/g)));
    },
    wrongAnswer: () => "[]",
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.open-product",
    sites: ["storefront"],
    category: "navigation",
    difficulty: 3,
    phrasings: [
      "Open the page of the {product}.",
      "Go to the {product}.",
      "Show me the product page of the {product}.",
    ],
    instances: ({ store }) => onSale(store).map((p) => ({ product: p.name })),
    check: ({ product }, { store }) => [
      urlIs(`/product/${findProduct(store, product).id}`, app.host),
      expectNoChange(),
    ],
    *oracle({ product }, o) {
      yield* openProduct(o, product);
      yield exit();
    },
  }),

  defineTemplate<{ brand: string; category: string }>({
    id: "storefront.open-brand",
    sites: ["storefront"],
    category: "navigation",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Show only {brand} products in {category}.",
      "Open {category} and filter it by the brand {brand}.",
      "Go to {category}, narrowed down to {brand}.",
    ],
    instances: () =>
      CATEGORIES.flatMap((category) =>
        category.lines.map((line) => ({ brand: line.name, category: category.name })),
      ),
    check: ({ brand, category }) => {
      const { slug } = CATEGORIES.find((c) => c.name === category)!;
      return [urlIs(`/category/${slug}?brand=${brand}`, app.host), expectNoChange()];
    },
    *oracle({ brand, category }, o) {
      o = yield click(o, "link", category);
      o = yield select(o, "Brand", brand);
      yield click(o, "button", "Apply");
      yield exit();
    },
  }),

  defineTemplate<{ product: string }>({
    id: "storefront.no-such-product",
    sites: ["storefront"],
    category: "impossible",
    difficulty: 2,
    phrasings: [
      "What does the {product} cost?",
      "Find the price of the {product}.",
      "How much is the {product}? Answer with the amount.",
    ],
    // A line of one category and a kind of another: sounds right, is not made.
    instances: ({ store }) =>
      CATEGORIES.flatMap((category, c) =>
        category.lines.flatMap((line, l) =>
          [1, 2, 3, 5].map((step, i) => {
            const other = at(CATEGORIES, c + step);
            return { product: `${line.name} ${at(other.kinds, l * 3 + i).name}` };
          }),
        ),
      ).filter(({ product }) => searchProducts(store, product).length === 0),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ product }, o) {
      o = yield search(o, "Search products", product);
      read(o, /(No products found)/);
      yield exit("N/A");
    },
    wrongAnswer: () => "$49.00",
  }),
];
