/** @file The shop as its database has it. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { query, stateChecks } from "../state.ts";
import type { StateChecks } from "../state.ts";

/**
 * Where a copy keeps its database. This is not in the application's folder, because the database's user may not be able
 * to reach that, and the name is short, because its socket needs that.
 */
export const copyFolder = (copy: number | string): string =>
  join(tmpdir(), `webrl-evershop-${process.getuid?.() ?? 0}`, String(copy));

export interface ProductState {
  name: string;
  price: number;
  weight: number;
  count: number;
  /** Whether orders reduce the count. */
  counted: boolean;
  inStock: boolean;
  enabled: boolean;
  shown: boolean;
  category: string | null;
  material: string | null;
  /** Last part of its address. */
  slug: string;
  words: string | null;
}

export interface AddressState {
  name: string;
  telephone: string;
  street: string;
  city: string;
  postcode: string;
  province: string;
  country: string;
}

export interface OrderState {
  customer: string;
  items: Record<string, number>;
  total: number;
  coupon: string | null;
  payment: string;
  shipping: string;
  note: string | null;
  address: AddressState;
  /** The billing address. */
  billing: AddressState;
  /** Why it was cancelled. */
  reason: string | null;
  /** `new`, `processing`, `completed`, `canceled`, `closed`. */
  status: string;
  paymentStatus: string;
  shipmentStatus: string;
  parcels: { carrier: string; tracking: string | null; status: string; items: Record<string, number> }[];
}

export interface Shop {
  /** By SKU. */
  products: Record<string, ProductState>;
  categories: Record<string, { enabled: boolean; slug: string; showsGoods: boolean; parent: string | null }>;
  /** By code; the goods by name, in their order. */
  collections: Record<string, { name: string; goods: string[] }>;
  /** By e-mail address. */
  customers: Record<
    string,
    { name: string; enabled: boolean; group: string; addresses: (AddressState & { isDefault: boolean })[] }
  >;
  /** By number. */
  orders: Record<string, OrderState>;
  coupons: Record<
    string,
    {
      description: string;
      kind: string;
      amount: number;
      enabled: boolean;
      freeShipping: boolean;
      /** What an order must cost at least; 0: no limit. */
      minimum: number;
      /** `YYYY-MM-DD`. */
      begins: string | null;
      ends: string | null;
    }
  >;
  /** What is in carts, by the e-mail address of the customer: counts by SKU. */
  carts: Record<string, { items: Record<string, number>; coupon: string | null }>;
  pages: Record<string, string>;
  settings: Record<string, string>;
}

/** An object of `name` and `value` of a query's rows. */
const objectOf = (rows: string) =>
  `(SELECT coalesce(json_object_agg(name, value), '{}') FROM (${rows}) r(name, value))`;

const ADDRESS = (a: string) =>
  `'name', ${a}.full_name, 'telephone', ${a}.telephone, 'street', ${a}.address_1, 'city', ${a}.city, 'postcode', ${a}.postcode, 'province', ${a}.province, 'country', ${a}.country`;

