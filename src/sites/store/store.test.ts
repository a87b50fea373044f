import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { addDays, day, daysBetween } from "../dates.ts";
import { CATEGORIES } from "./data/catalog.ts";
import { publishPage, savePage, unpublishPage } from "./content.ts";
import { addAddress, changeAddress, deleteAddress, saveContact, sendMessage } from "./customers.ts";
import { money, parseMoney, slugOf } from "./format.ts";
import { addToCart, cancelOrder, openReturn, placeOrder, refundOrder, setOrderStatus } from "./orders.ts";
import { createProduct, moderateReview, setPrice, setStock, writeReview } from "./products.ts";
import {
  bestsellers,
  isSale,
  linesTotal,
  orderTotal,
  productOf,
  ratingOf,
  returnDeadline,
  salesByCategory,
  salesMonths,
  searchProducts,
  whyNoReturn,
} from "./queries.ts";
import { Refusal } from "./refusal.ts";
import { createStoreState } from "./seed.ts";
import { RETURN_DAYS, type Order, type StoreState } from "./state.ts";

let pristine: StoreState;
beforeAll(() => {
  pristine = createStoreState();
});
const fresh = () => structuredClone(pristine);
const today = "2026-03-16";

/** Turns an order of the state into one that was delivered `days` days ago. */
function delivered(state: StoreState, days: number): Order {
  const order = state.orders.find((o) => o.customerId === 1)!;
  order.status = "Delivered";
  order.delivered = addDays(today, -days);
  return order;
}

const request = (order: Order) => ({
  orderId: order.id,
  productId: order.lines[0]!.productId,
  reason: "Damaged" as const,
  comment: "",
});

describe("the store's data", () => {
  it("is the same every time and of a believable size", () => {
    expect(createStoreState()).toEqual(pristine);
    expect(pristine.products.length).toBeGreaterThanOrEqual(300);
    expect(pristine.customers.length).toBeGreaterThanOrEqual(200);
    expect(pristine.orders.length).toBeGreaterThanOrEqual(400);
    expect(pristine.reviews.length).toBeGreaterThanOrEqual(500);
    expect(new Set(pristine.orders.map((o) => o.status)).size).toBe(6);
  });

  it("gives names only once, so that a name says which one is meant", () => {
    for (const names of [
      pristine.products.map((p) => p.name),
      pristine.products.map((p) => p.sku),
      pristine.customers.map((c) => c.name),
      pristine.customers.map((c) => c.email),
      pristine.pages.map((p) => p.slug),
    ])
      expect(new Set(names).size).toBe(names.length);
  });

  it("refers only to what exists, and orders are not older than their delivery", () => {
    const ids = new Set(pristine.products.map((p) => p.id));
    const customers = new Set(pristine.customers.map((c) => c.id));
    for (const order of pristine.orders) {
      expect(customers.has(order.customerId)).toBe(true);
      for (const line of order.lines) expect(ids.has(line.productId)).toBe(true);
      if (order.delivered) expect(daysBetween(order.placed, order.delivered)).toBeGreaterThan(0);
      expect(order.delivered !== null).toBe(order.status === "Delivered" || order.status === "Refunded");
    }
    for (const review of pristine.reviews) expect(ids.has(review.productId)).toBe(true);
  });

  it("finds every product first when its name is searched", () => {
    for (const product of pristine.products)
      expect(searchProducts(pristine, product.name)[0]?.name).toBe(product.name);
  });
});

