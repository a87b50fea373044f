/** @file What the shop holds after a reset: a made-up outfitter, its goods, customers and orders. */

export const SHOP = "Tarnwick Outfitters";

/** The heading of some of its goods on the first page. */
export const SHELF = "From our shelves";

export const KEEPER = { email: "keeper@tarnwick.example", password: "amber-ladder-58", name: "Ione Marsh" };

export const CATEGORIES = ["Lanterns", "Cookware", "Blankets", "Bags", "Tools"] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Product {
  sku: string;
  name: string;
  category: Category;
  /** US dollars. */
  price: number;
  /** Kilograms. */
  weight: number;
  /** In stock. */
  count: number;
  material: string;
  /** Where it is made. */
  workshop: string;
  /** Years. */
  guarantee: number;
}

const ROWS: [
  category: Category,
  name: string,
  price: number,
  weight: number,
  count: number,
  material: string,
  workshop: string,
  guarantee: number,
][] = [
  ["Lanterns", "Brindle Lantern", 34.5, 0.9, 18, "Brass", "Ostmere", 3],
  ["Lanterns", "Finch Lantern", 21, 0.4, 40, "Steel", "Kelby", 2],
  ["Lanterns", "Harbour Lantern", 48, 1.6, 7, "Brass", "Ostmere", 5],
  ["Lanterns", "Moth Lantern", 16.75, 0.3, 55, "Tin", "Wick Hollow", 1],
  ["Lanterns", "Sentry Lantern", 39.9, 1.1, 12, "Steel", "Kelby", 4],
  ["Cookware", "Alder Kettle", 42, 1.2, 14, "Copper", "Ostmere", 6],
  ["Cookware", "Drover Pan", 28.4, 1.8, 23, "Iron", "Garrow", 8],
  ["Cookware", "Larder Pot", 56, 2.9, 6, "Iron", "Garrow", 8],
  ["Cookware", "Pebble Mug", 9.5, 0.2, 120, "Tin", "Wick Hollow", 1],
  ["Cookware", "Tinker Stove", 64.25, 1.4, 9, "Steel", "Kelby", 3],
  ["Blankets", "Fell Blanket", 72, 1.9, 11, "Wool", "Dunmoor", 4],
  ["Blankets", "Heron Blanket", 58.6, 1.5, 16, "Wool", "Dunmoor", 4],
  ["Blankets", "Lambing Blanket", 44, 1.1, 20, "Cotton", "Ashby Weir", 2],
  ["Blankets", "Night Train Blanket", 37.2, 0.8, 31, "Cotton", "Ashby Weir", 2],
  ["Blankets", "Orchard Blanket", 49.75, 1.3, 8, "Linen", "Sallow", 3],
  ["Bags", "Carter Rucksack", 88, 1.7, 10, "Canvas", "Sallow", 7],
  ["Bags", "Ferry Satchel", 53.3, 0.9, 17, "Leather", "Dunmoor", 5],
  ["Bags", "Market Tote", 19, 0.3, 60, "Cotton", "Ashby Weir", 1],
  ["Bags", "Pilgrim Duffel", 67.5, 1.4, 13, "Canvas", "Sallow", 6],
  ["Bags", "Wren Pouch", 12.8, 0.1, 75, "Leather", "Dunmoor", 2],
  ["Tools", "Birch Mallet", 24.1, 0.7, 26, "Wood", "Garrow", 2],
  ["Tools", "Hedge Knife", 31, 0.2, 19, "Steel", "Kelby", 10],
  ["Tools", "Ridge Hatchet", 46.8, 0.9, 15, "Steel", "Kelby", 9],
  ["Tools", "Surveyor Compass", 29.95, 0.15, 22, "Brass", "Ostmere", 5],
  ["Tools", "Trestle Saw", 35.6, 0.6, 12, "Steel", "Garrow", 4],
];

