/** @file Tasks of a customer's account: addresses, contact data, reviews, help, contact. */

import { click, exit, select, type } from "../hands.ts";
import { read, type Stretch } from "../oracle-steps.ts";
import { addAddress, changeAddress, contactBody, saveContact, sendMessage } from "../store/customers.ts";
import { MESSAGE_SUBJECTS } from "../store/data/voices.ts";
import {
  ADDRESS_NAMES,
  NEW_STREETS,
  NEW_TOWNS,
  POLICY_QUESTIONS,
  QUESTIONS,
  REVIEW_TITLES,
} from "../store/data/wording.ts";
import {
  at,
  clickBelow,
  clickInList,
  onSale,
  openProduct,
  ownOrders,
  findProduct,
} from "../store/oracle-steps.ts";
import { writeReview } from "../store/products.ts";
import { customerOf } from "../store/queries.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, expectChange, expectNoChange } from "../verify.ts";
import type { Observation } from "../../core/observation.ts";

const newAddress = (i: number) => {
  const [city, postcode] = at(NEW_TOWNS, i);
  return { street: at(NEW_STREETS, i), city, postcode };
};

type AddressParams = { label: string; street: string; city: string; postcode: string };

function* fillAddress(o: Observation, form: { street: string; city: string; postcode: string }): Stretch {
  o = yield type(o, "Street", form.street);
  o = yield type(o, "City", form.city);
  o = yield type(o, "Postcode", form.postcode);
  return yield click(o, "button", "Save address");
}

export const accountTemplates: TaskTemplate[] = [
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
    check: (form) => [expectChange(({ store }) => void addAddress(store, 1, form))],
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
      expectChange(({ store }) => {
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
      expectChange(({ store }) => {
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
      expectChange(({ store }) => {
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
      expectChange(({ store }) => {
        const author = customerOf(store, 1).name;
        writeReview(store, findProduct(store, product).id, author, { rating, title, text: "" });
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
      expectChange(
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
      expectNoChange(),
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
