/** @file Tasks with reviews and reports. */

import { month } from "../dates.ts";
import { click, exit, select } from "../hands.ts";
import { escape, read } from "../oracle-steps.ts";
import { CATEGORIES } from "../store/data/catalog.ts";
import { money } from "../store/format.ts";
import { adminOpen, findProduct } from "../store/oracle-steps.ts";
import { deleteReview, moderateReview } from "../store/products.ts";
import { bestsellers, isSale, productOf, salesByCategory, salesMonths } from "../store/queries.ts";
import type { Review, StoreState } from "../store/state.ts";
import type { Observation } from "../../core/observation.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, expectChange, expectNoChange } from "../verify.ts";

type ReviewParams = { product: string; author: string };

function reviewOf(state: StoreState, { product, author }: ReviewParams): Review {
  const { id } = findProduct(state, product);
  return state.reviews.find((r) => r.productId === id && r.author === author)!;
}

const reviewsWith = (status: Review["status"]) => (state: StoreState) =>
  state.reviews
    .filter((r) => r.status === status)
    .map((r) => ({ product: productOf(state, r.productId).name, author: r.author }));

const openReview = (o: Observation, { product, author }: ReviewParams) =>
  adminOpen(o, "Reviews", product, `${product} by ${author}`);

const monthName = (iso: string) => month(`${iso}-01`);

export const reviewTemplates: TaskTemplate[] = [
  defineTemplate<ReviewParams>({
    id: "store-admin.approve-review",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 5,
    phrasings: [
      "Approve the review of the {product} by {author}.",
      "{author} reviewed the {product}. Approve that review.",
      "Let customers see the review that {author} wrote of the {product}: approve it.",
    ],
    instances: ({ store }) => [...reviewsWith("Pending")(store), ...reviewsWith("Rejected")(store)],
    check: (params) => [
      expectChange(({ store }) => moderateReview(store, reviewOf(store, params).id, "Approved")),
    ],
    *oracle(params, o) {
      o = yield* openReview(o, params);
      yield click(o, "button", "Approve review");
      yield exit();
    },
  }),

  defineTemplate<ReviewParams>({
    id: "store-admin.reject-review",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "Reject the review of the {product} by {author}.",
      "{author} reviewed the {product}. Reject that review.",
      "Customers should not see the review that {author} wrote of the {product}: reject it.",
    ],
    instances: ({ store }) => [
      ...reviewsWith("Pending")(store),
      ...reviewsWith("Approved")(store).slice(0, 80),
    ],
    check: (params) => [
      expectChange(({ store }) => moderateReview(store, reviewOf(store, params).id, "Rejected")),
    ],
    *oracle(params, o) {
      o = yield* openReview(o, params);
      yield click(o, "button", "Reject review");
      yield exit();
    },
  }),

  defineTemplate<ReviewParams>({
    id: "store-admin.delete-review",
    sites: ["store-admin"],
    category: "content management",
    difficulty: 6,
    phrasings: [
      "Delete the review of the {product} by {author}.",
      "{author} reviewed the {product}. Delete that review.",
      "Remove the review that {author} wrote of the {product} for good.",
    ],
    instances: ({ store }) => reviewsWith("Approved")(store).filter((_, i) => i % 3 === 0),
    check: (params) => [expectChange(({ store }) => deleteReview(store, reviewOf(store, params).id))],
    *oracle(params, o) {
      o = yield* openReview(o, params);
      o = yield click(o, "button", "Delete review");
      yield click(o, "button", "Yes, delete review");
      yield exit();
    },
  }),

  defineTemplate<{ month: string; rank: number }>({
    id: "store-admin.bestseller",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "Which product is on rank {rank} of the bestsellers of {name}?",
      "Open the bestsellers report for {name}. What is the product with rank {rank}?",
      "Name the number {rank} of the bestsellers in {name}.",
    ],
    words: ({ month: iso }) => ({ name: monthName(iso) }),
    instances: ({ store }) =>
      salesMonths(store).flatMap((iso) => {
        const { length } = bestsellers(store, iso);
        return [1, 2, 3, 4, 5].filter((rank) => rank <= length).map((rank) => ({ month: iso, rank }));
      }),
    check: ({ month: iso, rank }, { store }) => [
      answerIs(bestsellers(store, iso)[rank - 1]!.product.name),
      expectNoChange(),
    ],
    *oracle({ month: iso, rank }, o) {
      o = yield click(o, "link", "Reports");
      o = yield click(o, "link", "Bestsellers");
      o = yield select(o, "Month", monthName(iso));
      o = yield click(o, "button", "Apply");
      yield exit(read(o, new RegExp(`^${rank} \\| ([^|]+) \\|`, "m")));
    },
  }),

  defineTemplate<{ month: string; category: string }>({
    id: "store-admin.sales",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "What were the sales of {category} in {name}?",
      "Open the report of sales by month. How much did {category} sell in {name}?",
      "Find the {category} sales of {name}.",
    ],
    words: ({ month: iso }) => ({ name: monthName(iso) }),
    instances: ({ store }) =>
      salesMonths(store).flatMap((iso) => CATEGORIES.map(({ name }) => ({ month: iso, category: name }))),
    check: ({ month: iso, category }, { store }) => [
      answerIs(money(salesByCategory(store).get(category)?.get(iso) ?? 0)),
      expectNoChange(),
    ],
    *oracle({ month: iso, category }, o) {
      o = yield click(o, "link", "Reports");
      o = yield click(o, "link", "Sales by month");
      o = yield select(o, "Month", monthName(iso));
      o = yield click(o, "button", "Apply");
      yield exit(read(o, new RegExp(`^${escape(category)} \\| (\\$[\\d,.]+)$`, "m")));
    },
  }),

  defineTemplate<{ month: string }>({
    id: "store-admin.orders-in-month",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "How many orders does the report of sales by month give for {name}?",
      "Open the report of sales by month and tell me the number of orders in {name}.",
      "According to the sales report, how many orders were there in {name}?",
    ],
    words: ({ month: iso }) => ({ name: monthName(iso) }),
    instances: ({ store }) => salesMonths(store).map((iso) => ({ month: iso })),
    check: ({ month: iso }, { store }) => [
      answerIs(String(store.orders.filter((o) => isSale(o) && o.placed.startsWith(iso)).length)),
      expectNoChange(),
    ],
    *oracle({ month: iso }, o) {
      o = yield click(o, "link", "Reports");
      o = yield click(o, "link", "Sales by month");
      o = yield select(o, "Month", monthName(iso));
      o = yield click(o, "button", "Apply");
      yield exit(read(o, /^Orders \| (\d+)$/m));
    },
  }),
];
