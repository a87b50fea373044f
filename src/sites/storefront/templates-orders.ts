/** @file Tasks with a customer's orders and returns. */

import { day } from "../dates.ts";
import { click, exit, select } from "../hands.ts";
import { fact, readAll, type Stretch } from "../oracle-steps.ts";
import { passwordOf } from "../store/data/people.ts";
import { money } from "../store/format.ts";
import { cancelOrder, openReturn } from "../store/orders.ts";
import {
  at,
  clickBelow,
  clickInList,
  findOrder,
  ownOrders,
  findProduct,
  signIn,
} from "../store/oracle-steps.ts";
import { customerOf, orderTotal, productOf, whyNoReturn } from "../store/queries.ts";
import { RETURN_REASONS, type Order, type ReturnReason, type StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, answerJson, answerNotPossible, expectChange, expectNoChange } from "../verify.ts";
import type { Observation } from "../../core/observation.ts";

function* openOrder(o: Observation, order: number): Stretch {
  o = yield click(o, "link", "Orders");
  return yield* clickInList(o, `Order ${order}`);
}

const FACTS = ["status", "total", "payment", "shipping"] as const;

function orderFact(order: Order, what: string): string {
  if (what === "status") return order.status;
  if (what === "total") return money(orderTotal(order));
  return what === "payment" ? order.payment : order.shipping;
}

const cancelable = (order: Order) => order.status === "Pending" || order.status === "Processing";

/** Orders of others than the usual shopper, with what is needed to sign in. */
const strangers = (state: StoreState) =>
  state.orders
    .filter((o) => o.customerId !== 1)
    .map((order) => ({
      order,
      email: customerOf(state, order.customerId).email,
      password: passwordOf(order.customerId),
    }));

/** What is left to return of an order within its window. */
const returnable = (state: StoreState, order: Order) =>
  whyNoReturn(state, order) !== null
    ? []
    : order.lines
        .map((l) => l.productId)
        .filter((id) => !state.returns.some((r) => r.orderId === order.id && r.productId === id))
        .map((id) => productOf(state, id).name);

const doReturn = (order: number, product: string, reason: string) =>
  expectChange(({ store }) => {
    openReturn(store, {
      orderId: order,
      productId: findProduct(store, product).id,
      reason: reason as ReturnReason,
      comment: "",
    });
  });

function* fillReturn(o: Observation, product: string, reason: string): Stretch {
  o = yield click(o, "link", "Return items");
  o = yield click(o, "radio", product);
  o = yield select(o, "Reason", reason);
  return yield* clickBelow(o, "button", "Request return");
}

