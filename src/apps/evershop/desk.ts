/** @file What the keeper looks up in orders, and does with them. */

import { defineTemplate } from "../../sites/define-site.ts";
import type { SiteTemplate } from "../../sites/define-site.ts";
import { exit } from "../../sites/hands.ts";
import { answerIs } from "../../sites/verify.ts";
import { clickOn, fillIn, other, read } from "../reading.ts";
import { editOrder } from "./admin.ts";
import { customerCalled, CUSTOMERS, numberOf, orderCalled, ORDERS } from "./content.ts";
import type { OrderState as State } from "./content.ts";
import { cancel } from "./orders.ts";
import { shop } from "./state.ts";

type Numbered = { number: string };
const numbers = (...states: State[]): Numbered[] =>
  ORDERS.filter(({ state }) => states.length === 0 || states.includes(state)).map((order) => ({
    number: numberOf(order),
  }));
const AT = { user: "keeper", startPath: () => "/admin" } as const;

const buyerOf = (number: string) => customerCalled(orderCalled(number).customer);

const REASONS = ["The customer changed her mind.", "Ordered twice.", "It cannot be sent there."];
const TO_CANCEL = numbers("new").flatMap(({ number }) => REASONS.map((reason) => ({ number, reason })));

export const desk: SiteTemplate[] = [
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
];