export const PRODUCTS: readonly Product[] = ROWS.map(
  ([category, name, price, weight, count, material, workshop, guarantee], index) => ({
    sku: `${category.slice(0, 3).toUpperCase()}-${101 + index}`,
    name,
    category,
    price,
    weight,
    count,
    material,
    workshop,
    guarantee,
  }),
);

export const MATERIALS: readonly string[] = [...new Set(PRODUCTS.map(({ material }) => material))].sort();

/** As the product's page describes it. */
export const describe = ({ name, workshop, guarantee }: Product): string =>
  `The ${name} is made by hand in ${workshop}. It comes with a guarantee of ${guarantee} ${guarantee === 1 ? "year" : "years"}.`;

/** The last part of its address. */
export const slug = (name: string): string => name.toLowerCase().replaceAll(" ", "-");

/** As the pages write an amount. */
export const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

/** Codes of the only country that the shop sends to, and of its provinces by name. */
export const COUNTRY = "GB";
export const PROVINCES = {
  England: "GB-ENG",
  "Northern Ireland": "GB-NIR",
  Scotland: "GB-SCT",
  Wales: "GB-WLS",
} as const;

export interface Address {
  name: string;
  telephone: string;
  street: string;
  city: string;
  postcode: string;
  province: keyof typeof PROVINCES;
}

export interface Customer {
  /** The customer's name in tasks. */
  id: string;
  name: string;
  email: string;
  password: string;
  address: Address;
}

const customer = (
  id: string,
  name: string,
  password: string,
  [telephone, street, city, postcode, province]: [string, string, string, string, Address["province"]],
): Customer => ({
  id,
  name,
  password,
  email: `${id}@post.example`,
  address: { name, telephone, street, city, postcode, province },
});

/** The first three sign in. */
export const CUSTOMERS: readonly Customer[] = [
  customer("ada", "Ada Merrow", "violet-stairs-12", [
    "555 0101",
    "4 Cooper Row",
    "Ostmere",
    "TW1 4AD",
    "England",
  ]),
  customer("ben", "Ben Tolliver", "seven-plums-93", [
    "555 0102",
    "17 Weir Lane",
    "Ashby Weir",
    "TW2 7BT",
    "Scotland",
  ]),
  customer("cleo", "Cleo Varn", "silent-ferry-27", [
    "555 0103",
    "2 Mill Steps",
    "Dunmoor",
    "TW3 2CV",
    "Wales",
  ]),
  customer("dov", "Dov Hallam", "copper-finch-31", [
    "555 0104",
    "31 Quarry Road",
    "Garrow",
    "TW4 1DH",
    "England",
  ]),
  customer("esme", "Esme Rook", "paper-wheel-66", [
    "555 0105",
    "9 Lamp Street",
    "Kelby",
    "TW5 9ER",
    "Scotland",
  ]),
  customer("falk", "Falk Denholm", "winter-gate-48", [
    "555 0106",
    "58 Sallow Bank",
    "Sallow",
    "TW6 8FD",
    "Wales",
  ]),
  customer("gwen", "Gwen Aster", "little-anvil-70", [
    "555 0107",
    "12 Hollow End",
    "Wick Hollow",
    "TW7 2GA",
    "England",
  ]),
];
export const SIGNED_IN = CUSTOMERS.slice(0, 3);

/** They have no account yet. */
export const GUESTS: readonly { id: string; email: string; address: Address }[] = (
  [
    ["hugo", "Hugo Larch", "555 0111", "8 Tanner Court", "Kelby", "TW5 3HL", "England"],
    ["ivy", "Ivy Moreton", "555 0112", "23 Beacon Rise", "Ostmere", "TW1 6IM", "Wales"],
    ["jory", "Jory Penn", "555 0113", "5 Ferry Stairs", "Sallow", "TW6 1JP", "Scotland"],
  ] as const
).map(([id, name, telephone, street, city, postcode, province]) => ({
  id,
  email: `${id}@mail.example`,
  address: { name, telephone, street, city, postcode, province },
}));
export const guestCalled = (id: string) => GUESTS.find((each) => each.id === id)!;

