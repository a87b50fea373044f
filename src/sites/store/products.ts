/** @file What happens to products, wish lists and reviews. Pure mutations, as in `orders.ts`. */

import { CATEGORIES } from "./data/catalog.ts";
import { productById } from "./queries.ts";
import { refuseUnless } from "./refusal.ts";
import type { Product, Review, StoreState } from "./state.ts";

export interface ProductForm {
  name: string;
  category: string;
  /** Cents; `null` if what was typed is not an amount. */
  price: number | null;
  stock: number | null;
  enabled: boolean;
  description: string;
}

function checkForm(state: StoreState, form: ProductForm, id: number | null) {
  refuseUnless(form.name.trim() !== "", "Enter a name.", "name");
  refuseUnless(form.price !== null && form.price > 0, "Enter a price, like 24.50.", "price");
  refuseUnless(form.stock !== null, "Enter a whole number.", "stock");
  refuseUnless(
    CATEGORIES.some((c) => c.name === form.category),
    "Choose a category.",
    "category",
  );
  const taken = state.products.some(
    (p) => p.id !== id && p.name.toLowerCase() === form.name.trim().toLowerCase(),
  );
  refuseUnless(!taken, "Another product has this name.", "name");
  return {
    name: form.name.trim(),
    category: form.category,
    price: form.price,
    stock: form.stock,
    enabled: form.enabled,
    description: form.description.replaceAll("\r\n", "\n").trim(),
  };
}

export function productForm(product: Product): ProductForm {
  const { name, category, price, stock, enabled, description } = product;
  return { name, category, price, stock, enabled, description };
}

export function saveProduct(state: StoreState, productId: number, form: ProductForm): void {
  const product = productById(state, productId);
  refuseUnless(product, "There is no such product.");
  Object.assign(product, checkForm(state, form, productId));
}

export function createProduct(state: StoreState, form: ProductForm): Product {
  const values = checkForm(state, form, null);
  const id = state.next.product++;
  const code = CATEGORIES.find((c) => c.name === values.category)!.code;
  const product: Product = {
    id,
    sku: `${code}-${id}`,
    brand: values.name.split(" ")[0]!,
    colour: "",
    material: "",
    weight: "",
    warrantyYears: 1,
    ...values,
  };
  state.products.push(product);
  return product;
}

export function setPrice(state: StoreState, productId: number, cents: number): void {
  const product = productById(state, productId);
  refuseUnless(product, "There is no such product.");
  saveProduct(state, productId, { ...productForm(product), price: cents });
}

export function setStock(state: StoreState, productId: number, stock: number): void {
  const product = productById(state, productId);
  refuseUnless(product, "There is no such product.");
  saveProduct(state, productId, { ...productForm(product), stock });
}

export function addToWishlist(state: StoreState, customerId: number, productId: number): void {
  refuseUnless(productById(state, productId)?.enabled, "This product is not available.");
  const list = (state.wishlists[customerId] ??= []);
  if (!list.includes(productId)) list.push(productId);
}

export function removeFromWishlist(state: StoreState, customerId: number, productId: number): void {
  state.wishlists[customerId] = (state.wishlists[customerId] ?? []).filter((id) => id !== productId);
}

export interface ReviewForm {
  rating: number;
  title: string;
  text: string;
}

/** Waits for moderation. */
export function writeReview(state: StoreState, productId: number, author: string, form: ReviewForm): Review {
  refuseUnless(productById(state, productId)?.enabled, "This product is not available.");
  refuseUnless(
    Number.isInteger(form.rating) && form.rating >= 1 && form.rating <= 5,
    "Choose a rating.",
    "rating",
  );
  refuseUnless(form.title.trim() !== "", "Enter a title.", "title");
  const review: Review = {
    id: state.next.review++,
    productId,
    author,
    rating: form.rating,
    title: form.title.trim(),
    text: form.text.replaceAll("\r\n", "\n").trim(),
    status: "Pending",
    at: state.now.slice(0, 10),
  };
  state.reviews.push(review);
  return review;
}

export function moderateReview(state: StoreState, reviewId: number, status: "Approved" | "Rejected"): void {
  const review = state.reviews.find((r) => r.id === reviewId);
  refuseUnless(review, "There is no such review.");
  review.status = status;
}

export function deleteReview(state: StoreState, reviewId: number): void {
  const at = state.reviews.findIndex((r) => r.id === reviewId);
  refuseUnless(at >= 0, "There is no such review.");
  state.reviews.splice(at, 1);
}
