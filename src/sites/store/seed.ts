/** @file Makes the store's data from the hand-written lists, always the same. */

import { createRng, type Rng } from "../../core/rng.ts";
import { addDays } from "../dates.ts";
import { WORLD_NOW } from "../world-state.ts";
import { CATEGORIES } from "./data/catalog.ts";
import { PAGES } from "./data/pages.ts";
import { CITIES, FIRST_NAMES, LAST_NAMES, SHOPPER, STREETS } from "./data/people.ts";
import { MESSAGES, MESSAGE_SUBJECTS, REVIEWS } from "./data/voices.ts";
import { slugOf } from "./format.ts";
import type {
  Address,
  ContentPage,
  Customer,
  Message,
  Order,
  OrderStatus,
  Product,
  Return,
  ReturnReason,
  Review,
  StoreState,
} from "./state.ts";

const CUSTOMERS = 200;
const ORDERS = 400;
const FIRST_ORDER = 1001;

export function createStoreState(): StoreState {
  const rng = createRng("store");
  const products = makeProducts(rng.fork("products"));
  const customers = makeCustomers(rng.fork("customers"));
  const orders = makeOrders(rng.fork("orders"), products, customers);
  const returns = makeReturns(rng.fork("returns"), orders);
  const reviews = makeReviews(rng.fork("reviews"), products, customers);
  const messages = makeMessages(rng.fork("messages"), products, customers, orders);
  const pages = makePages();
  const wishlist = rng
    .fork("wishlist")
    .shuffle(products.filter((p) => p.stock > 3))
    .slice(0, 8);
  return {
    now: WORLD_NOW,
    products,
    customers,
    orders,
    reviews,
    returns,
    messages,
    pages,
    carts: { 1: [] },
    wishlists: { 1: wishlist.map((p) => p.id) },
    next: {
      product: products.length + 1,
      order: FIRST_ORDER + ORDERS,
      review: reviews.length + 1,
      return: returns.length + 1,
      message: messages.length + 1,
      page: pages.length + 1,
      address: customers.reduce((most, c) => Math.max(most, ...c.addresses.map((a) => a.id)), 0) + 1,
    },
    sessions: {},
  };
}

function makeProducts(rng: Rng): Product[] {
  const out: Product[] = [];
  for (const category of CATEGORIES)
    for (const [k, kind] of category.kinds.entries())
      for (const [l, line] of category.lines.entries()) {
        const dollars = Math.max(6, Math.round(kind.price * line.price * (0.94 + rng.next() * 0.12)));
        const scarce = rng.next();
        out.push({
          id: out.length + 1,
          sku: `${category.code}-${k + 1}${l + 1}${rng.int(10)}`,
          name: `${line.name} ${kind.name}`,
          brand: line.name,
          category: category.name,
          price: dollars * 100 - rng.pick([0, 0, 5, 10, 50]),
          stock: scarce < 0.07 ? 0 : scarce < 0.17 ? 1 + rng.int(5) : 8 + rng.int(110),
          enabled: rng.next() >= 0.02,
          description: `${kind.about} ${line.about}`,
          colour: rng.pick(line.colours),
          material: line.material,
          weight: `${Math.max(0.1, Math.round(kind.weight * (0.85 + rng.next() * 0.3) * 10) / 10)} kg`,
          warrantyYears: line.warrantyYears,
        });
      }
  return out;
}

function makeAddress(rng: Rng): Address {
  const [city, prefix] = rng.pick(CITIES);
  return {
    street: `${1 + rng.int(120)} ${rng.pick(STREETS)}`,
    city,
    postcode: `${prefix}${100 + rng.int(900)}`,
  };
}

function makeCustomers(rng: Rng): Customer[] {
  const names: string[] = [];
  for (const last of LAST_NAMES) for (const first of FIRST_NAMES) names.push(`${first} ${last}`);
  const chosen = [`${SHOPPER.first} ${SHOPPER.last}`, ...rng.shuffle(names).slice(0, CUSTOMERS - 1)];
  let addressId = 0;
  return chosen.map((name, i) => ({
    id: i + 1,
    name,
    email: `${name.toLowerCase().replace(" ", ".")}@mail.test`,
    phone: `555-${1000 + rng.int(9000)}`,
    group: i === 0 ? "General" : rng.pick(["General", "General", "General", "Wholesale", "VIP"] as const),
    newsletter: rng.next() < 0.4,
    since: addDays("2021-01-04", rng.int(1500)),
    addresses: (i === 0 ? ["Home", "Work", "Parents"] : rng.next() < 0.2 ? ["Home", "Work"] : ["Home"]).map(
      (label) => ({ id: ++addressId, label, ...makeAddress(rng) }),
    ),
  }));
}

function statusByAge(rng: Rng, age: number): OrderStatus {
  const roll = rng.next();
  if (roll < 0.05) return "Canceled";
  if (age <= 3) return roll < 0.75 ? "Pending" : "Processing";
  if (age <= 7) return roll < 0.25 ? "Pending" : roll < 0.6 ? "Processing" : "Shipped";
  if (age <= 14) return roll < 0.12 ? "Processing" : roll < 0.6 ? "Shipped" : "Delivered";
  return roll < 0.1 ? "Refunded" : "Delivered";
}

