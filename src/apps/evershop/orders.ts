/** @file What orders look like in the database, and what becomes of them. */

import { COUNTRY, ORDERS, productCalled, PROVINCES, totalOf } from "./content.ts";
import type { Address, Order } from "./content.ts";
import type { AddressState, OrderState, Shop } from "./state.ts";

export const addressState = ({
  province,
  name,
  telephone,
  street,
  city,
  postcode,
}: Address): AddressState => ({
  name,
  telephone,
  street,
  city,
  postcode,
  province: PROVINCES[province],
  country: COUNTRY,
});

export interface Placed {
  email: string;
  address: Address;
  items: Order["items"];
  shipping: Order["shipping"];
  note?: string;
}

const countsOf = (items: Order["items"]) =>
  Object.fromEntries(items.map(([name, count]) => [productCalled(name).sku, count]));

/** Places the next order, out of the stock, with cash on delivery. */
export const place =
  ({ email, address, items, shipping, note }: Placed) =>
  ({ orders, products }: Shop): void => {
    orders[10_001 + ORDERS.length] = {
      customer: email,
      items: countsOf(items),
      total: totalOf({ items, shipping }),
      coupon: null,
      payment: "cod",
      shipping,
      note: note ?? null,
      address: addressState(address),
      billing: addressState(address),
      reason: null,
      status: "new",
      paymentStatus: "pending",
      shipmentStatus: "pending",
      parcels: [],
    };
    for (const [name, count] of items) products[productCalled(name).sku]!.count -= count;
  };

/** All of the order, or one kind of its goods, in one parcel. */
export function send(order: OrderState, items: Record<string, number> = order.items): void {
  order.parcels.push({ carrier: "custom", tracking: null, status: "shipped", items });
  order.status = "processing";
  order.shipmentStatus =
    Object.keys(items).length === Object.keys(order.items).length ? "shipped" : "partially_shipped";
}

/** What was taken out of the stock comes back. */
export function cancel(order: OrderState, products: Shop["products"], reason: string): void {
  order.status = order.paymentStatus = "canceled";
  order.reason = reason;
  for (const [sku, count] of Object.entries(order.items)) products[sku]!.count += count;
}
