/** @file Tasks with customers, messages and pages of the shop; some end on the storefront. */

import { click, exit, select, type } from "../hands.ts";
import { app as storefront } from "../storefront/app.ts";
import { createPage, deletePage, publishPage, savePage, unpublishPage } from "../store/content.ts";
import { changeAddress, closeMessage, replyToMessage, saveCustomer } from "../store/customers.ts";
import { NEW_STREETS, NEW_TOWNS, PAGE_TEXTS, PAGE_TITLES, REPLIES } from "../store/data/wording.ts";
import { addToCart } from "../store/orders.ts";
import {
  adminCustomer,
  adminOpen,
  adminProduct,
  adminSearch,
  at,
  cents,
  clickBelow,
  clickInList,
  customerNamed,
  escape,
  onSale,
  openProduct,
  productNamed,
  read,
  type Walk,
} from "../store/oracle-parts.ts";
import { setPrice } from "../store/products.ts";
import { customerOf } from "../store/queries.ts";
import {
  GROUPS,
  type ContentPage,
  type CustomerGroup,
  type Message,
  type StoreState,
} from "../store/state.ts";
import { defineTemplate, type TaskTemplate } from "../template.ts";
import { answerIs, changed, unchanged, urlIs } from "../verify.ts";
import type { Observation } from "../../core/observation.ts";

/** Lists with a status filter: section, statuses, and the things that a status counts. */
const COUNTED: Record<string, (state: StoreState) => { status: string }[]> = {
  orders: (state) => state.orders,
  reviews: (state) => state.reviews,
  messages: (state) => state.messages,
  pages: (state) => state.pages,
};

const pageTitled = (state: StoreState, title: string): ContentPage =>
  state.pages.find((p) => p.title === title)!;

type MessageParams = { customer: string; subject: string };

function messageOf(state: StoreState, { customer, subject }: MessageParams): Message {
  const { id } = customerNamed(state, customer);
  return state.messages.find((m) => m.customerId === id && m.subject === subject)!;
}

const openMessages = (state: StoreState) =>
  state.messages
    .filter((m) => m.status === "Open")
    .map((m) => ({ customer: customerOf(state, m.customerId).name, subject: m.subject }));

const openMessage = (o: Observation, { customer, subject }: MessageParams) =>
  adminOpen(o, "Messages", customer, `${subject} from ${customer}`);

const openPage = (o: Observation, title: string) => adminOpen(o, "Pages", title, title);

function* editHome(o: Observation, form: { street: string; city: string; postcode: string }): Walk {
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
  const customer = customerNamed(state, name);
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
  const { id, email, phone, group } = customerNamed(state, name);
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
      const found = customerNamed(store, customer);
      const value = what === "city" ? found.addresses[0]!.city : found[what as "email" | "group"];
      return [answerIs(value), unchanged()];
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
    check: ({ customer }, { store }) => [answerIs(customerNamed(store, customer).phone), unchanged()],
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
      changed(({ store }) => {
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
      changed(({ store }) => {
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
    check: ({ customer, ...form }) => [changed(({ store }) => setHome(store, customer, form))],
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
      changed(({ store }) => {
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
      changed(({ store }) => replyToMessage(store, messageOf(store, message).id, reply)),
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
    check: (message) => [changed(({ store }) => closeMessage(store, messageOf(store, message).id))],
    *oracle(message, o) {
      o = yield* openMessage(o, message);
      yield click(o, "button", "Close message");
      yield exit();
    },
  }),

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
      unchanged(),
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
      changed(({ store }) => {
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
      changed(({ store }) => savePage(store, pageTitled(store, title).id, { title, body: text })),
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
      changed(({ store }) => {
        const { id, body } = pageTitled(store, title);
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
    check: ({ title }) => [changed(({ store }) => publishPage(store, pageTitled(store, title).id))],
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
    check: ({ title }) => [changed(({ store }) => unpublishPage(store, pageTitled(store, title).id))],
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
    check: ({ title }) => [changed(({ store }) => deletePage(store, pageTitled(store, title).id))],
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
      changed((state) => publishPage(state.store, pageTitled(state.store, title).id)),
      urlIs(storefront.host, `/help/${pageTitled(store, title).slug}`),
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
      changed(({ store }) => {
        const { id } = productNamed(store, product);
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
