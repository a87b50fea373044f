/** @file What the keeper looks up in orders, and does with them. */

import type { Observation } from "../../core/observation.ts";
import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit, wordsOf } from "../../sites/hands.ts";
import type { Stretch } from "../../sites/oracle-steps.ts";
import { answerIs, answerJson } from "../../sites/verify.ts";
import { clickOn, fillIn, other, read, readUntil, until } from "../reading.ts";
import { editOrder, openList } from "./admin.ts";
import { customerCalled, CUSTOMERS, numberOf, orderCalled, ORDERS, productCalled } from "./content.ts";
import type { OrderState as State } from "./content.ts";
import { cancel, send } from "./orders.ts";
import { shop } from "./state.ts";

type Numbered = { number: string };
const numbers = (...states: State[]): Numbered[] =>
  ORDERS.filter(({ state }) => states.length === 0 || states.includes(state)).map((order) => ({
    number: numberOf(order),
  }));
const AT = { user: "keeper", startPath: () => "/admin" } as const;

const buyerOf = (number: string) => customerCalled(orderCalled(number).customer);
const placeOf = (number: string) => {
  const { name, street, city, postcode, telephone } = buyerOf(number).address;
  return { name, street, city, postcode, telephone };
};

const ordersOf = (customer: string) =>
  ORDERS.filter((order) => order.customer === customer).map((order) => Number(numberOf(order)));
/** Name, street, postcode, city and telephone on an order's page. */
const LABEL =
  /Shipping Address ([A-Z]\w+ \w+) (\d+ [\w ]+?) (TW\d \d\w\w), (.+?) (?:England|Scotland|Wales)\b.*? (555 \d{4})/;
/** Number and e-mail address in the list of orders. */
const ROW = /#(\d{5}) [^#]*?(\w+@post\.example)/g;

const lookups: SiteTemplate[] = [
  defineTemplate<Numbered>({
    id: "who-ordered",
    phrasings: [
      "Who placed order {number}? Answer with the e-mail address.",
      "Look up the e-mail address of the customer of order {number}.",
      "A parcel came back, of order {number}. Under which e-mail address do we reach the customer?",
    ],
    instances: numbers(),
    ...AT,
    difficulty: 4,
    category: "customer service",
    check: ({ number }) => [answerIs(buyerOf(number).email), shop.expectNoChange()],
    *oracle({ number }, first) {
      yield exit(yield* read(yield* editOrder(first, number), /(\w+@post\.example)/));
    },
    wrongAnswer: ({ number }) => other(CUSTOMERS, buyerOf(number)).email,
  }),
  defineTemplate<Numbered>({
    id: "where-to",
    phrasings: [
      'Where does order {number} go to? Answer with a JSON object with "name", "street", "city", "postcode" and "telephone" of its shipping address.',
      "I need a label for order {number}. Give its shipping address as JSON: {form}.",
      "Read the shipping address of order {number} and answer with JSON: {form}.",
    ],
    words: () => ({ form: '{"name", "street", "city", "postcode", "telephone"}' }),
    instances: numbers(),
    ...AT,
    difficulty: 5,
    category: "extraction",
    check: ({ number }) => [answerJson(placeOf(number)), shop.expectNoChange()],
    *oracle({ number }, first) {
      const page = yield* readUntil(yield* editOrder(first, number), LABEL);
      const [, name, street, postcode, city, telephone] = LABEL.exec(wordsOf(page)) ?? [];
      yield exit(JSON.stringify({ name, street, city, postcode, telephone }));
    },
    wrongAnswer: ({ number }) => JSON.stringify({ ...placeOf(number), postcode: "TW9 9ZZ" }),
  }),
  defineTemplate<{ customer: string }>({
    id: "orders-of",
    phrasings: [
      "Which orders has {name} placed? Answer with a JSON array of numbers.",
      "{name} is on the telephone. List all orders of this customer, as a JSON array of numbers.",
      "Give the orders of {name}: a JSON array of their numbers, such as [1, 2].",
    ],
    words: ({ customer }) => ({ name: customerCalled(customer).name }),
    instances: CUSTOMERS.map(({ id }) => ({ customer: id })),
    ...AT,
    difficulty: 5,
    category: "customer service",
    check: ({ customer }) => [answerJson(ordersOf(customer), { anyOrder: true }), shop.expectNoChange()],
    *oracle({ customer }, first) {
      const { email } = customerCalled(customer);
      const page = yield* openList(first, "Orders", "orders");
      const found = new Set<number>();
      yield* until(page, (now) => {
        for (const [, number, by] of wordsOf(now).matchAll(ROW)) if (by === email) found.add(Number(number));
        return new RegExp(`#${numberOf(ORDERS[0]!)}`).test(wordsOf(now));
      });
      yield exit(JSON.stringify([...found]));
    },
    wrongAnswer: ({ customer }) => JSON.stringify(ordersOf(customer).slice(1)),
  }),
];

const REASONS = ["The customer changed her mind.", "Ordered twice.", "It cannot be sent there."];
const TO_CANCEL = numbers("new").flatMap(({ number }) => REASONS.map((reason) => ({ number, reason })));

