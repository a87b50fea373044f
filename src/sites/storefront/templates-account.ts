/** @file Tasks of a customer's account: orders, returns, addresses, reviews, help, contact. */

import { click, exit, select, type } from "../hands.ts";
import { addAddress, changeAddress, contactBody, saveContact, sendMessage } from "../store/customers.ts";
import { passwordOf } from "../store/data/people.ts";
import { MESSAGE_SUBJECTS } from "../store/data/voices.ts";
import {
  ADDRESS_NAMES,
  NEW_STREETS,
  NEW_TOWNS,
  POLICY_QUESTIONS,
  QUESTIONS,
  REVIEW_TITLES,
} from "../store/data/wording.ts";
import { day, money } from "../store/format.ts";
import { cancelOrder, openReturn } from "../store/orders.ts";
import {
  at,
  clickBelow,
  clickInList,
  fact,
  onSale,
  openProduct,
  orderNumbered,
  ownOrders,
  productNamed,
  read,
  readAll,
  signIn,
  type Walk,
} from "../store/oracle-parts.ts";
import { writeReview } from "../store/products.ts";
import { customerOf, orderTotal, productOf, whyNoReturn } from "../store/queries.ts";
import { RETURN_REASONS, type Order, type ReturnReason, type StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, answerJson, answerNotPossible, changed, unchanged } from "../verify.ts";
import type { Observation } from "../../core/observation.ts";