/** The shop as one JSON value. */
export const STATE = `SELECT json_build_object(
'products', ${objectOf(`SELECT p.sku, json_build_object('name', d.name, 'price', p.price::float, 'weight', p.weight::float, 'count', i.qty,
  'counted', i.manage_stock, 'inStock', i.stock_availability, 'enabled', p.status, 'shown', p.visibility, 'category', c.name, 'slug', d.url_key,
  'material', (SELECT option_text FROM product_attribute_value_index v WHERE v.product_id = p.product_id LIMIT 1),
  'words', (SELECT string_agg(b #>> '{data,text}', ' ') FROM jsonb_path_query(nullif(d.description, '')::jsonb, '$[*].columns[*].data.blocks[*]') b))
  FROM product p JOIN product_description d ON d.product_description_product_id = p.product_id
  JOIN product_inventory i ON i.product_inventory_product_id = p.product_id
  LEFT JOIN category_description c ON c.category_description_category_id = p.category_id`)},
'categories', ${objectOf(`SELECT d.name, json_build_object('enabled', c.status, 'slug', d.url_key, 'showsGoods', c.show_products,
  'parent', (SELECT p.name FROM category_description p WHERE p.category_description_category_id = c.parent_id))
  FROM category c JOIN category_description d ON c.category_id = d.category_description_category_id`)},
'collections', ${objectOf(`SELECT code, json_build_object('name', c.name, 'goods', (SELECT coalesce(json_agg(d.name ORDER BY d.name), '[]') FROM product_collection l
  JOIN product_description d ON d.product_description_product_id = l.product_id WHERE l.collection_id = c.collection_id)) FROM collection c`)},
'customers', ${objectOf(`SELECT email, json_build_object('name', full_name, 'enabled', status = 1, 'group', group_name,
  'addresses', (SELECT coalesce(json_agg(json_build_object(${ADDRESS("a")}, 'isDefault', coalesce(a.is_default, false)) ORDER BY a.customer_address_id), '[]')
    FROM customer_address a WHERE a.customer_id = c.customer_id))
  FROM customer c JOIN customer_group ON group_id = customer_group_id`)},
'orders', ${objectOf(`SELECT o.order_number, json_build_object('customer', o.customer_email, 'total', o.grand_total::float, 'coupon', nullif(o.coupon, ''),
  'payment', o.payment_method, 'shipping', o.shipping_method_data #>> '{snapshot,name}', 'note', nullif(o.shipping_note, ''), 'address', json_build_object(${ADDRESS("a")}),
  'billing', json_build_object(${ADDRESS("b")}), 'reason', (SELECT substring(comment from 'Order canceled \\((.*)\\)') FROM order_activity
    WHERE order_activity_order_id = o.order_id AND comment LIKE 'Order canceled (%' LIMIT 1),
  'status', o.status, 'paymentStatus', o.payment_status, 'shipmentStatus', o.shipment_status,
  'items', (SELECT json_object_agg(product_sku, qty) FROM order_item WHERE order_item_order_id = o.order_id),
  'parcels', (SELECT coalesce(json_agg(json_build_object('carrier', s.carrier, 'tracking', s.tracking_number, 'status', s.status,
    'items', (SELECT json_object_agg(i.product_sku, l.qty) FROM shipment_item l JOIN order_item i USING (order_item_id) WHERE l.shipment_id = s.shipment_id)) ORDER BY s.shipment_id), '[]')
    FROM shipment s WHERE s.shipment_order_id = o.order_id))
  FROM "order" o LEFT JOIN order_address a ON a.order_address_id = o.shipping_address_id
  LEFT JOIN order_address b ON b.order_address_id = o.billing_address_id`)},
'coupons', ${objectOf(`SELECT coupon, json_build_object('description', description, 'kind', discount_type, 'amount', discount_amount::float, 'enabled', status, 'freeShipping', free_shipping,
  'minimum', coalesce(nullif(condition->>'order_total', '')::float, 0), 'begins', to_char(start_date, 'YYYY-MM-DD'), 'ends', to_char(end_date, 'YYYY-MM-DD')) FROM coupon`)},
'carts', ${objectOf(`SELECT coalesce(c.customer_email, 'guest'), json_build_object('coupon', nullif(c.coupon, ''), 'items', json_object_agg(i.product_sku, i.qty))
  FROM cart c JOIN cart_item i USING (cart_id) WHERE c.status GROUP BY c.cart_id`)},
'pages', ${objectOf("SELECT url_key, name FROM cms_page_description")},
'settings', ${objectOf("SELECT name, value FROM setting")})`;

const ask = async (port: number, sql: string): Promise<Shop> =>
  query("psql", ["-X", "-q", "-At", "-h", copyFolder(port), "-U", "shop", "-c", sql, "shop"]);

/** A form that was just sent may still be under way. */
const SAVED_MS = 3000;

export const shop: StateChecks<Shop> = stateChecks(
  async ({ port }) => ask(port, STATE),
  // Kept beside it in the copy's database.
  async ({ port }) => ask(port, "TABLE prepared.state"),
  SAVED_MS,
);
