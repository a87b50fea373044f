/** @file Questions about the store: searching, totals, ratings, reports. They change nothing. */

import { invariant } from "../../core/errors.ts";
import { addDays } from "../dates.ts";
import { CATEGORIES } from "./data/catalog.ts";
import {
  RETURN_DAYS,
  SHIPPING,
  type Customer,
  type Order,
  type Product,
  type Review,
  type StoreState,
} from "./state.ts";

export function productById(state: StoreState, id: number): Product | undefined {
  return state.products.find((p) => p.id === id);
}

/** The product of a line; it must exist. */
export function productOf(state: StoreState, id: number): Product {
  const product = productById(state, id);
  invariant(product, `product ${id} exists`);
  return product;
}

export function orderById(state: StoreState, id: number): Order | undefined {
  return state.orders.find((o) => o.id === id);
}

export function customerById(state: StoreState, id: number): Customer | undefined {
  return state.customers.find((c) => c.id === id);
}

export function customerOf(state: StoreState, id: number): Customer {
  const customer = customerById(state, id);
  invariant(customer, `customer ${id} exists`);
  return customer;
}

/** Every word of the query begins a word of one of `texts`. An empty query matches. */
export function matches(query: string, ...texts: string[]): boolean {
  const words = wordsOf(texts.join(" "));
  return wordsOf(query).every((word) => words.some((w) => w.startsWith(word)));
}

const wordsOf = (text: string) =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

/** Products whose name, category or SKU has all words of `query`; those whose name begins with it first. */
export function searchProducts(state: StoreState, query: string): Product[] {
  const start = query.trim().toLowerCase();
  const found = state.products.filter((p) => matches(query, p.name, p.category, p.sku));
  const rank = (p: Product) => (start !== "" && p.name.toLowerCase().startsWith(start) ? 0 : 1);
  return found
    .map((p, i) => ({ p, i }))
    .sort((a, b) => rank(a.p) - rank(b.p) || a.i - b.i)
    .map(({ p }) => p);
}

export const SORTS = ["Featured", "Price: low to high", "Price: high to low", "Best rated", "Name"] as const;

export function sortProducts(state: StoreState, products: Product[], sort: string): Product[] {
  const sorted = [...products];
  if (sort === "Price: low to high") sorted.sort((a, b) => a.price - b.price);
  else if (sort === "Price: high to low") sorted.sort((a, b) => b.price - a.price);
  else if (sort === "Name") sorted.sort((a, b) => a.name.localeCompare(b.name));
  else if (sort === "Best rated") {
    const ratings = new Map(products.map((p) => [p.id, ratingOf(state, p.id)?.average ?? 0]));
    sorted.sort((a, b) => ratings.get(b.id)! - ratings.get(a.id)!);
  }
  return sorted;
}

export function approvedReviews(state: StoreState, productId: number): Review[] {
  return state.reviews.filter((r) => r.productId === productId && r.status === "Approved");
}

/** `average` with one decimal; `null` without approved reviews. */
export function ratingOf(state: StoreState, productId: number): { average: number; count: number } | null {
  const reviews = approvedReviews(state, productId);
  if (reviews.length === 0) return null;
  const sum = reviews.reduce((total, r) => total + r.rating, 0);
  return { average: Math.round((sum / reviews.length) * 10) / 10, count: reviews.length };
}

export function linesTotal(lines: readonly { quantity: number; price: number }[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
}

export function orderTotal(order: Order): number {
  return linesTotal(order.lines) + SHIPPING[order.shipping];
}

/** The last day on which a return of `order` may be opened; `null` while it is not delivered. */
export function returnDeadline(order: Order): string | null {
  return order.delivered === null ? null : addDays(order.delivered, RETURN_DAYS);
}

/** A sentence that says why no return of `order` can be opened, or `null`. */
export function whyNoReturn(state: StoreState, order: Order): string | null {
  if (order.status !== "Delivered") return "Only delivered orders can be returned.";
  if (state.now.slice(0, 10) > returnDeadline(order)!)
    return `The return window of ${RETURN_DAYS} days is over.`;
  return null;
}

/** Orders that count as sales. */
export function isSale(order: Order): boolean {
  return order.status !== "Canceled" && order.status !== "Refunded";
}

/** `2026-03` … back to the first month with an order, newest first. */
export function salesMonths(state: StoreState): string[] {
  return [...new Set(state.orders.map((o) => o.placed.slice(0, 7)))].sort().reverse();
}

/** Units sold per product in `month` (all months if empty), most first, then by name. */
export function bestsellers(state: StoreState, month: string): { product: Product; units: number }[] {
  const units = new Map<number, number>();
  for (const order of state.orders)
    if (isSale(order) && order.placed.startsWith(month))
      for (const line of order.lines)
        units.set(line.productId, (units.get(line.productId) ?? 0) + line.quantity);
  return [...units]
    .map(([id, count]) => ({ product: productOf(state, id), units: count }))
    .sort((a, b) => b.units - a.units || a.product.name.localeCompare(b.product.name));
}

/** Cents by category and month, shipping not included. */
export function salesByCategory(state: StoreState): Map<string, Map<string, number>> {
  const table = new Map(CATEGORIES.map((c) => [c.name, new Map<string, number>()]));
  for (const order of state.orders) {
    if (!isSale(order)) continue;
    const month = order.placed.slice(0, 7);
    for (const line of order.lines) {
      const row = table.get(productOf(state, line.productId).category);
      row?.set(month, (row.get(month) ?? 0) + line.quantity * line.price);
    }
  }
  return table;
}

/** Enabled products with fewer than `below` pieces, fewest first. */
export function lowStock(state: StoreState, below: number): Product[] {
  return state.products
    .filter((p) => p.enabled && p.stock < below)
    .sort((a, b) => a.stock - b.stock || a.name.localeCompare(b.name));
}
