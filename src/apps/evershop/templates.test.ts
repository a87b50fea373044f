import { expect, test } from "vitest";
import { ORDERS, orderCalled, productCalled, SIGNED_IN, totalOf } from "./content.ts";
import { cancel, place, send } from "./orders.ts";
import type { OrderState, Shop } from "./state.ts";
import { templates } from "./templates.ts";

const users = new Set(["keeper", ...SIGNED_IN.map(({ id }) => id)]);

test("each template has a name of its own, an oracle, and tasks that are told apart", () => {
  expect(new Set(templates.map(({ id }) => id)).size).toBe(templates.length);
  for (const template of templates) {
    expect(template).toHaveProperty("oracle");
    expect(template.phrasings.length).toBeGreaterThanOrEqual(3);
    const tasks = new Set(template.instances.map((params) => JSON.stringify(params)));
    expect(tasks.size).toBe(template.instances.length);
    for (const params of template.instances)
      expect(template.check?.(params).length).toBeGreaterThanOrEqual(1);
  }
});

test("whoever works on a task can sign in, and nobody else's orders are asked of a customer", () => {
  for (const { user, instances } of templates)
    for (const params of instances) {
      const name = typeof user === "function" ? user(params) : user;
      if (name === undefined) continue;
      expect(users).toContain(name);
      if (name !== "keeper" && typeof params["number"] === "string")
        expect(orderCalled(params["number"]).customer).toBe(name);
    }
});

const goods = () =>
  ({
    [productCalled("Finch Lantern").sku]: { count: 40 },
    [productCalled("Pebble Mug").sku]: { count: 120 },
  }) as unknown as Shop["products"];

test("an order takes its goods out of the stock and costs them and their sending", () => {
  const state = { orders: {}, products: goods() } as unknown as Shop;
  const items = [["Finch Lantern", 2]] as const;
  place({ ...SIGNED_IN[0]!, items, shipping: "Night boat" })(state);
  const [[number, order]] = Object.entries(state.orders) as [[string, OrderState]];
  expect(Number(number)).toBe(10_001 + ORDERS.length);
  // 2 x 21 + 14
  expect(order.total).toBe(56);
  expect(order.total).toBe(totalOf({ items, shipping: "Night boat" }));
  expect(order).toMatchObject({ customer: "ada@post.example", note: null, status: "new", parcels: [] });
  expect(order.billing).toEqual(order.address);
  expect(state.products[productCalled("Finch Lantern").sku]!.count).toBe(38);
});

test("a parcel with everything sends the order, another one a part; what is cancelled comes back", () => {
  const products = goods();
  const [finch, mug] = Object.keys(products) as [string, string];
  const order = () =>
    ({
      items: { [finch]: 2, [mug]: 1 },
      parcels: [],
      status: "new",
      paymentStatus: "pending",
    }) as unknown as OrderState;
  const whole = order();
  send(whole);
  expect(whole).toMatchObject({ shipmentStatus: "shipped", parcels: [{ items: { [finch]: 2, [mug]: 1 } }] });
  const part = order();
  send(part, { [mug]: 1 });
  expect(part.shipmentStatus).toBe("partially_shipped");
  const gone = order();
  cancel(gone, products, "Ordered twice.");
  expect(gone).toMatchObject({ status: "canceled", paymentStatus: "canceled", reason: "Ordered twice." });
  expect(products[finch]!.count).toBe(42);
  expect(products[mug]!.count).toBe(121);
});