export const orderTemplates: TaskTemplate[] = [
  defineTemplate<{ order: number; what: string }>({
    id: "storefront.order-fact",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "What is the {what} of my order {order}?",
      "Look up my order {order} and tell me its {what}.",
      "Order {order}: {what}?",
      "Find the {what} of order {order} in my account.",
    ],
    words: ({ what }) => ({ what: what === "payment" || what === "shipping" ? `${what} method` : what }),
    instances: ({ store }) =>
      ownOrders(store).flatMap((o) => FACTS.map((what) => ({ order: o.id, what: what as string }))),
    check: ({ order, what }, { store }) => [
      answerIs(orderFact(findOrder(store, order), what)),
      expectNoChange(),
    ],
    *oracle({ order, what }, o) {
      o = yield* openOrder(o, order);
      yield exit(fact(o, what[0]!.toUpperCase() + what.slice(1)));
    },
  }),

  defineTemplate<{ order: number }>({
    id: "storefront.order-date",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "When was my order {order} placed?",
      "On which day did I place order {order}?",
      "Find the date of my order {order}.",
    ],
    instances: ({ store }) => ownOrders(store).map((o) => ({ order: o.id })),
    check: ({ order }, { store }) => {
      const { placed } = findOrder(store, order);
      return [answerIs(day(placed), placed), expectNoChange()];
    },
    *oracle({ order }, o) {
      o = yield* openOrder(o, order);
      yield exit(fact(o, "Placed"));
    },
  }),

  defineTemplate<{ order: number }>({
    id: "storefront.order-items-json",
    sites: ["storefront"],
    category: "extraction",
    difficulty: 5,
    phrasings: [
      "Which products are in my order {order}? Answer with a JSON array of names.",
      "List the products of my order {order} as a JSON array.",
      'Extract the product names of order {order} as JSON, like ["Oak table"].',
    ],
    instances: ({ store }) => ownOrders(store).map((o) => ({ order: o.id })),
    check: ({ order }, { store }) => [
      answerJson(
        findOrder(store, order).lines.map((l) => productOf(store, l.productId).name),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    *oracle({ order }, o) {
      o = yield* openOrder(o, order);
      const names = readAll(o, /^(?:\[link )?([^|\]\n]+)\]? \| \d+ \| \$/gm);
      yield exit(JSON.stringify(names));
    },
    wrongAnswer: () => "[]",
  }),

  defineTemplate<{ email: string; password: string; order: number }>({
    id: "storefront.sign-in-order-status",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 7,
    signedOut: true,
    phrasings: [
      "Sign in as {email} with the password {password}. What is the status of order {order}?",
      "My email is {email}, my password {password}. Tell me the status of my order {order}.",
      "Use the account {email} (password {password}) and find the status of order {order}.",
    ],
    instances: ({ store }) =>
      strangers(store)
        .filter(({ order }) => order.id % 3 === 0)
        .map(({ order, email, password }) => ({ email, password, order: order.id })),
    check: ({ order }, { store }) => [answerIs(findOrder(store, order).status), expectNoChange()],
    *oracle({ email, password, order }, o) {
      o = yield* signIn(o, email, password);
      o = yield* openOrder(o, order);
      yield exit(fact(o, "Status"));
    },
  }),

  defineTemplate<{ order: number }>({
    id: "storefront.cancel-order",
    sites: ["storefront"],
    category: "customer service",
    difficulty: 5,
    phrasings: [
      "Cancel my order {order}.",
      "I do not need order {order} any more. Cancel it.",
      "Please cancel order {order}.",
    ],
    instances: ({ store }) =>
      ownOrders(store)
        .filter(cancelable)
        .map((o) => ({ order: o.id })),
    check: ({ order }) => [expectChange(({ store }) => cancelOrder(store, order))],
    *oracle({ order }, o) {
      o = yield* openOrder(o, order);
      o = yield click(o, "button", "Cancel order");
      yield click(o, "button", "Yes, cancel order");
      yield exit();
    },
  }),

  defineTemplate<{ email: string; password: string; order: number }>({
    id: "storefront.sign-in-cancel-order",
    sites: ["storefront"],
    category: "customer service",
    difficulty: 9,
    testOnly: true,
    signedOut: true,
    phrasings: [
      "Sign in as {email} with the password {password} and cancel order {order}.",
      "My email is {email}, my password {password}. Cancel my order {order}.",
      "Use the account {email} (password {password}) to cancel order {order}.",
    ],
    instances: ({ store }) =>
      strangers(store)
        .filter(({ order }) => cancelable(order))
        .map(({ order, email, password }) => ({ email, password, order: order.id })),
    check: ({ order }) => [expectChange(({ store }) => cancelOrder(store, order))],
    *oracle({ email, password, order }, o) {
      o = yield* signIn(o, email, password);
      o = yield* openOrder(o, order);
      o = yield click(o, "button", "Cancel order");
      yield click(o, "button", "Yes, cancel order");
      yield exit();
    },
  }),

  defineTemplate<{ order: number }>({
    id: "storefront.cancel-too-late",
    sites: ["storefront"],
    category: "impossible",
    difficulty: 5,
    phrasings: [
      "Cancel my order {order}.",
      "I do not need order {order} any more. Cancel it.",
      "Please cancel order {order}.",
    ],
    instances: ({ store }) =>
      ownOrders(store)
        .filter((o) => !cancelable(o) && o.status !== "Canceled")
        .map((o) => ({ order: o.id })),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ order }, o) {
      yield* openOrder(o, order);
      yield exit("N/A");
    },
    wrongAnswer: () => "done",
  }),

  defineTemplate<{ order: number; product: string; reason: string }>({
    id: "storefront.return-item",
    sites: ["storefront"],
    category: "customer service",
    difficulty: 8,
    phrasings: [
      "Return the {product} of my order {order}. Reason: {reason}.",
      "Open a return for the {product} from order {order} with the reason {reason}.",
      "I want to send back the {product} that came with order {order}. The reason is: {reason}.",
    ],
    instances: ({ store }) =>
      ownOrders(store).flatMap((o) =>
        returnable(store, o).flatMap((product) =>
          RETURN_REASONS.map((reason) => ({ order: o.id, product, reason: reason as string })),
        ),
      ),
    check: ({ order, product, reason }) => [doReturn(order, product, reason)],
    *oracle({ order, product, reason }, o) {
      o = yield* openOrder(o, order);
      yield* fillReturn(o, product, reason);
      yield exit();
    },
  }),

  defineTemplate<{ email: string; password: string; order: number; product: string; reason: string }>({
    id: "storefront.sign-in-return",
    sites: ["storefront"],
    category: "customer service",
    difficulty: 11,
    signedOut: true,
    phrasings: [
      "Sign in as {email} with the password {password} and return the {product} of order {order}. Reason: {reason}.",
      "My email is {email}, my password {password}. Open a return for the {product} from order {order}, reason {reason}.",
      "Use the account {email} (password {password}) to return the {product} of order {order}, because: {reason}.",
    ],
    instances: ({ store }) =>
      strangers(store).flatMap(({ order, email, password }) =>
        returnable(store, order).map((product, i) => ({
          email,
          password,
          order: order.id,
          product,
          reason: at(RETURN_REASONS, order.id + i) as string,
        })),
      ),
    check: ({ order, product, reason }) => [doReturn(order, product, reason)],
    *oracle({ email, password, order, product, reason }, o) {
      o = yield* signIn(o, email, password);
      o = yield* openOrder(o, order);
      yield* fillReturn(o, product, reason);
      yield exit();
    },
  }),

  defineTemplate<{ order: number; product: string }>({
    id: "storefront.return-refused",
    sites: ["storefront"],
    category: "impossible",
    difficulty: 4,
    phrasings: [
      "Return the {product} of my order {order}. Reason: Damaged.",
      "Open a return for the {product} from order {order} with the reason Damaged.",
      "I want to send back the {product} that came with order {order}. The reason is: Damaged.",
    ],
    instances: ({ store }) =>
      ownOrders(store)
        .filter((o) => whyNoReturn(store, o) !== null)
        .flatMap((o) => o.lines.map((l) => ({ order: o.id, product: productOf(store, l.productId).name }))),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ order }, o) {
      yield* openOrder(o, order);
      yield exit("N/A");
    },
    wrongAnswer: () => "done",
  }),
];
