/** @file Tasks with customers and their messages. */

import { click, exit, select, type } from "../hands.ts";
import { escape, type Stretch } from "../oracle-steps.ts";
import { changeAddress, closeMessage, replyToMessage, saveCustomer } from "../store/customers.ts";
import { NEW_STREETS, NEW_TOWNS, REPLIES } from "../store/data/wording.ts";
import {
  adminCustomer,
  adminOpen,
  adminSearch,
  at,
  clickBelow,
  findCustomer,
} from "../store/oracle-steps.ts";
import { customerOf } from "../store/queries.ts";
import { GROUPS, type CustomerGroup, type Message, type StoreState } from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, expectChange, expectNoChange } from "../verify.ts";
import type { Observation } from "../../core/observation.ts";

type MessageParams = { customer: string; subject: string };

function messageOf(state: StoreState, { customer, subject }: MessageParams): Message {
  const { id } = findCustomer(state, customer);
  return state.messages.find((m) => m.customerId === id && m.subject === subject)!;
}

const openMessages = (state: StoreState) =>
  state.messages
    .filter((m) => m.status === "Open")
    .map((m) => ({ customer: customerOf(state, m.customerId).name, subject: m.subject }));

const openMessage = (o: Observation, { customer, subject }: MessageParams) =>
  adminOpen(o, "Messages", customer, `${subject} from ${customer}`);

function* editHome(o: Observation, form: { street: string; city: string; postcode: string }): Stretch {
  o = yield* clickBelow(o, "link", "Edit Home");
  o = yield type(o, "Street", form.street);
  o = yield type(o, "City", form.city);
  o = yield type(o, "Postcode", form.postcode);
  return yield click(o, "button", "Save address");
}

function setHome(
  state: StoreState,
  name: string,
  form: { street: string; city: string; postcode: string },
): void {
  const customer = findCustomer(state, name);
  changeAddress(state, customer.id, customer.addresses.find((a) => a.label === "Home")!.id, form);
}

/** Street, city and postcode in a message about a change of address. */
const WRITTEN_ADDRESS = /(\d+ [A-Z][\w ]+?), ([A-Z]\w+), (\d{5})/;

function newAddressIn(text: string) {
  const [, street, city, postcode] = WRITTEN_ADDRESS.exec(text) ?? [];
  if (!street || !city || !postcode) throw new Error(`oracle: no address in ${text}`);
  return { street, city, postcode };
}

function contactOf(state: StoreState, name: string) {
  const { id, email, phone, group } = findCustomer(state, name);
  return { id, form: { email, phone, group } };
}

