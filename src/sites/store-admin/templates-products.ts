/** @file Tasks with products: prices, stock, descriptions. */

import { click, exit, select, type } from "../hands.ts";
import { read, readAll } from "../oracle-steps.ts";
import { CATEGORIES } from "../store/data/catalog.ts";
import { NEW_PRODUCTS, PAGE_TEXTS } from "../store/data/wording.ts";
import {
  adminProduct,
  adminSearch,
  at,
  cents,
  clickBelow,
  onSale,
  findProduct,
} from "../store/oracle-steps.ts";
import {
  createProduct,
  productForm,
  saveProduct,
  setPrice,
  setStock,
  type ProductForm,
} from "../store/products.ts";
import type { StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerJson, answerNotPossible, expectChange, expectNoChange } from "../verify.ts";

const newPrice = (i: number) => `${12 + ((i * 7) % 160)}.${at(["00", "50", "90", "25"], i)}`;

function edit(state: StoreState, name: string, change: Partial<ProductForm>): void {
  const product = findProduct(state, name);
  saveProduct(state, product.id, { ...productForm(product), ...change });
}

/** Products of a category that a stock filter of the list shows. */
const stockList = (state: StoreState, category: string, filter: string) =>
  state.products.filter(
    (p) => p.category === category && (filter === "Low" ? p.stock > 0 && p.stock <= 5 : p.stock === 0),
  );

