/** @file Tasks with orders and returns. */

import { group } from "d3-array";
import { daysBetween } from "../dates.ts";
import { click, exit, select, type } from "../hands.ts";
import { escape, fact, read, readAll } from "../oracle-steps.ts";
import { NOTES } from "../store/data/wording.ts";
import { money } from "../store/format.ts";
import {
  addOrderNote,
  cancelOrder,
  decideReturn,
  refundOrder,
  setOrderStatus,
  setTracking,
} from "../store/orders.ts";
import { adminOrder, adminSearch, at, clickBelow, findCustomer, findOrder } from "../store/oracle-steps.ts";
import { customerOf, matches, orderTotal } from "../store/queries.ts";
import {
  ORDER_STATUSES,
  RETURN_DAYS,
  type Order,
  type OrderStatus,
  type StoreState,
} from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, answerJson, answerNotPossible, expectChange, expectNoChange } from "../verify.ts";

const SETTABLE = ORDER_STATUSES.slice(0, 4);

const open = (order: Order) => order.status === "Pending" || order.status === "Processing";
const isSent = (order: Order) => order.status === "Shipped" || order.status === "Delivered";

/** Customers whose orders fill at most one page of the list, found by their name alone. */
function buyers(state: StoreState): { name: string; orders: Order[] }[] {
  const ordersOf = group(state.orders, (order) => order.customerId);
  const buying = state.customers.filter(({ id }) => ordersOf.has(id));
  return buying
    .map(({ id, name }) => ({ name, orders: ordersOf.get(id)! }))
    .filter(
      ({ name, orders }) =>
        orders.length <= 8 && buying.filter((customer) => matches(name, customer.name)).length === 1,
    );
}

function highest(state: StoreState, status: string): Order | null {
  const sorted = state.orders
    .filter((o) => o.status === status)
    .sort((a, b) => orderTotal(b) - orderTotal(a));
  return sorted.length > 1 && orderTotal(sorted[0]!) > orderTotal(sorted[1]!) ? sorted[0]! : null;
}

