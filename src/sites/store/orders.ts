/**
 * @file What happens to carts, orders and returns. Pages and verifiers call the same functions: ids come from
 * counters in the state and the time from `state.now`, so that equal actions leave equal states.
 */

import { orderById, productById, whyNoReturn } from "./queries.ts";
import { refuseUnless } from "./refusal.ts";
import {
  ORDER_STATUSES,
  PAYMENTS,
  RETURN_REASONS,
  SHIPPING,
  type Address,
  type CartLine,
  type Order,
  type OrderStatus,
  type Payment,
  type Return,
  type ReturnReason,
  type Shipping,
  type StoreState,
} from "./state.ts";

const today = (state: StoreState) => state.now.slice(0, 10);

export function cartOf(state: StoreState, customerId: number): CartLine[] {
  return (state.carts[customerId] ??= []);
}

/** Adds to what the cart has of the product. */
export function addToCart(state: StoreState, customerId: number, productId: number, quantity: number): void {
  const product = productById(state, productId);
  refuseUnless(product?.enabled, "This product is not available.");
  refuseUnless(quantity >= 1, "The quantity must be at least 1.", "quantity");
  const cart = cartOf(state, customerId);
  const line = cart.find((l) => l.productId === productId);
  const wanted = (line?.quantity ?? 0) + quantity;
  refuseUnless(product.stock > 0, "This product is out of stock.", "quantity");
  refuseUnless(wanted <= product.stock, `Only ${product.stock} in stock.`, "quantity");
  if (line) line.quantity = wanted;
  else cart.push({ productId, quantity });
}

/** 0 removes the line. */
export function setCartQuantity(
  state: StoreState,
  customerId: number,
  productId: number,
  quantity: number,
): void {
  const cart = cartOf(state, customerId);
  const line = cart.find((l) => l.productId === productId);
  const product = productById(state, productId);
  refuseUnless(line && product, "This product is not in the cart.");
  refuseUnless(quantity <= product.stock, `Only ${product.stock} of ${product.name} in stock.`);
  if (quantity === 0) cart.splice(cart.indexOf(line), 1);
  else line.quantity = quantity;
}

export function emptyCart(state: StoreState, customerId: number): void {
  state.carts[customerId] = [];
}

export interface Checkout {
  address: Address;
  shipping: Shipping;
  payment: Payment;
}

/** Makes an order of the cart, takes it from stock, and empties the cart. */
export function placeOrder(state: StoreState, customerId: number, checkout: Checkout): Order {
  const cart = cartOf(state, customerId);
  refuseUnless(cart.length > 0, "Your cart is empty.");
  refuseUnless(Object.hasOwn(SHIPPING, checkout.shipping), "Choose a shipping method.", "shipping");
  refuseUnless(PAYMENTS.includes(checkout.payment), "Choose a payment method.", "payment");
  const lines = cart.map(({ productId, quantity }) => {
    const product = productById(state, productId);
    refuseUnless(
      product && product.stock >= quantity,
      `Not enough of ${product?.name ?? "a product"} in stock.`,
    );
    return { product, line: { productId, quantity, price: product.price } };
  });
  for (const { product, line } of lines) product.stock -= line.quantity;
  const { street, city, postcode } = checkout.address;
  const order: Order = {
    id: state.next.order++,
    customerId,
    placed: today(state),
    status: "Pending",
    lines: lines.map(({ line }) => line),
    address: { street, city, postcode },
    shipping: checkout.shipping,
    payment: checkout.payment,
    delivered: null,
    tracking: null,
    notes: [],
  };
  state.orders.push(order);
  emptyCart(state, customerId);
  return order;
}

/** Puts what is left of a past order into the cart. */
export function reorder(state: StoreState, customerId: number, orderId: number): void {
  const order = orderById(state, orderId);
  refuseUnless(order && order.customerId === customerId, "There is no such order.");
  for (const line of order.lines) addToCart(state, customerId, line.productId, line.quantity);
}

function orderFor(state: StoreState, orderId: number): Order {
  const order = orderById(state, orderId);
  refuseUnless(order, "There is no such order.");
  return order;
}

/** The four statuses that staff choose; canceling and refunding have their own functions. */
export function setOrderStatus(state: StoreState, orderId: number, status: OrderStatus): void {
  const order = orderFor(state, orderId);
  refuseUnless(ORDER_STATUSES.slice(0, 4).includes(status), "Choose a status.", "status");
  refuseUnless(order.status !== "Canceled" && order.status !== "Refunded", `The order is ${order.status}.`);
  order.status = status;
  order.delivered = status === "Delivered" ? today(state) : null;
}

/** Before it is shipped. Puts its products back into stock. */
export function cancelOrder(state: StoreState, orderId: number): void {
  const order = orderFor(state, orderId);
  refuseUnless(
    order.status === "Pending" || order.status === "Processing",
    `The order is ${order.status.toLowerCase()} and cannot be canceled.`,
  );
  order.status = "Canceled";
  for (const line of order.lines) {
    const product = productById(state, line.productId);
    if (product) product.stock += line.quantity;
  }
}

/** After it was shipped. Stock does not change. */
export function refundOrder(state: StoreState, orderId: number): void {
  const order = orderFor(state, orderId);
  refuseUnless(
    order.status === "Shipped" || order.status === "Delivered",
    `The order is ${order.status.toLowerCase()} and cannot be refunded.`,
  );
  order.status = "Refunded";
}

export function addOrderNote(state: StoreState, orderId: number, text: string): void {
  const order = orderFor(state, orderId);
  refuseUnless(text.trim() !== "", "Write a note.", "note");
  order.notes.push({ text: text.trim(), at: today(state) });
}

export function setTracking(state: StoreState, orderId: number, tracking: string): void {
  const order = orderFor(state, orderId);
  refuseUnless(
    /^[A-Z]{2}\d{6}$/.test(tracking.trim()),
    "Two letters and six digits, like TR123456.",
    "tracking",
  );
  order.tracking = tracking.trim();
}

export interface ReturnRequest {
  orderId: number;
  productId: number;
  reason: ReturnReason;
  comment: string;
}

/** Within the return window of a delivered order, once per product. */
export function openReturn(state: StoreState, request: ReturnRequest): Return {
  const order = orderFor(state, request.orderId);
  const refusal = whyNoReturn(state, order);
  refuseUnless(refusal === null, refusal ?? "");
  refuseUnless(
    order.lines.some((l) => l.productId === request.productId),
    "Choose an item.",
    "product",
  );
  refuseUnless(RETURN_REASONS.includes(request.reason), "Choose a reason.", "reason");
  refuseUnless(
    !state.returns.some((r) => r.orderId === order.id && r.productId === request.productId),
    "A return of this item is already open.",
    "product",
  );
  const entry: Return = {
    id: state.next.return++,
    orderId: order.id,
    productId: request.productId,
    reason: request.reason,
    comment: request.comment.trim(),
    requested: today(state),
    status: "Requested",
  };
  state.returns.push(entry);
  return entry;
}

export function decideReturn(state: StoreState, returnId: number, status: "Approved" | "Rejected"): void {
  const entry = state.returns.find((r) => r.id === returnId);
  refuseUnless(entry?.status === "Requested", "This return is already decided.");
  entry.status = status;
}