/** Goods of waiting orders that have other goods, too. */
const TO_PART = numbers("paid", "new").flatMap(({ number }) => {
  const { items } = orderCalled(number);
  return items.length > 1 ? items.map(([name]) => ({ number, name })) : [];
});

/** The form of a new shipment, in which everything that can be sent is chosen. */
function* openShipment(first: Observation, number: string): Stretch {
  const page = yield* clickOn(yield* editOrder(first, number), "button", "Create shipment");
  return yield* readUntil(page, /Notify customer/);
}

const changes: SiteTemplate[] = [
  defineTemplate<Numbered>({
    id: "send-order",
    phrasings: [
      "Order {number} has left the house in one parcel. Create its shipment with everything in it.",
      "Make a shipment for order {number}, with all of its items.",
      "Ship order {number}: one shipment with every item that was ordered.",
    ],
    instances: numbers("paid", "new"),
    ...AT,
    difficulty: 6,
    category: "shop operations",
    check: ({ number }) => [shop.becomes(({ orders }) => send(orders[number]!))],
    *oracle({ number }, first) {
      const page = yield* openShipment(first, number);
      yield* clickOn(page, "button", "Create shipment");
      yield exit();
    },
  }),
  defineTemplate<(typeof TO_PART)[number]>({
    id: "send-part",
    phrasings: [
      "Only the {name} of order {number} has left the house. Create a shipment with that and nothing else.",
      "Make a shipment for order {number} with every {name} in it. The rest follows later.",
      "Ship a part of order {number}: all pieces of the {name}, without the other goods.",
    ],
    instances: TO_PART,
    ...AT,
    difficulty: 8,
    category: "shop operations",
    check: ({ number, name }) => {
      const [, count] = orderCalled(number).items.find(([each]) => each === name)!;
      return [shop.becomes(({ orders }) => send(orders[number]!, { [productCalled(name).sku]: count }))];
    },
    *oracle({ number, name }, first) {
      let page = yield* openShipment(first, number);
      const [, shown] = wordsOf(page).split("Select the items");
      const listed = orderCalled(number).items.map(([each]) => each);
      listed.sort((one, two) => shown!.indexOf(one) - shown!.indexOf(two));
      // For a box that is drawn, the format webrl lists the drawing.
      const box = page.format === "webrl" ? "svg" : "checkbox";
      for (const [index, each] of listed.entries())
        if (each !== name) page = yield* clickOn(page, box, /(?!Notify)/, index + 1);
      yield* clickOn(page, "button", "Create shipment");
      yield exit();
    },
  }),
  defineTemplate<(typeof TO_CANCEL)[number]>({
    id: "cancel-order",
    phrasings: [
      'Cancel order {number} with the reason "{reason}"',
      'The customer does not want order {number} any more. Cancel it, and give as the reason: "{reason}"',
      'Order {number} must be cancelled. Write "{reason}" as the reason.',
    ],
    instances: TO_CANCEL,
    ...AT,
    difficulty: 7,
    category: "customer service",
    check: ({ number, reason }) => [
      shop.becomes(({ orders, products }) => cancel(orders[number]!, products, reason)),
    ],
    *oracle({ number, reason }, first) {
      let page = yield* clickOn(yield* editOrder(first, number), "button", "Cancel Order");
      page = yield* fillIn(page, /^Reason/, reason);
      yield* clickOn(page, "button", "Submit Cancellation");
      yield exit();
    },
  }),
  defineTemplate<Numbered>({
    id: "take-payment",
    phrasings: [
      "The carrier has brought the money for order {number}. Capture its payment.",
      "Order {number} was paid in cash. Record that: capture the payment.",
      "Set order {number} to paid by capturing its payment, and do nothing else with it.",
    ],
    instances: numbers("new"),
    ...AT,
    difficulty: 5,
    category: "shop operations",
    check: ({ number }) => [
      shop.becomes(({ orders }) => {
        orders[number]!.paymentStatus = "paid";
        orders[number]!.status = "processing";
      }),
    ],
    *oracle({ number }, first) {
      yield* clickOn(yield* editOrder(first, number), "button", "Capture Payment");
      yield exit();
    },
  }),
  defineTemplate<Numbered>({
    id: "deliver-order",
    phrasings: [
      "The parcel of order {number} has arrived. Mark its shipment as delivered.",
      "The customer of order {number} has the parcel. Note that it is delivered.",
      "Mark the shipment of order {number} as delivered.",
    ],
    instances: numbers("sent"),
    ...AT,
    difficulty: 6,
    category: "shop operations",
    check: ({ number }) => [
      shop.becomes(({ orders }) => {
        orders[number]!.parcels[0]!.status = "delivered";
        orders[number]!.shipmentStatus = "delivered";
        orders[number]!.status = "completed";
      }),
    ],
    *oracle({ number }, first) {
      let page = yield* clickOn(yield* editOrder(first, number), "button", "Mark delivered");
      page = yield* readUntil(page, /Mark shipment as delivered\?/);
      yield* clickOn(page, "button", "Mark delivered");
      yield exit();
    },
  }),
];

export const desk: SiteTemplate[] = [...lookups, ...changes];