describe("buying", () => {
  it("takes the pieces from stock, empties the cart and counts the order's number up", () => {
    const state = fresh();
    const product = state.products.find((p) => p.enabled && p.stock >= 5)!;
    const before = product.stock;
    addToCart(state, 1, product.id, 2);
    addToCart(state, 1, product.id, 1);
    const { addresses } = state.customers[0]!;
    const order = placeOrder(state, 1, { address: addresses[0]!, shipping: "Express", payment: "Card" });
    expect(order.id).toBe(pristine.next.order);
    expect(state.next.order).toBe(order.id + 1);
    expect(order.lines).toEqual([{ productId: product.id, quantity: 3, price: product.price }]);
    expect(orderTotal(order)).toBe(3 * product.price + 1200);
    expect(product.stock).toBe(before - 3);
    expect(state.carts[1]).toEqual([]);
    expect(order.placed).toBe(today);
  });

  it("never sells more than there is, whatever is put into the cart", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(319), fc.integer({ min: -2, max: 200 }))), (wishes) => {
        const state = fresh();
        for (const [i, quantity] of wishes)
          try {
            addToCart(state, 1, i + 1, quantity);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
          }
        for (const line of state.carts[1]!) {
          expect(line.quantity).toBeGreaterThan(0);
          expect(line.quantity).toBeLessThanOrEqual(productOf(state, line.productId).stock);
        }
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it("is refused with an empty cart, and then nothing has changed", () => {
    const state = fresh();
    const { addresses } = state.customers[0]!;
    expect(() =>
      placeOrder(state, 1, { address: addresses[0]!, shipping: "Standard", payment: "Card" }),
    ).toThrow(Refusal);
    expect(state).toEqual(pristine);
  });
});

describe("orders", () => {
  it("canceled before shipping put their pieces back into stock; shipped ones cannot be canceled", () => {
    const state = fresh();
    const order = state.orders.find((o) => o.status === "Pending")!;
    const { productId, quantity } = order.lines[0]!;
    cancelOrder(state, order.id);
    expect(order.status).toBe("Canceled");
    expect(productOf(state, productId).stock).toBe(productOf(pristine, productId).stock + quantity);
    const shipped = state.orders.find((o) => o.status === "Shipped")!;
    expect(() => cancelOrder(state, shipped.id)).toThrow(Refusal);
  });

  it("are refunded only after shipping, and stay canceled or refunded", () => {
    const state = fresh();
    const pending = state.orders.find((o) => o.status === "Pending")!;
    expect(() => refundOrder(state, pending.id)).toThrow(Refusal);
    const shipped = state.orders.find((o) => o.status === "Shipped")!;
    refundOrder(state, shipped.id);
    expect(() => setOrderStatus(state, shipped.id, "Delivered")).toThrow(Refusal);
  });

  it("remember the day on which they became delivered, and forget it when they are not", () => {
    const state = fresh();
    const { id } = state.orders.find((o) => o.status === "Shipped")!;
    const order = state.orders.find((o) => o.id === id)!;
    setOrderStatus(state, id, "Delivered");
    expect(order.delivered).toBe(today);
    setOrderStatus(state, id, "Pending");
    expect(order.delivered).toBeNull();
  });
});

describe("returns", () => {
  it.each([
    [0, true],
    [RETURN_DAYS, true],
    [RETURN_DAYS + 1, false],
    [300, false],
  ])("%i days after delivery are possible: %s", (days, possible) => {
    const state = fresh();
    const order = delivered(state, days);
    expect(returnDeadline(order)).toBe(addDays(today, RETURN_DAYS - days));
    expect(whyNoReturn(state, order) === null).toBe(possible);
    const act = () => openReturn(state, request(order));
    if (possible) expect(act()).toMatchObject({ orderId: order.id, status: "Requested", requested: today });
    else expect(act).toThrow("window");
  });

  it("of one item are opened once, and only of items of the order", () => {
    const state = fresh();
    const order = delivered(state, 3);
    openReturn(state, request(order));
    expect(() => openReturn(state, request(order))).toThrow("already");
    const foreign = state.products.find((p) => !order.lines.some((l) => l.productId === p.id))!;
    expect(() => openReturn(state, { ...request(order), productId: foreign.id })).toThrow("Choose an item");
  });
});

describe("equal actions", () => {
  it("leave equal states, ids and times included", () => {
    const act = (state: StoreState) => {
      sendMessage(state, 1, { subject: "Thank you", body: "Good work." });
      addAddress(state, 1, { label: "Cabin", street: "1 Elm Avenue", city: "Milton", postcode: "63001" });
      writeReview(state, 5, "Emma Lopez", { rating: 4, title: "Fine", text: "" });
      createProduct(state, {
        name: "Fern rake",
        category: "Garden",
        price: 1900,
        stock: 3,
        enabled: true,
        description: "",
      });
      return state;
    };
    expect(act(fresh())).toEqual(act(fresh()));
  });
});

