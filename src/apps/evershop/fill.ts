/** @file The program that writes the content into an empty shop through the interfaces that its own pages use. */

/** Reads `content.json` in the folder that it runs in; the shop answers at EVERSHOP_HOME_URL. */
export const FILL = String.raw`import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { hashPassword } from "@evershop/evershop/lib/util/passwordHelper";
const { Client } = createRequire(import.meta.url)("pg");

const content = JSON.parse(readFileSync("content.json", "utf8"));
const at = process.env.EVERSHOP_HOME_URL;
const until = async (what, isThere, seconds = 300) => {
  for (const end = Date.now() + seconds * 1000; ; await sleep(200)) {
    if (await isThere()) return;
    if (Date.now() > end) throw new Error(what + " did not come within " + seconds + " s");
  }
};
await until("the shop", () => fetch(at + "/account/login").then(({ status }) => status < 500, () => false));

const database = new Client({ host: process.env.DB_HOST, user: "shop", database: "shop" });
await database.connect();
const sql = async (query, values) => (await database.query(query, values)).rows;
const { keeper } = content;
await sql("INSERT INTO admin_user (email, password, full_name) VALUES ($1, $2, $3)", [keeper.email, hashPassword(keeper.password), keeper.name]);

const ask = async (method, path, body, token) => {
  const response = await fetch(at + "/api" + path, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: "Bearer " + token }) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(method + " " + path + " answered " + response.status + ": " + text + " to " + JSON.stringify(body));
  return JSON.parse(text).data;
};
const tokenOf = async (path, { email, password }) => (await ask("POST", path, { email, password })).accessToken;
const admin = await tokenOf("/user/tokens", keeper);
const post = (path, body) => ask("POST", path, body, admin);

await post("/settings", { storeName: content.shop, storeEmail: keeper.email, storeCurrency: "USD", codPaymentStatus: 1, codDisplayName: "Cash on delivery" });
const zone = await post("/shippingZones", { name: "Home", countries: [content.country] });
const methods = {};
for (const [name, cost] of Object.entries(content.shipping)) {
  const method = await post("/shippingProviders/core/methods", { name, is_enabled: true });
  await post("/shippingProviders/core/rates", { method_id: method.uuid, zone_id: zone.uuid, is_enabled: true, cost });
  methods[name] = method.uuid;
}

// Goods differ in what they are made of, and in nothing that one chooses.
const [group] = await sql("SELECT * FROM attribute_group");
for (const { uuid } of await sql("SELECT uuid FROM attribute")) await ask("DELETE", "/attributes/" + uuid, {}, admin);
await post("/attributes", { attribute_code: "material", attribute_name: "Material", type: "select", is_required: 1, display_on_frontend: 1,
  is_filterable: 1, sort_order: 1, groups: [String(group.attribute_group_id)], options: content.materials.map((option_text) => ({ option_text })) });
const optionOf = Object.fromEntries((await sql("SELECT option_text, attribute_option_id FROM attribute_option")).map((row) => [row.option_text, row.attribute_option_id]));

const text = (words) => [{ id: "r_text", size: 1, columns: [{ id: "c_text", size: 1, data: { time: 0, version: "2.31.0", blocks: [{ id: "p_text", type: "paragraph", data: { text: words } }] } }] }];
const categories = {};
for (const [index, name] of content.categories.entries())
  categories[name] = await post("/categories", { name, url_key: name.toLowerCase(), status: 1, include_in_nav: 1, position: index + 1,
    meta_title: name, description: text(name + " of " + content.shop + ".") });
const [parcel] = await sql("SELECT package_id FROM package");
// Of nothing. The keeper's form of a product cannot be sent without one.
const [tax] = await sql("SELECT tax_class_id FROM tax_class");
const products = {};
for (const { sku, name, slug, price, weight, count, material, category, words } of content.products)
  products[name] = await post("/products", { name, sku, url_key: slug, price: String(price), weight: String(weight), qty: String(count), status: 1, visibility: 1,
    manage_stock: 1, stock_availability: 1, group_id: String(group.attribute_group_id), category_id: String(categories[category].category_id), package_id: String(parcel.package_id), tax_class: String(tax.tax_class_id),
    meta_title: name, description: text(words), attributes: [{ attribute_code: "material", value: String(optionOf[material]) }] });
// An element of the list for each category.
await post("/widgets", { name: "Menu", type: "basic_menu", status: 1, placements: [{ route: "all", area: "headerMiddleCenter", sort_order: 1 }],
  settings: { isMain: true, className: "", menus: content.categories.map((name) => ({ id: name, uuid: name, name, url: "/" + name.toLowerCase(), type: "custom", children: [] })) } });
const shelf = await post("/collections", { name: content.shelfName, code: "shelves", description: text("") });
for (const name of content.shelf) await post("/collections/" + shelf.uuid + "/products", { product_id: products[name].uuid });
await post("/widgets", { name: "Shelves", type: "collection_products", status: 1, placements: [{ route: "homepage", area: "content", sort_order: 1 }],
  settings: { collection: "shelves", count: 8, countPerRow: 4 } });

for (const { code, description, kind, amount } of content.coupons)
  await post("/coupons", { coupon: code, description, status: 1, discount_amount: String(amount), free_shipping: 0,
    condition: { order_total: "", order_qty: "", required_products: [] }, user_condition: {},
    discount_type: (kind === "percent" ? "percentage" : "fixed") + "_discount_to_entire_order" });

const customers = {};
for (const { id, name, email, password, address } of content.customers) {
  const { uuid } = await post("/customers", { full_name: name, email, password });
  await post("/customers/" + uuid + "/addresses", { ...addressOf(address), is_default: 1 });
  customers[id] = { email, name, address, token: await tokenOf("/customer/tokens", { email, password }) };
}
function addressOf({ name, telephone, street, city, postcode, province }) {
  return { full_name: name, telephone, address_1: street, city, postcode, province: content.provinces[province], country: content.country };
}
for (const { customer, items, shipping, state, tracking } of content.orders) {
  const { email, name, address, token } = customers[customer];
  const cart = await ask("POST", "/carts", { customer_full_name: name, customer_email: email,
    items: items.map(([product, qty]) => ({ sku: products[product].sku, qty })) }, token);
  const { uuid } = await ask("POST", "/carts/" + cart.cartId + "/checkout", { cart_id: cart.cartId, customer: { email }, shippingAddress: addressOf(address),
    billingAddress: addressOf(address), shippingProvider: "core", shippingMethod: methods[shipping], paymentMethod: "cod" }, token);
  if (state === "canceled") await post("/orders/" + uuid + "/cancel", { reason: "Asked for by telephone" });
  if (["paid", "sent", "delivered"].includes(state)) await post("/cod/captures", { order_id: uuid });
  if (["sent", "delivered"].includes(state)) {
    const rows = await sql('SELECT order_item_id, qty FROM order_item JOIN "order" ON order_id = order_item_order_id WHERE "order".uuid::text = $1', [uuid]);
    await post("/orders/" + uuid + "/shipments", { carrier: "custom", tracking_number: tracking, items: rows });
  }
  if (state === "delivered") {
    const [shipment] = await sql('SELECT s.uuid FROM shipment s JOIN "order" ON order_id = shipment_order_id WHERE "order".uuid::text = $1', [uuid]);
    await post("/shipments/" + shipment.uuid + "/markDelivered", {});
  }
}
// What orders took is there again.
for (const { sku, count } of content.products)
  await sql("UPDATE product_inventory SET qty = $2 FROM product WHERE product_id = product_inventory_product_id AND sku = $1", [sku, count]);
await until("the end of what the changes set off", async () => (await sql("SELECT 1 FROM event")).length === 0, 60);
await database.end();
`;