export const customerTemplates: TaskTemplate[] = [
  defineTemplate<{ customer: string; what: string }>({
    id: "store-admin.customer-fact",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 3,
    phrasings: [
      "What is the {what} of {customer}?",
      "Find the {what} of the customer {customer}.",
      "Look up {customer} and answer with the {what}.",
    ],
    instances: ({ store }) =>
      store.customers.flatMap((x) =>
        [0, 1].map((i) => ({ customer: x.name, what: at(["email", "city", "group"], x.id + i) })),
      ),
    check: ({ customer, what }, { store }) => {
      const found = findCustomer(store, customer);
      const value = what === "city" ? found.addresses[0]!.city : found[what as "email" | "group"];
      return [answerIs(value), expectNoChange()];
    },
    *oracle({ customer, what }, o) {
      o = yield* adminSearch(o, "Customers", customer);
      const row = new RegExp(`\\[link ${escape(customer)}\\] \\| (.+)`).exec(o.text)![1]!.split(" | ");
      yield exit(row[["email", "city", "group"].indexOf(what)]!);
    },
  }),

  defineTemplate<{ customer: string }>({
    id: "store-admin.customer-phone",
    sites: ["store-admin"],
    category: "information retrieval",
    difficulty: 4,
    testOnly: true,
    phrasings: [
      "What is the phone number of {customer}?",
      "Find the phone number of the customer {customer}.",
      "I need to call {customer}. Which number?",
    ],
    instances: ({ store }) => store.customers.map((x) => ({ customer: x.name })),
    check: ({ customer }, { store }) => [answerIs(findCustomer(store, customer).phone), expectNoChange()],
    *oracle({ customer }, o) {
      o = yield* adminCustomer(o, customer);
      yield exit(o.elements.find((e) => e.label === "Phone")!.value ?? "");
    },
  }),

  defineTemplate<{ customer: string; group: string }>({
    id: "store-admin.set-group",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 6,
    phrasings: [
      "Move {customer} to the group {group}.",
      "Set the customer group of {customer} to {group}.",
      "{customer} is now a {group} customer. Change the group.",
    ],
    instances: ({ store }) =>
      store.customers.map((x) => ({
        customer: x.name,
        group: at(
          GROUPS.filter((g) => g !== x.group),
          x.id,
        ) as string,
      })),
    check: ({ customer, group }) => [
      expectChange(({ store }) => {
        const { id, form } = contactOf(store, customer);
        saveCustomer(store, id, { ...form, group: group as CustomerGroup });
      }),
    ],
    *oracle({ customer, group }, o) {
      o = yield* adminCustomer(o, customer);
      o = yield select(o, "Group", group);
      yield click(o, "button", "Save customer");
      yield exit();
    },
  }),

  defineTemplate<{ customer: string; phone: string }>({
    id: "store-admin.set-phone",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 6,
    testOnly: true,
    phrasings: [
      "Change the phone number of {customer} to {phone}.",
      "{customer} has a new phone number, {phone}. Save it.",
      "Set the phone of the customer {customer} to {phone}.",
    ],
    instances: ({ store }) =>
      store.customers.map((x) => ({ customer: x.name, phone: `555-${1205 + x.id * 39}` })),
    check: ({ customer, phone }) => [
      expectChange(({ store }) => {
        const { id, form } = contactOf(store, customer);
        saveCustomer(store, id, { ...form, phone });
      }),
    ],
    *oracle({ customer, phone }, o) {
      o = yield* adminCustomer(o, customer);
      o = yield type(o, "Phone", phone);
      yield click(o, "button", "Save customer");
      yield exit();
    },
  }),

  defineTemplate<{ customer: string; street: string; city: string; postcode: string }>({
    id: "store-admin.change-address",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 9,
    phrasings: [
      "{customer} has moved. Change the Home address to {street}, {city}, {postcode}.",
      "Set the Home address of {customer} to {street}, {city}, {postcode}.",
      "Update the customer {customer}. Home address: {street}, {city}, {postcode}.",
    ],
    instances: ({ store }) =>
      store.customers.map((x) => {
        const [city, postcode] = at(NEW_TOWNS, x.id);
        return { customer: x.name, street: at(NEW_STREETS, x.id) as string, city, postcode };
      }),
    check: ({ customer, ...form }) => [expectChange(({ store }) => setHome(store, customer, form))],
    *oracle({ customer, ...form }, o) {
      o = yield* adminCustomer(o, customer);
      yield* editHome(o, form);
      yield exit();
    },
  }),

  defineTemplate<{ customer: string }>({
    id: "store-admin.address-from-message",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 10,
    phrasings: [
      "{customer} sent us a message about a change of address. Change the Home address of the customer as the message says.",
      "Read the message of {customer} and set the customer's Home address to the new one.",
      "Do what {customer} asks for in the message: update the Home address.",
    ],
    instances: ({ store }) =>
      store.messages
        .filter((m) => m.subject === "Change of address")
        .map((m) => ({ customer: customerOf(store, m.customerId).name })),
    check: ({ customer }) => [
      expectChange(({ store }) => {
        const { body } = messageOf(store, { customer, subject: "Change of address" });
        setHome(store, customer, newAddressIn(body));
      }),
    ],
    *oracle({ customer }, o) {
      o = yield* openMessage(o, { customer, subject: "Change of address" });
      const form = newAddressIn(o.text.replaceAll("\n", " "));
      o = yield click(o, "link", customer);
      yield* editHome(o, form);
      yield exit();
    },
  }),

  defineTemplate<MessageParams & { reply: string }>({
    id: "store-admin.reply",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 6,
    phrasings: [
      "Reply to the message {subject} from {customer}: {reply}",
      "{customer} wrote to us with the subject {subject}. Answer: {reply}",
      "Send this reply to {customer}, who wrote about {subject}: {reply}",
    ],
    instances: ({ store }) =>
      openMessages(store).flatMap((m, i) =>
        [0, 1, 2].map((k) => ({ ...m, reply: at(REPLIES, i + k * 2) as string })),
      ),
    check: ({ reply, ...message }) => [
      expectChange(({ store }) => replyToMessage(store, messageOf(store, message).id, reply)),
    ],
    *oracle({ reply, ...message }, o) {
      o = yield* openMessage(o, message);
      o = yield type(o, "Reply", reply);
      yield* clickBelow(o, "button", "Send reply");
      yield exit();
    },
  }),

  defineTemplate<MessageParams>({
    id: "store-admin.close-message",
    sites: ["store-admin"],
    category: "customer service",
    difficulty: 5,
    testOnly: true,
    phrasings: [
      "Close the message {subject} from {customer}.",
      "{customer} wrote to us with the subject {subject}. Close that message.",
      "The message of {customer} about {subject} needs no answer. Close it.",
    ],
    instances: ({ store }) => openMessages(store),
    check: (message) => [expectChange(({ store }) => closeMessage(store, messageOf(store, message).id))],
    *oracle(message, o) {
      o = yield* openMessage(o, message);
      yield click(o, "button", "Close message");
      yield exit();
    },
  }),
];