describe("forms are checked", () => {
  it.each<[string, (state: StoreState) => void]>([
    ["price", (s) => setPrice(s, 1, 0)],
    ["name", (s) => void createProduct(s, { ...s.products[0]!, description: "" })],
    [
      "postcode",
      (s) =>
        changeAddress(s, 1, s.customers[0]!.addresses[0]!.id, { street: "a", city: "b", postcode: "12" }),
    ],
    ["email", (s) => saveContact(s, 1, { email: "nobody", phone: "555-1234", newsletter: false })],
    ["rating", (s) => void writeReview(s, 1, "Emma Lopez", { rating: 6, title: "x", text: "" })],
    ["title", (s) => savePage(s, 1, { title: s.pages[1]!.title, body: "" })],
    ["label", (s) => void addAddress(s, 1, { label: "home", street: "a", city: "b", postcode: "12345" })],
  ])("%s", (field, act) => {
    const state = fresh();
    let refusal: unknown;
    try {
      act(state);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(Refusal);
    expect((refusal as Refusal).field).toBe(field);
    expect(state).toEqual(pristine);
  });

  it("the last address stays", () => {
    const state = fresh();
    const lonely = state.customers.find((c) => c.addresses.length === 1)!;
    expect(() => deleteAddress(state, lonely.id, lonely.addresses[0]!.id)).toThrow(Refusal);
  });
});

describe("reports and ratings", () => {
  it("sum up to the orders they are made of", () => {
    const sales = salesByCategory(pristine);
    const total = [...sales.values()].flatMap((row) => [...row.values()]).reduce((a, b) => a + b, 0);
    const orders = pristine.orders.filter(isSale);
    expect(total).toBe(orders.reduce((sum, o) => sum + linesTotal(o.lines), 0));
    const units = salesMonths(pristine)
      .flatMap((month) => bestsellers(pristine, month))
      .reduce((sum, { units: count }) => sum + count, 0);
    expect(units).toBe(orders.flatMap((o) => o.lines).reduce((sum, l) => sum + l.quantity, 0));
    expect([...sales.keys()]).toEqual(CATEGORIES.map((c) => c.name));
  });

  it("count approved reviews only", () => {
    const state = fresh();
    const pending = state.reviews.find((r) => r.status === "Pending")!;
    const before = ratingOf(state, pending.productId)?.count ?? 0;
    moderateReview(state, pending.id, "Approved");
    expect(ratingOf(state, pending.productId)!.count).toBe(before + 1);
  });
});

it("pages of the shop become drafts and published again, with the date of the change", () => {
  const state = fresh();
  const page = state.pages[0]!;
  unpublishPage(state, page.id);
  expect(page).toMatchObject({ status: "Draft", updated: today });
  publishPage(state, page.id);
  expect(page.status).toBe("Published");
});

describe("formats", () => {
  it("amounts are read as they are written", () => {
    fc.assert(
      fc.property(fc.nat(99_999_999), (cents) => {
        expect(parseMoney(money(cents))).toBe(cents);
      }),
      { seed: 2 },
    );
    expect(money(123_456_789)).toBe("$1,234,567.89");
    for (const text of ["", "-1", "1.234", "abc", "1e3"]) expect(parseMoney(text)).toBeNull();
  });

  it("days and slugs", () => {
    expect(day("2026-03-05")).toBe("5 Mar 2026");
    expect(addDays("2026-02-27", 3)).toBe("2026-03-02");
    expect(slugOf("Care of cast iron!")).toBe("care-of-cast-iron");
  });

  it("stock is set as a whole number of pieces", () => {
    const state = fresh();
    setStock(state, 7, 42);
    expect(productOf(state, 7).stock).toBe(42);
  });
});