export const productTemplates: TaskTemplate[] = [
  defineTemplate<{ product: string; price: string }>({
    id: "store-admin.set-price",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Set the price of the {product} to {price}.",
      "The {product} now costs {price}. Change its price.",
      "Change the price of the {product} to {price} dollars.",
      "Update the {product}: new price {price}.",
    ],
    instances: ({ store }) =>
      store.products
        .map((p) => ({ product: p.name, price: newPrice(p.id) }))
        .filter(({ product, price }) => findProduct(store, product).price !== cents(price)),
    check: ({ product, price }) => [
      expectChange(({ store }) => setPrice(store, findProduct(store, product).id, cents(price))),
    ],
    *oracle({ product, price }, o) {
      o = yield* adminProduct(o, product);
      o = yield type(o, "Price", price);
      yield* clickBelow(o, "button", "Save product");
      yield exit();
    },
  }),

  defineTemplate<{ product: string; stock: number }>({
    id: "store-admin.set-stock",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Set the stock of the {product} to {stock}.",
      "We have {stock} of the {product} now. Update the stock.",
      "Change the stock of the {product} to {stock}.",
    ],
    instances: ({ store }) =>
      store.products.map((p) => ({
        product: p.name,
        stock: p.stock === 5 + ((p.id * 11) % 140) ? 200 : 5 + ((p.id * 11) % 140),
      })),
    check: ({ product, stock }) => [
      expectChange(({ store }) => setStock(store, findProduct(store, product).id, stock)),
    ],
    *oracle({ product, stock }, o) {
      o = yield* adminProduct(o, product);
      o = yield type(o, "Stock", String(stock));
      yield* clickBelow(o, "button", "Save product");
      yield exit();
    },
  }),

  defineTemplate<{ product: string; price: string; stock: number }>({
    id: "store-admin.set-price-and-stock",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 7,
    testOnly: true,
    phrasings: [
      "Set the price of the {product} to {price} and its stock to {stock}.",
      "Update the {product}: price {price}, stock {stock}.",
      "The {product} now costs {price} and we have {stock} of it. Change both.",
    ],
    instances: ({ store }) =>
      store.products
        .filter((p) => p.id % 2 === 0)
        .map((p) => ({ product: p.name, price: newPrice(p.id + 3), stock: 150 + (p.id % 60) })),
    check: ({ product, price, stock }) => [
      expectChange(({ store }) => edit(store, product, { price: cents(price), stock })),
    ],
    *oracle({ product, price, stock }, o) {
      o = yield* adminProduct(o, product);
      o = yield type(o, "Price", price);
      o = yield type(o, "Stock", String(stock));
      yield* clickBelow(o, "button", "Save product");
      yield exit();
    },
  }),

  defineTemplate<{ product: string }>({
    id: "store-admin.disable-product",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Disable the {product}.",
      "Take the {product} out of the shop by disabling it.",
      "The {product} should not be enabled any more. Change that.",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.id % 2 === 1)
        .map((p) => ({ product: p.name })),
    check: ({ product }) => [expectChange(({ store }) => edit(store, product, { enabled: false }))],
    *oracle({ product }, o) {
      o = yield* adminProduct(o, product);
      o = yield click(o, "checkbox", "Enabled");
      yield* clickBelow(o, "button", "Save product");
      yield exit();
    },
  }),

  defineTemplate<{ product: string; text: string }>({
    id: "store-admin.set-description",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "Replace the description of the {product} by: {text}",
      "The description of the {product} should read: {text}",
      "Change the description of the {product} to this text: {text}",
    ],
    instances: ({ store }) =>
      store.products
        .filter((p) => p.id % 2 === 0)
        .map((p) => ({ product: p.name, text: at(PAGE_TEXTS, p.id / 2) as string })),
    check: ({ product, text }) => [expectChange(({ store }) => edit(store, product, { description: text }))],
    *oracle({ product, text }, o) {
      o = yield* adminProduct(o, product);
      o = yield type(o, "Description", text);
      yield* clickBelow(o, "button", "Save product");
      yield exit();
    },
  }),

  defineTemplate<{ product: string; category: string; price: string; stock: number }>({
    id: "store-admin.create-product",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 8,
    phrasings: [
      "Create the product {product} in the category {category} with the price {price} and the stock {stock}.",
      "Add a new product. Name: {product}. Category: {category}. Price: {price}. Stock: {stock}.",
      "We now sell the {product} ({category}) for {price} and have {stock} of it. Create it as a new product.",
    ],
    instances: () =>
      NEW_PRODUCTS.flatMap(([product, category], i) =>
        [0, 1, 2, 3].map((k) => ({
          product,
          category,
          price: newPrice(i * 5 + k),
          stock: 10 + ((i * 13 + k * 7) % 90),
        })),
      ),
    check: ({ product, category, price, stock }) => [
      expectChange(({ store }) => {
        createProduct(store, {
          name: product,
          category,
          price: cents(price),
          stock,
          enabled: true,
          description: "",
        });
      }),
    ],
    *oracle({ product, category, price, stock }, o) {
      o = yield click(o, "link", "Products");
      o = yield click(o, "link", "New product");
      o = yield type(o, "Name", product);
      o = yield select(o, "Category", category);
      o = yield type(o, "Price", price);
      o = yield type(o, "Stock", String(stock));
      yield* clickBelow(o, "button", "Save product");
      yield exit();
    },
  }),

  defineTemplate<{ category: string; filter: string }>({
    id: "store-admin.stock-json",
    sites: ["store-admin"],
    category: "extraction",
    difficulty: 5,
    phrasings: [
      "Which {category} products have {words}? Answer with a JSON array of names.",
      "List the {category} products with {words} as a JSON array of names.",
      "Extract the names of all {category} products that have {words} as JSON.",
    ],
    words: ({ filter }) => ({ words: filter === "Low" ? "low stock" : "no stock" }),
    instances: ({ store }) =>
      CATEGORIES.flatMap(({ name }) =>
        ["Low", "Out of stock"].map((filter) => ({ category: name, filter })),
      ).filter(({ category, filter }) => {
        const { length } = stockList(store, category, filter);
        return length >= 1 && length <= 8;
      }),
    check: ({ category, filter }, { store }) => [
      answerJson(
        stockList(store, category, filter).map((p) => p.name),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    *oracle({ category, filter }, o) {
      o = yield click(o, "link", "Products");
      o = yield select(o, "Category", category);
      o = yield select(o, "Stock", filter);
      o = yield click(o, "button", "Apply");
      yield exit(JSON.stringify(readAll(o, new RegExp(`\\[link ([^\\]]+)\\] \\| ${category} \\|`, "g"))));
    },
    wrongAnswer: () => "[]",
  }),

  defineTemplate<{ product: string; price: string }>({
    id: "store-admin.no-such-product",
    sites: ["store-admin"],
    category: "impossible",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      "Set the price of the {product} to {price}.",
      "The {product} now costs {price}. Change its price.",
      "Change the price of the {product} to {price} dollars.",
    ],
    instances: () =>
      NEW_PRODUCTS.flatMap(([product], i) =>
        [0, 1, 2].map((k) => ({ product: product as string, price: newPrice(i + k) })),
      ),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ product }, o) {
      o = yield* adminSearch(o, "Products", product);
      read(o, /(No products found)/);
      yield exit("N/A");
    },
    wrongAnswer: () => "done",
  }),
];