export const orderTemplates: TaskTemplate[] = [
  defineTemplate<{ order: number; status: string }>({
    id: "store-admin.set-order-status",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Set order {order} to {status}.",
      "Change the status of order {order} to {status}.",
      "Order {order} is now {status}. Update its status.",
      "Mark order {order} as {status}.",
    ],
    instances: ({ store }) =>
      store.orders
        .filter((o) => open(o) || isSent(o))
        .map((o) => {
          const others = SETTABLE.filter((s) => s !== o.status);
          return { order: o.id, status: at(others, o.id) };
        }),
    check: ({ order, status }) => [
      expectChange(({ store }) => setOrderStatus(store, order, status as OrderStatus)),
    ],
    *oracle({ order, status }, o) {
      o = yield* adminOrder(o, order);
      o = yield select(o, "Status", status);
      yield click(o, "button", "Save status");
      yield exit();
    },
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.order-customer",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "Who placed order {order}?",
      "Which customer does order {order} belong to?",
      "Find the name of the customer of order {order}.",
    ],
    instances: ({ store }) => store.orders.map((o) => ({ order: o.id })),
    check: ({ order }, { store }) => [
      answerIs(customerOf(store, findOrder(store, order).customerId).name),
      expectNoChange(),
    ],
    *oracle({ order }, o) {
      o = yield* adminSearch(o, "Orders", String(order));
      yield exit(read(o, new RegExp(`\\[link Order ${order}\\] \\| ([^|]+) \\|`)));
    },
    wrongAnswer: () => "Ann Lee",
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.order-total",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "What is the total of order {order}?",
      "How much did order {order} cost?",
      "Find the total amount of order {order}.",
    ],
    instances: ({ store }) => store.orders.map((o) => ({ order: o.id })),
    check: ({ order }, { store }) => [answerIs(money(orderTotal(findOrder(store, order)))), expectNoChange()],
    *oracle({ order }, o) {
      o = yield* adminSearch(o, "Orders", String(order));
      yield exit(read(o, new RegExp(`\\[link Order ${order}\\] .*(\\$[\\d,.]+)`)));
    },
    wrongAnswer: () => "$49.00",
  }),

  defineTemplate<{ order: number; what: string }>({
    id: "store-admin.order-method",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "What is the {what} method of order {order}?",
      "Look up the {what} method of order {order}.",
      "Order {order}: which {what} method?",
    ],
    instances: ({ store }) =>
      store.orders
        .filter((o) => o.id % 2 === 0)
        .map((o) => ({ order: o.id, what: at(["payment", "shipping"], o.id / 2) })),
    check: ({ order, what }, { store }) => {
      const found = findOrder(store, order);
      return [answerIs(what === "payment" ? found.payment : found.shipping), expectNoChange()];
    },
    *oracle({ order, what }, o) {
      o = yield* adminOrder(o, order);
      yield exit(fact(o, what[0]!.toUpperCase() + what.slice(1)));
    },
  }),

  defineTemplate<{ order: number; note: string }>({
    id: "store-admin.order-note",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Add the note {note} to order {order}.",
      "Write a note on order {order}: {note}",
      "Order {order} needs a note that says {note}.",
    ],
    instances: ({ store }) =>
      store.orders
        .filter((o) => o.id % 3 === 0 || open(o))
        .map((o) => ({ order: o.id, note: at(NOTES, o.id) as string })),
    check: ({ order, note }) => [expectChange(({ store }) => addOrderNote(store, order, note))],
    *oracle({ order, note }, o) {
      o = yield* adminOrder(o, order);
      o = yield type(o, "Note", note);
      yield click(o, "button", "Add note");
      yield exit();
    },
  }),

  defineTemplate<{ order: number; tracking: string }>({
    id: "store-admin.order-tracking",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "Save the tracking number {tracking} on order {order}.",
      "Order {order} has the tracking number {tracking}. Enter it.",
      "Set the tracking of order {order} to {tracking}.",
    ],
    instances: ({ store }) =>
      store.orders
        .filter((o) => open(o) || o.status === "Shipped")
        .map((o) => ({ order: o.id, tracking: `TR${String(o.id * 577).slice(-6)}` })),
    check: ({ order, tracking }) => [expectChange(({ store }) => setTracking(store, order, tracking))],
    *oracle({ order, tracking }, o) {
      o = yield* adminOrder(o, order);
      o = yield type(o, "Tracking", tracking);
      yield click(o, "button", "Save tracking");
      yield exit();
    },
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.cancel-order",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Cancel order {order}.",
      "The customer does not want order {order}. Cancel it.",
      "Order {order} has to be canceled.",
    ],
    instances: ({ store }) => store.orders.filter(open).map((o) => ({ order: o.id })),
    check: ({ order }) => [expectChange(({ store }) => cancelOrder(store, order))],
    *oracle({ order }, o) {
      o = yield* adminOrder(o, order);
      o = yield click(o, "button", "Cancel order");
      yield click(o, "button", "Yes, cancel order");
      yield exit();
    },
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.refund-order",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "Refund order {order}.",
      "Give the customer of order {order} the money back.",
      "Order {order} has to be refunded.",
    ],
    instances: ({ store }) =>
      store.orders.filter((o) => isSent(o) && o.id % 2 === 1).map((o) => ({ order: o.id })),
    check: ({ order }) => [expectChange(({ store }) => refundOrder(store, order))],
    *oracle({ order }, o) {
      o = yield* adminOrder(o, order);
      o = yield click(o, "button", "Refund order");
      yield click(o, "button", "Yes, refund order");
      yield exit();
    },
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.cancel-too-late",
    sites: ["store-admin"],
    category: "impossible",
    difficulty: 4,
    phrasings: [
      "Cancel order {order}.",
      "The customer does not want order {order}. Cancel it.",
      "Order {order} has to be canceled.",
    ],
    instances: ({ store }) =>
      store.orders
        .filter((o) => (isSent(o) || o.status === "Refunded") && o.id % 5 === 0)
        .map((o) => ({ order: o.id })),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ order }, o) {
      yield* adminOrder(o, order);
      yield exit("N/A");
    },
    wrongAnswer: () => "done",
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.no-such-order",
    sites: ["store-admin"],
    category: "impossible",
    difficulty: 3,
    phrasings: [
      "Who placed order {order}?",
      "Which customer does order {order} belong to?",
      "Find the name of the customer of order {order}.",
    ],
    instances: () => Array.from({ length: 80 }, (_, i) => ({ order: 1460 + i * 7 })),
    check: () => [answerNotPossible(), expectNoChange()],
    *oracle({ order }, o) {
      o = yield* adminSearch(o, "Orders", String(order));
      read(o, /(No orders found)/);
      yield exit("N/A");
    },
    wrongAnswer: () => "Emma Lopez",
  }),

  defineTemplate<{ order: number }>({
    id: "store-admin.decide-return",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 5,
    phrasings: [
      "Decide on the return of order {order}: approve it if it was requested within 30 days after delivery, otherwise reject it.",
      "Order {order} has an open return. Our policy allows returns up to 30 days after delivery. Approve or reject it accordingly.",
      "Handle the return of order {order}. Approve returns of 30 days or less after delivery, reject later ones.",
    ],
    instances: ({ store }) =>
      store.returns.filter((r) => r.status === "Requested").map((r) => ({ order: r.orderId })),
    check: ({ order }) => [
      expectChange(({ store }) => {
        const entry = store.returns.find((r) => r.orderId === order)!;
        const days = daysBetween(findOrder(store, order).delivered!, entry.requested);
        decideReturn(store, entry.id, days <= RETURN_DAYS ? "Approved" : "Rejected");
      }),
    ],
    *oracle({ order }, o) {
      o = yield* adminOrder(o, order);
      const days = Number(read(o, /After delivery \| (\d+) days/));
      yield* clickBelow(o, "button", days <= 30 ? "Approve return" : "Reject return");
      yield exit();
    },
  }),

  defineTemplate<{ customer: string }>({
    id: "store-admin.customer-orders-json",
    sites: ["store-admin"],
    category: "extraction",
    difficulty: 3,
    phrasings: [
      "List the order numbers of {customer} as a JSON array of numbers.",
      "Which orders has {customer} placed? Answer with a JSON array of order numbers, like [1001].",
      "Extract the numbers of all orders by {customer} as JSON, like [1001].",
    ],
    instances: ({ store }) => buyers(store).map(({ name }) => ({ customer: name })),
    check: ({ customer }, { store }) => [
      answerJson(
        store.orders.filter((o) => o.customerId === findCustomer(store, customer).id).map((o) => o.id),
        { anyOrder: true },
      ),
      expectNoChange(),
    ],
    *oracle({ customer }, o) {
      o = yield* adminSearch(o, "Orders", customer);
      yield exit(JSON.stringify(readAll(o, /\[link Order (\d+)\]/g).map(Number)));
    },
    wrongAnswer: () => "[1]",
  }),

  defineTemplate<{ customer: string }>({
    id: "store-admin.customer-order-count",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 3,
    testOnly: true,
    phrasings: [
      "How many orders has {customer} placed?",
      "Count the orders of {customer}.",
      "Find out how often {customer} has ordered.",
    ],
    instances: ({ store }) => buyers(store).map(({ name }) => ({ customer: name })),
    check: ({ customer }, { store }) => {
      const { id } = findCustomer(store, customer);
      return [answerIs(String(store.orders.filter((o) => o.customerId === id).length)), expectNoChange()];
    },
    *oracle({ customer }, o) {
      o = yield* adminSearch(o, "Orders", customer);
      yield exit(read(o, /Showing 1 to \d+ of (\d+)/));
    },
    wrongAnswer: () => "0",
  }),

  defineTemplate<{ status: string }>({
    id: "store-admin.highest-order",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 5,
    phrasings: [
      "Which {status} order has the highest total? Answer with its number.",
      "Find the number of the {status} order with the largest total.",
      "Of all {status} orders, which one is worth most? Give the order number.",
    ],
    words: ({ status }) => ({ status: status.toLowerCase() }),
    instances: ({ store }) =>
      ORDER_STATUSES.filter((s) => highest(store, s)).map((s) => ({ status: s as string })),
    check: ({ status }, { store }) => {
      const { id } = highest(store, status)!;
      return [answerIs(String(id), `Order ${id}`), expectNoChange()];
    },
    *oracle({ status }, o) {
      o = yield click(o, "link", "Orders");
      o = yield select(o, "Status", status);
      o = yield select(o, "Sort", "Highest total");
      o = yield click(o, "button", "Apply");
      yield exit(read(o, /\[link Order (\d+)\]/));
    },
  }),

  defineTemplate<{ customer: string; status: string }>({
    id: "store-admin.customer-order-status",
    sites: ["store-admin"],
    category: "shop operations",
    difficulty: 6,
    phrasings: [
      "Set the pending order of {customer} to {status}.",
      "{customer} has one pending order. Change its status to {status}.",
      "Mark the pending order by {customer} as {status}.",
    ],
    instances: ({ store }) =>
      buyers(store)
        .filter(({ orders }) => orders.filter((o) => o.status === "Pending").length === 1)
        .flatMap(({ name }) =>
          ["Processing", "Shipped", "Delivered"].map((status) => ({ customer: name, status })),
        ),
    check: ({ customer, status }) => [
      expectChange(({ store }) => {
        const { id } = findCustomer(store, customer);
        const order = store.orders.find((o) => o.customerId === id && o.status === "Pending")!;
        setOrderStatus(store, order.id, status as OrderStatus);
      }),
    ],
    *oracle({ customer, status }, o) {
      o = yield* adminSearch(o, "Orders", customer);
      const number = read(o, new RegExp(`\\[link Order (\\d+)\\] \\| ${escape(customer)} .*Pending`));
      o = yield click(o, "link", `Order ${number}`);
      o = yield select(o, "Status", status);
      yield click(o, "button", "Save status");
      yield exit();
    },
  }),
];