function makeOrders(rng: Rng, products: Product[], customers: Customer[]): Order[] {
  const today = WORLD_NOW.slice(0, 10);
  return Array.from({ length: ORDERS }, (_, i) => {
    const age = Math.max(1, Math.round(340 * (1 - i / (ORDERS - 1)) ** 2.2));
    const placed = addDays(today, -age);
    // The shopper has every twentieth order, and more of the recent ones.
    const customer = i % 20 === 7 || (i > 320 && i % 9 === 0) ? customers[0]! : rng.pick(customers);
    const status = statusByAge(rng, age);
    const transit = 3 + rng.int(6);
    const sent = status === "Shipped" || status === "Delivered" || status === "Refunded";
    return {
      id: FIRST_ORDER + i,
      customerId: customer.id,
      placed,
      status,
      lines: rng
        .shuffle(products)
        .slice(0, rng.pick([1, 1, 2, 2, 3]))
        .map((p) => ({ productId: p.id, quantity: rng.pick([1, 1, 1, 2, 2, 3]), price: p.price })),
      address: addressOnly(customer.addresses[0]!),
      shipping: rng.next() < 0.7 ? "Standard" : "Express",
      payment: rng.pick(["Card", "Card", "Card", "Bank transfer", "Gift card"] as const),
      delivered:
        status === "Delivered" || status === "Refunded" ? addDays(placed, Math.min(transit, age)) : null,
      tracking: sent ? `TR${100_000 + rng.int(900_000)}` : null,
      notes: [],
    };
  });
}

function addressOnly({ street, city, postcode }: Address): Address {
  return { street, city, postcode };
}

function makeReturns(rng: Rng, orders: Order[]): Return[] {
  const delivered = orders.filter((o) => o.status === "Delivered" && o.customerId !== 1);
  return rng
    .shuffle(delivered)
    .slice(0, 60)
    .sort((a, b) => a.id - b.id)
    .map((order, i) => {
      const reason = rng.pick<ReturnReason>([
        "Damaged",
        "Wrong item",
        "Not as described",
        "No longer needed",
      ]);
      // Asked by phone: not always within the window, so that somebody has to decide.
      const requested = addDays(order.delivered!, 4 + rng.int(52));
      const late = requested > WORLD_NOW.slice(0, 10);
      return {
        id: i + 1,
        orderId: order.id,
        productId: order.lines[0]!.productId,
        reason,
        comment: "",
        requested: late ? WORLD_NOW.slice(0, 10) : requested,
        status: rng.next() < 0.75 ? "Requested" : rng.pick(["Approved", "Rejected"] as const),
      };
    });
}

function makeReviews(rng: Rng, products: Product[], customers: Customer[]): Review[] {
  const out: Review[] = [];
  for (const product of products) {
    const count = rng.pick([0, 1, 1, 2, 2, 3, 4]);
    // Half of the products are liked, so that averages differ.
    const ratings = rng.next() < 0.5 ? ([5, 5, 4, 4, 3] as const) : ([5, 4, 3, 2, 1] as const);
    for (const author of rng.shuffle(customers.slice(1)).slice(0, count)) {
      const rating = rng.pick(ratings);
      const { title, text } = rng.pick(REVIEWS[rating]);
      const roll = rng.next();
      out.push({
        id: out.length + 1,
        productId: product.id,
        author: author.name,
        rating,
        title,
        text: text.replace("{kind}", product.name.slice(product.brand.length + 1)),
        status: roll < 0.14 ? "Pending" : roll < 0.19 ? "Rejected" : "Approved",
        at: addDays("2025-03-20", rng.int(355)),
      });
    }
  }
  return out;
}

function makeMessages(rng: Rng, products: Product[], customers: Customer[], orders: Order[]): Message[] {
  const writers = rng.shuffle(orders.filter((o) => o.customerId !== 1)).slice(0, 96);
  const seen = new Set<number>();
  return writers
    .filter((o) => !seen.has(o.customerId) && seen.add(o.customerId))
    .map((order, i) => {
      const subject = MESSAGE_SUBJECTS[i % MESSAGE_SUBJECTS.length]!;
      const address = makeAddress(rng);
      const product = products[order.lines[0]!.productId - 1]!;
      const body = rng
        .pick(MESSAGES[subject])
        .replace("{order}", String(order.id))
        .replace("{product}", product.name)
        .replace("{street}", address.street)
        .replace("{city}", address.city)
        .replace("{postcode}", address.postcode);
      const status = rng.next() < 0.7 ? "Open" : ("Answered" as const);
      const at = addDays("2026-03-15", -rng.int(20));
      return {
        id: i + 1,
        customerId: customers[order.customerId - 1]!.id,
        subject,
        body,
        at,
        status,
        replies: status === "Answered" ? [{ text: "Thank you for writing. It is taken care of.", at }] : [],
      };
    });
}

function makePages(): ContentPage[] {
  return PAGES.map((page, i) => ({
    id: i + 1,
    title: page.title,
    slug: slugOf(page.title),
    body: page.body,
    status: page.published ? "Published" : "Draft",
    updated: addDays("2025-06-01", i * 11),
  }));
}
