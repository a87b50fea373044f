/** @file Tasks with the shop's pages; some end on the storefront. */

import { click, exit, select, type } from "../hands.ts";
import { read } from "../oracle-steps.ts";
import { app as storefront } from "../storefront/app.ts";
import { createPage, deletePage, publishPage, savePage, unpublishPage } from "../store/content.ts";
import { PAGE_TEXTS, PAGE_TITLES } from "../store/data/wording.ts";
import { addToCart } from "../store/orders.ts";
import {
  adminOpen,
  adminProduct,
  at,
  cents,
  clickBelow,
  clickInList,
  onSale,
  openProduct,
  findProduct,
} from "../store/oracle-steps.ts";
import { setPrice } from "../store/products.ts";
import { type ContentPage, type StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, expectChange, expectNoChange, urlIs } from "../verify.ts";
import type { Observation } from "../../core/observation.ts";

/** Lists with a status filter: section, statuses, and the things that a status counts. */
const COUNTED: Record<string, (state: StoreState) => { status: string }[]> = {
  orders: (state) => state.orders,
  reviews: (state) => state.reviews,
  messages: (state) => state.messages,
  pages: (state) => state.pages,
};

const findPage = (state: StoreState, title: string): ContentPage =>
  state.pages.find((p) => p.title === title)!;

const openPage = (o: Observation, title: string) => adminOpen(o, "Pages", title, title);

