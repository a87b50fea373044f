/** @file Tasks that start on the storefront and end in the store admin. */

import { click, exit, select, type } from "../hands.ts";
import { contactBody, replyToMessage, sendMessage } from "../store/customers.ts";
import { MESSAGE_SUBJECTS } from "../store/data/voices.ts";
import { QUESTIONS, REPLIES, REVIEW_TITLES } from "../store/data/wording.ts";
import { addToCart, setOrderStatus } from "../store/orders.ts";
import {
  adminOrder,
  adminProduct,
  at,
  clickBelow,
  onSale,
  openProduct,
  ownOrders,
  findProduct,
} from "../store/oracle-steps.ts";
import { moderateReview, setStock, writeReview } from "../store/products.ts";
import { customerOf } from "../store/queries.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { expectChange } from "../verify.ts";

export const bothTemplates: TaskTemplate[] = [
  defineTemplate<{ product: string; rating: number; title: string }>({
    id: "storefront.review-and-approve",
    sites: ["storefront", "store-admin"],
    category: "content management",
    difficulty: 12,
    testOnly: true,
    phrasings: [
      "Review the {product} with {stars} and the title {title}. Then approve that review in the store admin.",
      "Write a review titled {title} of the {product} with {stars}, and approve it in the store admin.",
      "In the shop, give the {product} {stars} in a review titled {title}; in the store admin, approve the review.",
    ],
    words: ({ rating }) => ({ stars: rating === 1 ? "1 star" : `${rating} stars` }),
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.id % 4 === 1)
        .map((p) => ({ product: p.name, rating: 1 + (p.id % 5), title: at(REVIEW_TITLES, p.id) as string })),
    check: ({ product, rating, title }) => [
      expectChange(({ store }) => {
        const author = customerOf(store, 1).name;
        const form = { rating, title, text: "" };
        const review = writeReview(store, findProduct(store, product).id, author, form);
        moderateReview(store, review.id, "Approved");
      }),
    ],
    *oracle({ product, rating, title }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "tab", "Reviews");
      o = yield* clickBelow(o, "link", "Write a review");
      o = yield select(o, "Rating", `${rating} star`);
      o = yield type(o, "Title", title);
      o = yield* clickBelow(o, "button", "Send review");
      o = yield click(o, "link", "Store admin");
      o = yield click(o, "link", "Reviews");
      o = yield click(o, "link", `${product} by Emma Lopez`);
      yield click(o, "button", "Approve review");
      yield exit();
    },
  }),

  defineTemplate<{ subject: string; order: number; message: string; reply: string }>({
    id: "storefront.message-and-reply",
    sites: ["storefront", "store-admin"],
    category: "customer service",
    difficulty: 12,
    phrasings: [
      "Contact the shop about order {order}. Subject: {subject}. Message: {message} Then answer it in the store admin: {reply}",
      "Send the shop a message with the subject {subject}, the order number {order} and this text: {message} After that, reply in the store admin: {reply}",
      "Write to the shop (subject {subject}, order {order}): {message} Then reply to it in the store admin with: {reply}",
    ],
    instances: ({ store }) =>
      ownOrders(store).flatMap((o, i) =>
        [1, 4].map((k) => ({
          subject: at(MESSAGE_SUBJECTS, i + k) as string,
          order: o.id,
          message: at(QUESTIONS, i + k) as string,
          reply: at(REPLIES, i + k) as string,
        })),
      ),
    check: ({ subject, order, message, reply }) => [
      expectChange(({ store }) => {
        const { id } = sendMessage(store, 1, { subject, body: contactBody(String(order), message) });
        replyToMessage(store, id, reply);
      }),
    ],
    *oracle({ subject, order, message, reply }, o) {
      o = yield click(o, "link", "Help");
      o = yield click(o, "link", "Contact us");
      o = yield select(o, "Subject", subject);
      o = yield type(o, "Order number", String(order));
      o = yield type(o, "Message", message);
      o = yield* clickBelow(o, "button", "Send message");
      o = yield click(o, "link", "Store admin");
      o = yield click(o, "link", "Messages");
      o = yield click(o, "link", `${subject} from Emma Lopez`);
      o = yield type(o, "Reply", reply);
      yield* clickBelow(o, "button", "Send reply");
      yield exit();
    },
  }),

  defineTemplate<{ product: string; stock: number }>({
    id: "storefront.restock-and-add",
    sites: ["storefront", "store-admin"],
    category: "shop operations",
    difficulty: 11,
    phrasings: [
      "The {product} is out of stock. Set its stock to {stock} in the store admin, then add one to the cart in the storefront.",
      "Restock the {product} to {stock} in the store admin and after that put one into my cart in the storefront.",
      "First set the stock of the {product} to {stock} in the store admin. Then add one {product} to the cart of the storefront.",
    ],
    instances: ({ store }) =>
      onSale(store)
        .filter((p) => p.stock === 0)
        .flatMap((p) => [12, 25, 40].map((stock) => ({ product: p.name, stock }))),
    check: ({ product, stock }) => [
      expectChange(({ store }) => {
        const { id } = findProduct(store, product);
        setStock(store, id, stock);
        addToCart(store, 1, id, 1);
      }),
    ],
    *oracle({ product, stock }, o) {
      o = yield click(o, "link", "Store admin");
      o = yield* adminProduct(o, product);
      o = yield type(o, "Stock", String(stock));
      o = yield click(o, "button", "Save product");
      o = yield click(o, "link", "Storefront");
      o = yield* openProduct(o, product);
      yield click(o, "button", "Add to cart");
      yield exit();
    },
  }),

  defineTemplate<{ status: string; to: string }>({
    id: "storefront.advance-latest",
    sites: ["storefront", "store-admin"],
    category: "shop operations",
    difficulty: 10,
    testOnly: true,
    phrasings: [
      "Find my latest {status} order in the shop and set it to {to} in the store admin.",
      "Which of my orders is the newest with the status {status}? Change its status to {to} in the store admin.",
      "Look up my most recent {status} order, then make it {to} in the store admin.",
    ],
    words: ({ status }) => ({ status: status.toLowerCase() }),
    instances: ({ store }) =>
      ["Pending", "Processing", "Shipped", "Delivered"].flatMap((status) =>
        ["Pending", "Processing", "Shipped", "Delivered"]
          .filter((to) => to !== status && ownOrders(store).some((o) => o.status === status))
          .map((to) => ({ status, to })),
      ),
    check: ({ status, to }) => [
      expectChange(({ store }) => {
        const order = ownOrders(store).findLast((o) => o.status === status)!;
        setOrderStatus(store, order.id, to as "Shipped");
      }),
    ],
    *oracle({ status, to }, o) {
      o = yield click(o, "link", "Orders");
      o = yield select(o, "Status", status);
      o = yield click(o, "button", "Apply");
      const [, number] = /^Order (\d+)$/.exec(o.elements.find((e) => /^Order \d+$/.test(e.label))!.label)!;
      o = yield click(o, "link", "Store admin");
      o = yield* adminOrder(o, Number(number));
      o = yield select(o, "Status", to);
      yield click(o, "button", "Save status");
      yield exit();
    },
  }),
];
