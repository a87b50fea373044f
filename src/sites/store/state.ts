/**
 * @file The data of the store, shared by the storefront and the store admin. Money is in cents; dates are ISO days.
 * Lists are ordered by id. Flat and small on purpose: every episode clones all of it.
 */

export const ORDER_STATUSES = [
  "Pending",
  "Processing",
  "Shipped",
  "Delivered",
  "Canceled",
  "Refunded",
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const SHIPPING = { Standard: 500, Express: 1200 } as const;
export type Shipping = keyof typeof SHIPPING;

export const PAYMENTS = ["Card", "Bank transfer", "Gift card"] as const;
export type Payment = (typeof PAYMENTS)[number];

export const GROUPS = ["General", "Wholesale", "VIP"] as const;
export type CustomerGroup = (typeof GROUPS)[number];

export const RETURN_REASONS = ["Damaged", "Wrong item", "Not as described", "No longer needed"] as const;
export type ReturnReason = (typeof RETURN_REASONS)[number];

/** Days after delivery in which a return may be opened. */
export const RETURN_DAYS = 30;

export interface Product {
  id: number;
  sku: string;
  name: string;
  /** Name of its line. */
  brand: string;
  category: string;
  price: number;
  stock: number;
  enabled: boolean;
  description: string;
  colour: string;
  material: string;
  /** With its unit, as shown. */
  weight: string;
  warrantyYears: number;
}

export interface Address {
  street: string;
  city: string;
  postcode: string;
}

export interface SavedAddress extends Address {
  id: number;
  /** `Home`, `Work`, … */
  label: string;
}

export interface Customer {
  id: number;
  name: string;
  email: string;
  phone: string;
  group: CustomerGroup;
  newsletter: boolean;
  since: string;
  /** The first is the default. */
  addresses: SavedAddress[];
}

export interface OrderLine {
  productId: number;
  quantity: number;
  price: number;
}

export interface Order {
  id: number;
  customerId: number;
  placed: string;
  status: OrderStatus;
  lines: OrderLine[];
  address: Address;
  shipping: Shipping;
  payment: Payment;
  delivered: string | null;
  /** The carrier's number; `null` before shipping. */
  tracking: string | null;
  notes: { text: string; at: string }[];
}

export interface Review {
  id: number;
  productId: number;
  author: string;
  rating: number;
  title: string;
  text: string;
  status: "Pending" | "Approved" | "Rejected";
  at: string;
}

export interface Return {
  id: number;
  orderId: number;
  productId: number;
  reason: ReturnReason;
  comment: string;
  requested: string;
  status: "Requested" | "Approved" | "Rejected";
}

export interface Message {
  id: number;
  customerId: number;
  subject: string;
  body: string;
  at: string;
  status: "Open" | "Answered" | "Closed";
  replies: { text: string; at: string }[];
}

export interface ContentPage {
  id: number;
  title: string;
  slug: string;
  body: string;
  status: "Draft" | "Published";
  updated: string;
}

export interface CartLine {
  productId: number;
  quantity: number;
}

export interface Session {
  site: "storefront" | "store-admin";
  /** Customer id on the storefront, `0` for the staff of the store admin, `null` while signed out. */
  user: number | null;
  flash: { kind: "success" | "error" | "info"; text: string } | null;
}

export interface StoreState {
  now: string;
  products: Product[];
  customers: Customer[];
  orders: Order[];
  reviews: Review[];
  returns: Return[];
  messages: Message[];
  pages: ContentPage[];
  /** By customer id. */
  carts: Record<string, CartLine[]>;
  /** Product ids by customer id. */
  wishlists: Record<string, number[]>;
  /** The next free id of each kind. */
  next: {
    product: number;
    order: number;
    review: number;
    return: number;
    message: number;
    page: number;
    address: number;
  };
  sessions: Record<string, Session>;
}

/** Paths that do not count as side effects. */
export const STORE_VOLATILE = ["store.sessions"];