/** In one line, as a task gives it. */
export const lineOf = ({ name, street, city, postcode, province, telephone }: Address): string =>
  `${name}, ${street}, ${city}, ${postcode}, ${province}, telephone ${telephone}`;

/** Ways of shipping, with what they cost. */
export const SHIPPING = { "Carrier by road": 6.5, "Night boat": 14 } as const;

export type OrderState = "new" | "paid" | "sent" | "delivered" | "canceled";

export interface Order {
  customer: string;
  items: readonly (readonly [name: string, count: number])[];
  shipping: keyof typeof SHIPPING;
  state: OrderState;
  /** The number of the parcel, if it was sent. */
  tracking: string | null;
}

const order = (
  customer: string,
  state: OrderState,
  items: Order["items"],
  tracking: string | null = null,
  shipping: Order["shipping"] = "Carrier by road",
): Order => ({ customer, state, items, tracking, shipping });

/** In the order of their numbers, from 10001. */
export const ORDERS: readonly Order[] = [
  order("ada", "delivered", [["Finch Lantern", 2]], "RD-4401"),
  order(
    "dov",
    "delivered",
    [
      ["Drover Pan", 1],
      ["Pebble Mug", 4],
    ],
    "RD-4417",
  ),
  order("ben", "canceled", [["Harbour Lantern", 1]]),
  order("esme", "delivered", [["Fell Blanket", 1]], "NB-2203", "Night boat"),
  order("cleo", "sent", [["Carter Rucksack", 1]], "RD-4458"),
  order(
    "ada",
    "sent",
    [
      ["Alder Kettle", 1],
      ["Pebble Mug", 2],
    ],
    "NB-2219",
    "Night boat",
  ),
  order("falk", "sent", [["Trestle Saw", 1]], "RD-4472"),
  order("gwen", "paid", [
    ["Night Train Blanket", 2],
    ["Market Tote", 1],
  ]),
  order("ben", "paid", [["Ridge Hatchet", 1]]),
  order("dov", "paid", [["Surveyor Compass", 3]], null, "Night boat"),
  order("esme", "new", [
    ["Wren Pouch", 2],
    ["Hedge Knife", 1],
  ]),
  order("cleo", "new", [["Moth Lantern", 3]]),
  order("ada", "new", [["Orchard Blanket", 1]]),
  order("falk", "new", [
    ["Larder Pot", 1],
    ["Birch Mallet", 2],
  ]),
  order("gwen", "new", [["Tinker Stove", 1]], null, "Night boat"),
  order("ben", "new", [
    ["Heron Blanket", 1],
    ["Ferry Satchel", 1],
  ]),
];
export const numberOf = (one: Order): string => String(10_001 + ORDERS.indexOf(one));
export const orderCalled = (number: string): Order => ORDERS[Number(number) - 10_001]!;

export const productCalled = (name: string): Product => PRODUCTS.find((each) => each.name === name)!;
export const customerCalled = (id: string): Customer => CUSTOMERS.find((each) => each.id === id)!;

/** What its goods and its shipping cost together. */
export function totalOf({ items, shipping }: Pick<Order, "items" | "shipping">): number {
  const goods = items.reduce((sum, [name, count]) => sum + count * productCalled(name).price, 0);
  return Math.round((goods + SHIPPING[shipping]) * 100) / 100;
}

export interface Coupon {
  code: string;
  description: string;
  kind: "percent" | "fixed";
  amount: number;
}

export const COUPONS: readonly Coupon[] = [
  { code: "SPRING10", description: "Ten per cent in spring", kind: "percent", amount: 10 },
  { code: "LANTERN5", description: "Five dollars for lantern walks", kind: "fixed", amount: 5 },
  { code: "FERRY15", description: "Fifteen per cent for the ferry crew", kind: "percent", amount: 15 },
];