function* openOrder(o: Observation, order: number): Walk {
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
  changed(({ store }) => {
    openReturn(store, {
      orderId: order,
      productId: productNamed(store, product).id,
      reason: reason as ReturnReason,
      comment: "",
    });
  });

function* fillReturn(o: Observation, product: string, reason: string): Walk {
  o = yield click(o, "link", "Return items");
  o = yield click(o, "radio", product);
  o = yield select(o, "Reason", reason);
  return yield* clickBelow(o, "button", "Request return");
}

const newAddress = (i: number) => {
  const [city, postcode] = at(NEW_TOWNS, i);
  return { street: at(NEW_STREETS, i), city, postcode };
};

type AddressParams = { label: string; street: string; city: string; postcode: string };

function* fillAddress(o: Observation, form: { street: string; city: string; postcode: string }): Walk {
  o = yield type(o, "Street", form.street);
  o = yield type(o, "City", form.city);
  o = yield type(o, "Postcode", form.postcode);
  return yield click(o, "button", "Save address");
}

export const accountTemplates: TaskTemplate[] = [
  defineTemplate<{ order: number; what: string }>({
    id: "storefront.order-fact",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 4,
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
      answerIs(orderFact(orderNumbered(store, order), what)),
      unchanged(),
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
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "When was my order {order} placed?",
      "On which day did I place order {order}?",
      "Find the date of my order {order}.",
    ],
    instances: ({ store }) => ownOrders(store).map((o) => ({ order: o.id })),
    check: ({ order }, { store }) => {
      const { placed } = orderNumbered(store, order);
      return [answerIs(day(placed), placed), unchanged()];
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
    difficulty: 4,
    phrasings: [
      "Which products are in my order {order}? Answer with a JSON array of names.",
      "List the products of my order {order} as a JSON array.",
      'Extract the product names of order {order} as JSON, like ["Oak table"].',
    ],
    instances: ({ store }) => ownOrders(store).map((o) => ({ order: o.id })),
    check: ({ order }, { store }) => [
      answerJson(
        orderNumbered(store, order).lines.map((l) => productOf(store, l.productId).name),
        { anyOrder: true },
      ),
      unchanged(),
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
    check: ({ order }, { store }) => [answerIs(orderNumbered(store, order).status), unchanged()],
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
    check: ({ order }) => [changed(({ store }) => cancelOrder(store, order))],
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
    check: ({ order }) => [changed(({ store }) => cancelOrder(store, order))],
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
    difficulty: 4,
    phrasings: [
      "Cancel my order {order}.",
      "I do not need order {order} any more. Cancel it.",
      "Please cancel order {order}.",
    ],
    instances: ({ store }) =>
      ownOrders(store)
        .filter((o) => !cancelable(o) && o.status !== "Canceled")
        .map((o) => ({ order: o.id })),
    check: () => [answerNotPossible(), unchanged()],
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
    difficulty: 7,
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
    check: () => [answerNotPossible(), unchanged()],
    *oracle({ order }, o) {
      yield* openOrder(o, order);
      yield exit("N/A");
    },
    wrongAnswer: () => "done",
  }),

  defineTemplate<AddressParams>({
    id: "storefront.add-address",
    sites: ["storefront"],
    category: "form filling",
    difficulty: 9,
    phrasings: [
      "Add an address named {label} to my account: {street}, {city}, {postcode}.",
      "Save a new address in my address book. Name: {label}. Street: {street}. City: {city}. Postcode: {postcode}.",
      "I need a new address {label} at {street} in {city} with the postcode {postcode}. Add it.",
    ],
    instances: () =>
      Array.from({ length: 150 }, (_, i) => ({ label: at(ADDRESS_NAMES, i) as string, ...newAddress(i) })),
    check: (form) => [changed(({ store }) => void addAddress(store, 1, form))],
    *oracle(form, o) {
      o = yield click(o, "link", "Account");
      o = yield click(o, "link", "Addresses");
      o = yield click(o, "link", "Add address");
      o = yield type(o, "Name", form.label);
      yield* fillAddress(o, form);
      yield exit();
    },
  }),

  defineTemplate<AddressParams>({
    id: "storefront.change-address",
    sites: ["storefront"],
    category: "form filling",
    difficulty: 8,
    phrasings: [
      "Change my {label} address to {street}, {city}, {postcode}.",
      "My {label} address is now {street}, {city}, {postcode}. Update it.",
      "Edit the address {label} in my account. Street: {street}. City: {city}. Postcode: {postcode}.",
    ],
    instances: () =>
      Array.from({ length: 150 }, (_, i) => ({
        label: at(["Home", "Work", "Parents"], i),
        ...newAddress(i + 4),
      })),
    check: ({ label, ...form }) => [
      changed(({ store }) => {
        const { id } = customerOf(store, 1).addresses.find((a) => a.label === label)!;
        changeAddress(store, 1, id, form);
      }),
    ],
    *oracle(form, o) {
      o = yield click(o, "link", "Account");
      o = yield click(o, "link", "Addresses");
      o = yield click(o, "link", `Edit ${form.label}`);
      yield* fillAddress(o, form);
      yield exit();
    },
  }),

  defineTemplate<{ phone: string }>({
    id: "storefront.change-phone",
    sites: ["storefront"],
    category: "form filling",
    difficulty: 4,
    phrasings: [
      "Change my phone number to {phone}.",
      "My new phone number is {phone}. Update my account.",
      "Save {phone} as the phone number of my account.",
    ],
    instances: () => Array.from({ length: 120 }, (_, i) => ({ phone: `555-${2013 + i * 61}` })),
    check: ({ phone }) => [
      changed(({ store }) => {
        const { email, newsletter } = customerOf(store, 1);
        saveContact(store, 1, { email, phone, newsletter });
      }),
    ],
    *oracle({ phone }, o) {
      o = yield click(o, "link", "Account");
      o = yield type(o, "Phone", phone);
      yield click(o, "button", "Save account");
      yield exit();
    },
  }),

  defineTemplate<{ email: string }>({
    id: "storefront.change-email",
    sites: ["storefront"],
    category: "form filling",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "Change my email to {email}.",
      "My new email is {email}. Update my account.",
      "Save {email} as the email of my account.",
    ],
    instances: () =>
      ["emma", "lopez", "emma.l", "e.lopez", "hello"].flatMap((user) =>
        ["post.test", "inbox.test", "letters.test", "home.test"].map((host) => ({
          email: `${user}@${host}`,
        })),
      ),
    check: ({ email }) => [
      changed(({ store }) => {
        const { phone, newsletter } = customerOf(store, 1);
        saveContact(store, 1, { email, phone, newsletter });
      }),
    ],
    *oracle({ email }, o) {
      o = yield click(o, "link", "Account");
      o = yield type(o, "Email", email);
      yield click(o, "button", "Save account");
      yield exit();
    },
  }),

  defineTemplate<{ product: string; rating: number; title: string }>({
    id: "storefront.write-review",
    sites: ["storefront"],
    category: "form filling",
    difficulty: 8,
    phrasings: [
      "Review the {product} with {stars} and the title {title}.",
      "Write a review of the {product}. Rating: {stars}. Title: {title}.",
      "Give the {product} {stars} in a review titled {title}.",
    ],
    words: ({ rating }) => ({ stars: rating === 1 ? "1 star" : `${rating} stars` }),
    instances: ({ store }) =>
      onSale(store).map((p) => ({
        product: p.name,
        rating: 1 + (p.id % 5),
        title: at(REVIEW_TITLES, p.id) as string,
      })),
    check: ({ product, rating, title }) => [
      changed(({ store }) => {
        const author = customerOf(store, 1).name;
        writeReview(store, productNamed(store, product).id, author, { rating, title, text: "" });
      }),
    ],
    *oracle({ product, rating, title }, o) {
      o = yield* openProduct(o, product);
      o = yield click(o, "tab", "Reviews");
      o = yield* clickBelow(o, "link", "Write a review");
      o = yield select(o, "Rating", `${rating} star`);
      o = yield type(o, "Title", title);
      yield* clickBelow(o, "button", "Send review");
      yield exit();
    },
  }),

  defineTemplate<{ subject: string; order: number; message: string }>({
    id: "storefront.contact",
    sites: ["storefront"],
    category: "form filling",
    difficulty: 7,
    phrasings: [
      "Contact the shop about order {order}. Subject: {subject}. Message: {message}",
      "Send the shop a message with the subject {subject}, the order number {order} and this text: {message}",
      "Write to the shop through its contact form. Choose the subject {subject}, enter order {order} and write: {message}",
    ],
    instances: ({ store }) =>
      ownOrders(store).flatMap((o, i) =>
        [0, 3, 5].map((k) => ({
          subject: at(MESSAGE_SUBJECTS, i + k) as string,
          order: o.id,
          message: at(QUESTIONS, i * 3 + k) as string,
        })),
      ),
    check: ({ subject, order, message }) => [
      changed(
        ({ store }) => void sendMessage(store, 1, { subject, body: contactBody(String(order), message) }),
      ),
    ],
    *oracle({ subject, order, message }, o) {
      o = yield click(o, "link", "Help");
      o = yield click(o, "link", "Contact us");
      o = yield select(o, "Subject", subject);
      o = yield type(o, "Order number", String(order));
      o = yield type(o, "Message", message);
      yield* clickBelow(o, "button", "Send message");
      yield exit();
    },
  }),

  defineTemplate<{ question: string; topic: string }>({
    id: "storefront.policy",
    sites: ["storefront"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "{question} Look in the help pages.",
      "Find out in the shop's help: {question}",
      "The help page {topic} says it: {question}",
    ],
    instances: () => POLICY_QUESTIONS.map(([topic, question]) => ({ question, topic })),
    check: ({ question }) => [
      answerIs(...POLICY_QUESTIONS.find(([, asked]) => asked === question)![2]),
      unchanged(),
    ],
    *oracle({ question, topic }, o) {
      o = yield click(o, "link", "Help");
      o = yield* clickInList(o, topic);
      yield exit(answerFrom(o, question));
    },
  }),
];

/** Where each answer stands in the text of its page. */
const PATTERNS: readonly (readonly [question: RegExp, answer: RegExp])[] = [
  [/return an item/, /within (\d+) days after/],
  [/return refunded/, /within (\d+) working/],
  [/standard shipping take/, /Standard .*? takes (\d+)/],
  [/express shipping cost/, /Express shipping costs (\$[\d.]+\d)/],
  [/which town/, /ship from (\w+)/],
  [/repairs under warranty/, /about (\d+) days/],
  [/bank transfer/, /within (\d+) days/],
  [/gift card stay/, /valid for (\d+)/],
  [/largest amount/, /to (\$[\d.]+\d) and/],
  [/shop closed/, /On (\w+?)s it is closed/],
  [/shop open/, /(\d+ am)/],
  [/repair quote/, /costs (\$[\d.]+\d)/],
  [/for 10 pieces/, /get (\d+) percent/],
  [/address kept/, /for (\d+) months/],
  [/for the warehouse/, /for (\d+) people/],
  [/which year/, /in (\d{4})/],
  [/people work/, /we are (\d+)/],
  [/students get/, /get (\d+) percent/],
];

function answerFrom(o: Observation, question: string): string {
  return read(o, PATTERNS.find(([asked]) => asked.test(question))![1]);
}