export const contentTemplates: TaskTemplate[] = [
  defineTemplate<{ what: string; status: string }>({
    id: "store-admin.count-by-status",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 4,
    phrasings: [
      "How many {what} have the status {status}?",
      "Count the {what} with the status {status}.",
      "Filter the {what} by the status {status}. How many are there?",
    ],
    instances: ({ store }) =>
      Object.entries(COUNTED).flatMap(([what, list]) =>
        [...new Set(list(store).map((x) => x.status))].map((status) => ({ what, status })),
      ),
    check: ({ what, status }, { store }) => [
      answerIs(String(COUNTED[what]!(store).filter((x) => x.status === status).length)),
      expectNoChange(),
    ],
    *oracle({ what, status }, o) {
      o = yield click(o, "link", what[0]!.toUpperCase() + what.slice(1));
      o = yield select(o, "Status", status);
      o = yield click(o, "button", "Apply");
      yield exit(read(o, /Showing 1 to \d+ of (\d+)/));
    },
    wrongAnswer: () => "0",
  }),

  defineTemplate<{ title: string; text: string; publish: boolean }>({
    id: "store-admin.create-page",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      "Create a page titled {title} with the text: {text}{rest}",
      "Write a new page. Title: {title}. Text: {text}{rest}",
      "Our shop needs the page {title}. It should say: {text}{rest}",
    ],
    words: ({ publish }) => ({ rest: publish ? " Then publish it." : " Leave it as a draft." }),
    instances: () =>
      PAGE_TITLES.flatMap((title, i) =>
        [0, 1, 2, 3].map((k) => ({
          title: title as string,
          text: at(PAGE_TEXTS, i + k) as string,
          publish: k % 2 === 1,
        })),
      ),
    check: ({ title, text, publish }) => [
      expectChange(({ store }) => {
        const { id } = createPage(store, { title, body: text });
        if (publish) publishPage(store, id);
      }),
    ],
    *oracle({ title, text, publish }, o) {
      o = yield click(o, "link", "Pages");
      o = yield click(o, "link", "New page");
      o = yield type(o, "Title", title);
      o = yield type(o, "Text", text);
      o = yield* clickBelow(o, "button", "Save page");
      if (publish) o = yield click(o, "button", "Publish page");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; text: string }>({
    id: "store-admin.edit-page",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      "Replace the text of the page {title} by: {text}",
      "The page {title} should say: {text}",
      "Change the text of our page {title} to this: {text}",
    ],
    instances: ({ store }) =>
      store.pages.flatMap((p, i) =>
        [0, 2, 5].map((k) => ({ title: p.title, text: at(PAGE_TEXTS, i + k) as string })),
      ),
    check: ({ title, text }) => [
      expectChange(({ store }) => savePage(store, findPage(store, title).id, { title, body: text })),
    ],
    *oracle({ title, text }, o) {
      o = yield* openPage(o, title);
      o = yield type(o, "Text", text);
      yield* clickBelow(o, "button", "Save page");
      yield exit();
    },
  }),

  defineTemplate<{ title: string; to: string }>({
    id: "store-admin.rename-page",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "Rename the page {title} to {to}.",
      "Change the title of the page {title} to {to}.",
      "The page {title} should be called {to}.",
    ],
    instances: ({ store }) =>
      store.pages.flatMap((p, i) =>
        [0, 7].map((k) => ({ title: p.title, to: at(PAGE_TITLES, i + k) as string })),
      ),
    check: ({ title, to }) => [
      expectChange(({ store }) => {
        const { id, body } = findPage(store, title);
        savePage(store, id, { title: to, body });
      }),
    ],
    *oracle({ title, to }, o) {
      o = yield* openPage(o, title);
      o = yield type(o, "Title", to);
      yield* clickBelow(o, "button", "Save page");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "store-admin.publish-page",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 5,
    phrasings: [
      "Publish the page {title}.",
      "The draft {title} is ready. Publish it.",
      "Let customers read the page {title}.",
    ],
    instances: ({ store }) =>
      store.pages.filter((p) => p.status === "Draft").map((p) => ({ title: p.title })),
    check: ({ title }) => [expectChange(({ store }) => publishPage(store, findPage(store, title).id))],
    *oracle({ title }, o) {
      o = yield* openPage(o, title);
      yield click(o, "button", "Publish page");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "store-admin.unpublish-page",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "Unpublish the page {title}.",
      "The page {title} is out of date. Make it a draft again.",
      "Customers should no longer see the page {title}. Unpublish it.",
    ],
    instances: ({ store }) =>
      store.pages.filter((p) => p.status === "Published").map((p) => ({ title: p.title })),
    check: ({ title }) => [expectChange(({ store }) => unpublishPage(store, findPage(store, title).id))],
    *oracle({ title }, o) {
      o = yield* openPage(o, title);
      yield click(o, "button", "Unpublish page");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "store-admin.delete-page",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      "Delete the draft {title}.",
      "We do not need the page {title}. Delete it.",
      "Remove the page {title} for good.",
    ],
    instances: ({ store }) =>
      store.pages.filter((p) => p.status === "Draft").map((p) => ({ title: p.title })),
    check: ({ title }) => [expectChange(({ store }) => deletePage(store, findPage(store, title).id))],
    *oracle({ title }, o) {
      o = yield* openPage(o, title);
      o = yield click(o, "button", "Delete page");
      yield click(o, "button", "Yes, delete page");
      yield exit();
    },
  }),

  defineTemplate<{ title: string }>({
    id: "store-admin.publish-and-open",
    sites: ["store-admin", "storefront"],
    category: "content management",
    difficulty: 9,
    testOnly: true,
    phrasings: [
      "Publish the page {title}, then open it in the help of the storefront.",
      "The draft {title} is ready. Publish it and show me the page in the storefront's help.",
      "Let customers read the page {title}, and check it by opening it in the storefront under Help.",
    ],
    instances: ({ store }) =>
      store.pages.filter((p) => p.status === "Draft").map((p) => ({ title: p.title })),
    check: ({ title }, { store }) => [
      expectChange((state) => publishPage(state.store, findPage(state.store, title).id)),
      urlIs(`/help/${findPage(store, title).slug}`, storefront.host),
    ],
    *oracle({ title }, o) {
      o = yield* openPage(o, title);
      o = yield click(o, "button", "Publish page");
      o = yield click(o, "link", "Storefront");
      o = yield click(o, "link", "Help");
      yield* clickInList(o, title);
      yield exit();
    },
  }),

  defineTemplate<{ product: string; price: string }>({
    id: "store-admin.price-and-cart",
    sites: ["store-admin", "storefront"],
    category: "shop operations",
    difficulty: 10,
    phrasings: [
      "Set the price of the {product} to {price}, then add one to the cart in the storefront.",
      "Change the price of the {product} to {price}. After that, put one into the cart of the storefront.",
      "The {product} now costs {price}. Change it here, and then add the {product} to the cart in the storefront.",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.id % 3 === 0 && p.stock > 0)
        .map((p) => ({ product: p.name, price: `${14 + ((p.id * 3) % 90)}.75` })),
    check: ({ product, price }) => [
      expectChange(({ store }) => {
        const { id } = findProduct(store, product);
        setPrice(store, id, cents(price));
        addToCart(store, 1, id, 1);
      }),
    ],
    *oracle({ product, price }, o) {
      o = yield* adminProduct(o, product);
      o = yield type(o, "Price", price);
      o = yield* clickBelow(o, "button", "Save product");
      o = yield click(o, "link", "Storefront");
      o = yield* openProduct(o, product);
      yield click(o, "button", "Add to cart");
      yield exit();
    },
  }),
];
