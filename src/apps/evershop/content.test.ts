import { expect, test } from "vitest";
import {
  CATEGORIES,
  CUSTOMERS,
  customerCalled,
  describe,
  dollars,
  numberOf,
  ORDERS,
  productCalled,
  PRODUCTS,
  totalOf,
} from "./content.ts";

test("goods have names, numbers and addresses of their own, and each category has some", () => {
  expect(new Set(PRODUCTS.map(({ name }) => name)).size).toBe(PRODUCTS.length);
  expect(new Set(PRODUCTS.map(({ sku }) => sku)).size).toBe(PRODUCTS.length);
  for (const category of CATEGORIES)
    expect(PRODUCTS.filter((product) => product.category === category).length).toBeGreaterThanOrEqual(5);
});

test("what is cheapest and dearest in a category is one thing", () => {
  for (const category of CATEGORIES) {
    const prices = PRODUCTS.filter((product) => product.category === category).map(({ price }) => price);
    expect(new Set(prices).size).toBe(prices.length);
  }
});

test("orders are of customers and goods that there are, and cost goods and sending", () => {
  for (const { customer, items } of ORDERS) {
    expect(CUSTOMERS).toContain(customerCalled(customer));
    for (const [name, count] of items) expect(productCalled(name).count).toBeGreaterThanOrEqual(count);
  }
  expect(numberOf(ORDERS[0]!)).toBe("10001");
  // 2 x 21 + 6.50
  expect(dollars(totalOf(ORDERS[0]!))).toBe("$48.50");
});

test("a product's text says one year and several", () => {
  expect(describe(productCalled("Moth Lantern"))).toMatch(/guarantee of 1 year\.$/);
  expect(describe(productCalled("Finch Lantern"))).toMatch(/guarantee of 2 years\.$/);
});
